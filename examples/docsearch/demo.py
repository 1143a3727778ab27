"""Run the study to its decision, and say the decision with its code.

    python -m examples.docsearch.demo

``liftgate run`` exits by decision: 0 ship, 1 hold, 4 inconclusive. All three are valid answers, so
the demonstration succeeds on each. A crash of Python exits 1 too; therefore the decision is asked
for a second time, as JSON, which costs no trial and must say the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from examples.documents import documents

HERE = Path(__file__).parent
STUDY = str(HERE / "study.yaml")
WORDS = {0: "SHIP", 1: "HOLD", 4: "INCONCLUSIVE"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
"""Two spinning OpenMP threads on a busy machine can stall each other for minutes."""


def decide(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study in a process of its own."""
    command = [str(Path(sys.executable).with_name("liftgate")), "run", STUDY, *options]
    return subprocess.run(
        command,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )


def outcome(code: int, answer: str) -> str | None:
    """Return the decision's word, or None when there is no valid decision.

    Args:
        code: how ``liftgate run`` exited.
        answer: what ``liftgate run --json`` printed afterwards.
    """
    try:
        decided = json.loads(answer)
    except json.JSONDecodeError:
        return None
    agrees = isinstance(decided, dict) and decided.get("exit_code") == code
    return WORDS.get(code) if agrees else None


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
