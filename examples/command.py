"""What every demonstration does: run liftgate in a process of its own, and read its decision.

``liftgate run`` exits by decision: 0 ship, 1 hold, 4 inconclusive. All three are valid answers. A
crash of Python exits 1 too; therefore a decision counts only when asked for again, as JSON, it
says the same code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

WORDS = {0: "SHIP", 1: "HOLD", 4: "INCONCLUSIVE"}
LIFTGATE = str(Path(sys.executable).with_name("liftgate"))


def liftgate(
    *words: str, capture: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own.

    Args:
        words: after ``liftgate``.
        capture: whether what it prints is returned instead of shown.
        environment: further variables.
    """
    # Two spinning OpenMP threads on a busy machine can stall each other for minutes.
    return subprocess.run(
        [LIFTGATE, *words],
        env={**os.environ, "OMP_WAIT_POLICY": "passive", **environment},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )


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
