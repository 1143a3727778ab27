"""What a process has seen of finished runs, so that the next reader need not look again.

A file that was hashed counts as hashed for as long as its place, size and times are what they were.
Whoever owns the machine can forge even these, and who may write a file can change it through a
memory map without a trace in its times: only pages share what was seen. Every command looks anew,
and ``ledger verify`` and a run that decides hash everything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import NamedTuple

from liftgate.records import Run
from liftgate.store import finished
from liftgate.store.parquet import Reader

_SETTLED_NS = 2_000_000_000
"""How long ago a file must have been changed for a later change to show in its times."""
_FEW = 8
"""Files that are read without asking first which of them hold an arm."""


class Stamp(NamedTuple):
    """What changes when a file does."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class Hashed(NamedTuple):
    """A file that was hashed."""

    stamp: Stamp
    digest: str
    time: datetime


class Filed(NamedTuple):
    """A finished run's files."""

    run: str
    files: Mapping[str, str]
    """Name -> recorded digest."""


Names = Callable[[Sequence[Path]], Mapping[Path, frozenset[str]]]
"""Files -> for each, the different values of the column by which it is asked."""


class Seen:
    """What was seen; one object serves all stores of a process. Safe for threads."""

    def __init__(self) -> None:
        self.reader = Reader()
        """Reads Parquet files, for all who share what was seen."""
        self._guard = threading.Lock()
        self._asking = threading.Lock()
        self._hashed: dict[Path, Hashed] = {}
        self._runs: dict[Path, tuple[Stamp, Filed]] = {}
        self._holds: dict[str, frozenset[str]] = {}
        """Digest of a file -> arms or scorers whose rows it has."""

    def check(self, path: Path, recorded: str) -> datetime:
        """Hash a file unless it was hashed and is unchanged; return when it was hashed.

        Raises:
            BrokenChain: it is missing, or not what was recorded.
        """
        with self._guard:
            known = self._hashed.get(path)
        before = stamp_of(path)
        if known is not None and known.digest == recorded and known.stamp == before:
            return known.time
        now = datetime.now(UTC)
        finished.check(path, recorded)
        if before is not None and stamp_of(path) == before and _settled(before):
            with self._guard:
                self._hashed[path] = Hashed(before, recorded, now)
        return now

    def state(self, path: Path, recorded: str) -> str:
        """Return ``ok``, ``altered`` or ``missing``, as ``finished.state`` does."""
        with self._guard:
            known = self._hashed.get(path)
        if known is not None and known.digest == recorded and known.stamp == stamp_of(path):
            return "ok"
        found = finished.state(path, recorded)
        if found == "ok":
            self.check(path, recorded)
        return found

    def filed(self, folder: Path) -> Filed:
        """Return a finished run's files, read when its description is new or was changed.

        Raises:
            BrokenChain: the description is missing or damaged.
        """
        stamp = stamp_of(folder / finished.RUN_FILE)
        with self._guard:
            known = self._runs.get(folder)
        if known is not None and known[0] == stamp:
            return known[1]
        found = filed(finished.read_run(folder))
        if stamp is not None and _settled(stamp):
            with self._guard:
                self._runs[folder] = stamp, found
        return found

    def holding(
        self, files: Sequence[tuple[Path, str]], value: str, names: Names
    ) -> list[tuple[Path, str]]:
        """Return those of some files, with their digests, that hold rows of an arm or a scorer.

        What a file holds follows from its digest, so it is asked once. The files themselves must
        be checked by whoever reads them.

        Args:
            files: path and recorded digest of each.
            value: the arm's or the scorer's fingerprint.
            names: tells what files hold.
        """
        if len(files) <= _FEW:
            return list(files)
        with self._asking:
            unknown = [(path, digest) for path, digest in files if digest not in self._holds]
            if unknown:
                for path, digest in unknown:
                    self.check(path, digest)
                told = names([path for path, _ in unknown])
                for path, digest in unknown:  # what was read is kept for good, so of these bytes
                    self.check(path, digest)
                self._holds |= {digest: told.get(path, frozenset()) for path, digest in unknown}
        return [one for one in files if value in self._holds[one[1]]]

    def oldest(self, paths: Iterable[Path]) -> datetime | None:
        """Return when the one of some files was hashed that was hashed longest ago."""
        with self._guard:
            times = [self._hashed[path].time for path in paths if path in self._hashed]
        return min(times, default=None)


def filed(run: Run) -> Filed:
    """Return a run's files."""
    return Filed(run.id, dict(run.files))


def stamp_of(path: Path) -> Stamp | None:
    """Return a file's stamp; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _settled(stamp: Stamp) -> bool:
    """Whether a change made from now on gives the file other times."""
    return max(stamp.modified_ns, stamp.changed_ns) < time_ns() - _SETTLED_NS
