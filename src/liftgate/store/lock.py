"""Which process writes a run: an advisory lock that the system drops when the process dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liftgate.errors import NotAllowed
from liftgate.store.workspace import Workspace


@contextmanager
def only_one(workspace: Workspace, what: str) -> Iterator[None]:
    """Let one process at a time do a thing in a workspace; the others are refused at once.

    Raises:
        NotAllowed: another process is doing it.
    """
    lock = RunLock(workspace.home / f"{what}.lock")
    if not lock.acquire():
        raise NotAllowed(
            f"{workspace.home.name}: another liftgate {what} is going on in this workspace",
            hint="wait until it has ended, then repeat: what it finished is not called again",
        )
    try:
        yield
    finally:
        lock.release(remove=True)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of a file; one that is not there is held by nobody."""
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class RunLock:
    """A lock on ``<run>.lock``. It belongs to this object, not to the process as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody holds it; never waits."""
        import fcntl

        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            if self._is_current(descriptor):
                self._descriptor = descriptor
                return True
            os.close(descriptor)

    def release(self, *, remove: bool) -> None:
        """Give the lock back; ``remove`` its file when the run needs it no more."""
        if self._descriptor is None:
            return
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def _is_current(self, descriptor: int) -> bool:
        """Whether nobody removed the file between our opening and our locking it."""
        try:
            return self.path.stat().st_ino == os.fstat(descriptor).st_ino
        except FileNotFoundError:
            return False
