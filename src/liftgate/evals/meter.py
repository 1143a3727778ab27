"""Progress of one stage: how much, how fast, how long still. It is never told a score."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from liftgate.protocols import Progress

Listener = Callable[[Progress], None]


class Meter:
    """Counts what is finished and tells a listener."""

    def __init__(
        self, stage: str, total: int, *, reused: int = 0, listener: Listener | None = None
    ) -> None:
        self.stage = stage
        self.total = total
        self.reused = reused
        self.finished = 0
        self.failed = 0
        self._listener = listener
        self._began = monotonic()
        self._tell()

    def count(self, *, failed: bool = False) -> None:
        """Count one as finished."""
        self.finished += 1
        self.failed += failed
        self._tell()

    def _tell(self) -> None:
        if self._listener is None:
            return
        done = self.reused + self.finished
        elapsed = monotonic() - self._began
        rate = self.finished / elapsed if self.finished and elapsed > 0 else None
        left = (self.total - done) / rate if rate else None
        self._listener(Progress(self.stage, done, self.total, self.reused, self.failed, rate, left))
