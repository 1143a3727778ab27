"""Write the passages that both arms search: every function, one a line.

python -m examples.rag.prepare
"""

from __future__ import annotations

import json

from examples.rag.signatures import functions
from examples.rag.systems import PASSAGES


def main() -> None:
    """Write build/passages.jsonl."""
    PASSAGES.parent.mkdir(exist_ok=True)
    rows = [{"id": one.name, "text": one.passage} for one in functions()]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    PASSAGES.write_text(text, encoding="utf-8")
    print(f"{len(rows):,} passages in {PASSAGES.name}")


if __name__ == "__main__":
    main()
