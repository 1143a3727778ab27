"""Run the study to its decision, and say the decision with its code.

    python -m examples.docsearch.demo

It succeeds on each valid decision. Asking for it a second time costs no trial.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from examples.command import WORDS, decided, liftgate
from examples.documents import documents

HERE = Path(__file__).parent
STUDY = str(HERE / "study.yaml")


def decide(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study in a process of its own."""
    return liftgate("run", STUDY, *options, capture=capture, OMP_NUM_THREADS="1")


def outcome(code: int, answer: str) -> str | None:
    """Return the decision's word, or None when there is no valid decision.

    Args:
        code: how ``liftgate run`` exited.
        answer: what ``liftgate run --json`` printed afterwards.
    """
    return WORDS[code] if decided(code, answer) is not None else None


def main() -> None:
    """Run twice, print the decision, build its documents; exit 0 unless one of them fails."""
    code = decide().returncode
    again = decide("--json", capture=True)
    word = outcome(code, again.stdout) if again.returncode == code else None
    if word is None:
        sys.exit(f"demo: no valid decision; liftgate run exited {code}, then {again.returncode}")
    print(f"Decision: {word} (liftgate run exits {code})")
    if documents(STUDY, str(HERE / "documents.yaml")):
        sys.exit("demo: a document does not hold against the ledger")


if __name__ == "__main__":
    main()
