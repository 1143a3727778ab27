"""The gate at the end of ``inspect eval``: each log of a run is compared with a baseline.

Environment variables ask the question, because inspect_ai hands no options to its hooks:

``LIFTGATE_BASELINE``
    A log, or a folder with one run; the hook does nothing without it.
``LIFTGATE_COMPARE``
    Options of ``liftgate compare``, as in a shell: ``--metric exact --margin 0.05 --require
    not-worse``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

BASELINE, OPTIONS = "LIFTGATE_BASELINE", "LIFTGATE_COMPARE"
_WORST_FIRST = (3, 2, 1, 4)


class Gate:
    """Remembers the logs of a run and, when the process ends, compares each with the baseline."""

    def __init__(self) -> None:
        self.logs: list[str] = []

    def add(self, location: str | None) -> None:
        """Remember a log; one that is not a file of this machine is told at the end."""
        if location:
            self.logs.append(location)

    def close(self) -> None:
        """Compare every log, and end the process with the worst exit code unless that is 0.

        It runs while Python is ending, so it leaves at once: an exit code can no longer be raised.
        """
        logs, self.logs = self.logs, []
        code = worst([compare(log) for log in logs])
        if code:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def compare(location: str) -> int:
    """Run ``liftgate compare`` on a log and print what it says; return its exit code."""
    path = local_path(location)
    if path is None:
        print(f"liftgate: {location} is not on this machine; compare it there", file=sys.stderr)  # noqa: T201
        return 2
    command = [sys.executable, "-m", "liftgate", "compare", os.environ[BASELINE], path]
    try:
        options = shlex.split(os.environ.get(OPTIONS, ""))
    except ValueError as error:
        print(f"liftgate: {OPTIONS}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return subprocess.run([*command, *options], check=False).returncode  # noqa: S603 - our own


def local_path(location: str) -> str | None:
    """Return the path of a log's location; None when it is not a local file."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return url2pathname(unquote(parts.path))
    return location if "://" not in location else None


def worst(codes: Sequence[int]) -> int:
    """Return the exit code of several comparisons: integrity, wrong use, harm, cannot tell, met."""
    for code in _WORST_FIRST:
        if code in codes:
            return code
    return max(codes, default=0)
