"""A lock on a file: advisory, and dropped by the system when the process that holds it dies."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


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


class FileLock:
    """A lock on a file made for it. It belongs to this object, not to the process as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody holds it; never waits."""
        import fcntl

        while True:
            descriptor = self._open()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            except OSError:
                os.close(descriptor)
                raise
            if self._is_current(descriptor):
                self._descriptor = descriptor
                return True
            os.close(descriptor)

    def say(self, text: str) -> None:
        """Write into the file who holds it, for ``said``; of another account's file nothing."""
        assert self._descriptor is not None
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def said(self) -> str:
        """Return what the holder wrote; empty: nothing, or nobody holds it any more."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def release(self, *, remove: bool) -> None:
        """Give the lock back; ``remove`` its file when nobody needs it any more."""
        if self._descriptor is None:
            return
        try:
            if remove:
                self.path.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except PermissionError as refused:
            # Another account made it; whoever may read a file may lock it.
            try:
                return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise refused from None

    def _is_current(self, descriptor: int) -> bool:
        """Whether nobody removed the file between our opening and our locking it."""
        try:
            return self.path.stat().st_ino == os.fstat(descriptor).st_ino
        except FileNotFoundError:
            return False
