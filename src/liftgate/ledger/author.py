"""Who writes: a name that is a label, not a proof."""

from __future__ import annotations

import getpass
import os
import subprocess
from functools import cache


@cache
def default_author() -> str:
    """Return ``LIFTGATE_AUTHOR``, else git's ``Name <email>``, else the user's login name.

    Never fails: where nothing is known, the author is ``unknown``.
    """
    return os.environ.get("LIFTGATE_AUTHOR") or _from_git() or _from_system() or "unknown"


def _from_git() -> str:
    name, email = _git("user.name"), _git("user.email")
    if name and email:
        return f"{name} <{email}>"
    return name or email


def _git(key: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "config", "--get", key],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            errors="replace",
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _from_system() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
