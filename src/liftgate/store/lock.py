"""Which process writes a run: one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from liftgate.errors import NotAllowed
from liftgate.filelock import FileLock
from liftgate.store.workspace import Workspace


@contextmanager
def only_one(workspace: Workspace, what: str) -> Iterator[None]:
    """Let one process at a time do a thing in a workspace; the others are refused at once.

    Raises:
        NotAllowed: another process is doing it.
    """
    lock = FileLock(workspace.home / f"{what}.lock")
    if not lock.acquire():
        raise NotAllowed(
            f"{workspace.home.name}: another liftgate {what} is going on in this workspace",
            hint="wait until it has ended, then repeat: what it finished is not called again",
        )
    try:
        yield
    finally:
        lock.release(remove=True)
