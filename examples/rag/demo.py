"""Run the study to its decision, then ask which stage the candidate's wrong answers come from.

    python -m examples.rag.demo

``liftgate run`` exits by decision: 0 ship, 1 hold, 4 inconclusive. All three are valid answers, so
the demonstration succeeds on each. A crash of Python exits 1 too; therefore the decision is asked
for again, as JSON: that may call nothing, and must say the same.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from examples.command import WORDS, decided, liftgate

STUDY = str(Path(__file__).parent / "study.yaml")
CANDIDATE = "rare_words"
AT_ONCE = "2"
"""Calls in flight in all; each model has one at a time, so that its answers repeat."""


def run(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study."""
    return liftgate("run", STUDY, "--concurrency", AT_ONCE, *options, capture=capture)


def main() -> None:
    """Run, ask again, put wrong answers down to their stage; exit 0 unless there is no decision."""
    code = run().returncode
    again = run("--json", "--quiet", "--no-report", capture=True)
    if again.returncode != code or decided(code, again.stdout) is None:
        sys.exit(
            f"demo-rag: no valid decision; liftgate run exited {code}, then {again.returncode}"
        )
    print()
    blamed = liftgate("attribute", STUDY, "--arm", CANDIDATE)
    if blamed.returncode:
        sys.exit(f"demo-rag: liftgate attribute exited {blamed.returncode}")
    print(f"Decision: {WORDS[code]} (liftgate run exits {code})")


if __name__ == "__main__":
    main()
