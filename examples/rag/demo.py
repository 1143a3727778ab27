"""Run the study to its decision, then ask which stage the candidate's wrong answers come from.

    python -m examples.rag.demo

``liftgate run`` exits by decision: 0 ship, 1 hold, 4 inconclusive. All three are valid answers, so
the demonstration succeeds on each. A crash of Python exits 1 too; therefore the decision is asked
for again, as JSON: that may call nothing, and must say the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

STUDY = str(Path(__file__).parent / "study.yaml")
CANDIDATE = "rare_words"
WORDS = {0: "SHIP", 1: "HOLD", 4: "INCONCLUSIVE"}
AT_ONCE = "2"
"""Calls in flight in all; each model has one at a time, so that its answers repeat."""


def liftgate(*words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("liftgate")), *words],
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )


def run(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study."""
    return liftgate("run", STUDY, "--concurrency", AT_ONCE, *options, capture=capture)


def decided(code: int, answer: str) -> dict[str, Any] | None:
    """Return the decision, or None when there is no valid one.

    Args:
        code: how ``liftgate run`` exited.
        answer: what ``liftgate run --json`` printed afterwards.
    """
    if code not in WORDS:
        return None
    try:
        body = json.loads(answer)
    except json.JSONDecodeError:
        return None
    agrees = isinstance(body, dict) and body.get("exit_code") == code
    return body if agrees else None


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
