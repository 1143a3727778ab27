"""The store of a workspace: every trial, score and measure that was ever made, and how to add."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from liftgate.canon import short
from liftgate.errors import LiftgateError, NotAllowed
from liftgate.records import Json, Measure, Run, Score, Trace, Trial, trace_of
from liftgate.sqlite import connect
from liftgate.store import finished, parquet
from liftgate.store.active import create, reading
from liftgate.store.blobs import Blobs, Contents
from liftgate.store.lock import RunLock
from liftgate.store.parquet import Counting
from liftgate.store.tables import MEASURES, SCORES, TRIALS, R, Row, Table
from liftgate.store.workspace import Workspace
from liftgate.store.writer import RunWriter

Among = tuple[str, Sequence[str]]
"""A column, and the values of which it is to hold one."""


class Attempt(NamedTuple):
    """What of a trial's row says whether it counts, in the order of the table's columns."""

    attempt: int
    input_digest: str
    repeat: int
    started_at: int
    """Microseconds since 1970."""
    seconds: float
    failure: str | None


class Store:
    """Reads all finished runs and the run that this object writes; a context manager.

    Rows are only ever added. Parquet files are checked against their run's digests when first read.
    """

    def __init__(self, workspace: Workspace, *, read_only: bool) -> None:
        self.workspace = workspace
        self.read_only = read_only
        self.recovered: tuple[Run, ...] = ()
        """Runs whose process had died, finished by opening this store."""
        self._blobs = Blobs(workspace.blobs, read_only=read_only)
        self._writer: RunWriter | None = None
        self._runs: list[Run] | None = None
        self._checked: set[Path] = set()

    @classmethod
    def open(cls, home: Path, *, read_only: bool = False) -> Store:
        """Open the store of a workspace; for writing, create it and recover dead runs.

        Args:
            home: the workspace's ``.liftgate`` folder.
            read_only: never write; a workspace that does not exist holds no runs.

        Raises:
            LiftgateError: the machine refuses.
            BrokenChain: the file of a dead run cannot be read.
        """
        store = cls(Workspace(Path(home)), read_only=read_only)
        if not read_only:
            store.workspace.create()
            store.recovered = tuple(store.recover())
        return store

    def begin(self, study_digest: str, manifest: Mapping[str, Json]) -> RunWriter:
        """Begin a run; it is the one that this store reads beside the finished ones.

        Raises:
            NotAllowed: the store was opened for reading only, or is writing a run already.
        """
        self._allow_writing()
        if self._writer is not None and self._writer.is_open:
            raise NotAllowed(f"run {self._writer.run} is still going; finish it first")
        started_at = datetime.now(UTC)
        run = f"{started_at:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(4)}"
        active = self.workspace.active / f"{run}.db"
        lock = RunLock(active.with_suffix(".lock"))
        if not lock.acquire():
            raise LiftgateError(f"run {run}: somebody else holds its lock")
        try:
            create(active, run, study_digest, started_at, manifest)
        except LiftgateError:
            active.unlink(missing_ok=True)
            lock.release(remove=True)
            raise
        self._writer = RunWriter(
            run,
            study_digest,
            active,
            lock=lock,
            workspace=self.workspace,
            blobs=self._blobs,
            when_finished=self._forget,
        )
        return self._writer

    def recover(self) -> list[Run]:
        """Finish, as incomplete, the runs whose process has died; return those that hold rows.

        Raises:
            NotAllowed: the store was opened for reading only.
        """
        self._allow_writing()
        found = []
        for active in sorted(self.workspace.active.glob("*.db")):
            lock = RunLock(active.with_suffix(".lock"))
            if not lock.acquire():
                continue
            gone = False
            try:
                run = self._finish_dead(active)
                gone = not active.exists()
            finally:
                lock.release(remove=gone)
            if run is not None:
                found.append(run)
        self._forget()
        return found

    def runs(self) -> list[Run]:
        """Return all finished runs, oldest first.

        Raises:
            BrokenChain: a run's description is missing or damaged.
        """
        if self._runs is None:
            folders = self.workspace.runs.glob("[!.]*") if self.workspace.runs.is_dir() else ()
            self._runs = [finished.read_run(folder) for folder in sorted(folders)]
        return list(self._runs)

    def trials(self, arm: str) -> list[Trial]:
        """Return every trial row of an arm's fingerprint, in order of the time it began."""
        rows = self._read(TRIALS, "arm", arm)
        return sorted(rows, key=lambda t: (t.started_at, t.attempt, t.input_digest, t.repeat))

    def trials_of_input(self, input_digest: str) -> list[Trial]:
        """Return every trial row of an input, by whatever arm, in order of the time it began."""
        rows = self._read(TRIALS, "input_digest", input_digest)
        return sorted(rows, key=lambda t: (t.started_at, t.arm, t.attempt, t.repeat))

    def trials_in(self, run: str) -> int | None:
        """Return how many trial rows a finished run holds; None: the run is not here."""
        found = next((one for one in self.runs() if one.id == run), None)
        if found is None:
            return None
        if TRIALS.file not in found.files:
            return 0
        path = self.workspace.runs / run / TRIALS.file
        self._check_once(path, found.files[TRIALS.file])
        return parquet.count(path)

    def known(self, arm: str, keys: Sequence[str] | None = None) -> dict[str, list[Trial]]:
        """Return an arm's trial rows by key, each list in order of (started_at, attempt).

        Args:
            arm: its fingerprint.
            keys: only these; None: all.
        """
        among = None if keys is None else ("key", keys)
        rows = self._read(TRIALS, "arm", arm, among=among)
        by_key: dict[str, list[Trial]] = {}
        for trial in sorted(rows, key=lambda t: (t.started_at, t.attempt, t.input_digest)):
            by_key.setdefault(trial.key, []).append(trial)
        return by_key

    def attempts(self, arm: str) -> list[Attempt]:
        """Return what says which of an arm's trials count, in no order."""
        rows = self._rows(TRIALS, "arm", arm, only=Attempt._fields)
        return list(map(Attempt._make, rows))

    def counted(self, asked: Counting) -> Iterator[list[Row]]:
        """Yield the trials that count of finished runs, with one scorer's scores of them.

        What ``evals.select`` finds row by row, for hundreds of thousands of them at once: see
        ``parquet.counted`` for the columns and for what it raises.
        """
        trials, scores = self._files(TRIALS), self._files(SCORES)
        return parquet.counted((TRIALS, trials), (SCORES, scores), asked)

    def ratings(self, trials: Sequence[str]) -> list[Score]:
        """Return what people said of the trials with some keys, whoever they are."""
        rows = self._read(SCORES, "substr(scorer, 1, 6)", "human:", among=("trial_key", trials))
        return sorted(rows, key=lambda s: (s.trial_key, s.scorer, s.run))

    def scores(self, scorer: str, trials: Sequence[str] | None = None) -> list[Score]:
        """Return every score row of a scorer's fingerprint, in a fixed order.

        Args:
            scorer: its fingerprint.
            trials: only scores of these keys; None: all.
        """
        among = None if trials is None else ("trial_key", trials)
        rows = self._read(SCORES, "scorer", scorer, among=among)
        return sorted(rows, key=lambda s: (s.trial_key, s.trial_run, s.trial_attempt, s.run))

    def measures(self, study: str) -> list[Measure]:
        """Return every measure taken for a study, by its digest, in a fixed order."""
        rows = self._read(MEASURES, "study", study)
        return sorted(rows, key=lambda m: (m.arm, m.name, m.run, m.pass_number or 0))

    def files(self) -> dict[str, str]:
        """Return ``<run>/<file>`` -> digest for every Parquet file of every finished run."""
        return {f"{run.id}/{name}": d for run in self.runs() for name, d in run.files.items()}

    def verify(self, recorded: Mapping[str, Mapping[str, str]]) -> int:
        """Check files against what the ledger says of them.

        Args:
            recorded: run -> file name -> digest, as in the ``files`` of ``run.finished`` bodies.

        Returns:
            The number of files.

        Raises:
            BrokenChain: names the first file that is missing or altered.
        """
        count = 0
        for run, files in recorded.items():
            for name, digest in sorted(files.items()):
                finished.check(self.workspace.runs / run / name, digest)
                count += 1
        return count

    def file_state(self, file: str, recorded: str) -> str:
        """Return ``ok``, ``altered`` or ``missing`` for ``<run>/<file>`` and a recorded digest."""
        return finished.state(self.workspace.runs / file, recorded)

    @staticmethod
    def run_body(run: Run) -> dict[str, Any]:
        """Return the body of a run's ledger entry, kind ``run.finished``."""
        return finished.run_body(run)

    def output(self, digest: str) -> Json:
        """Return the JSON value behind a digest; see ``Blobs.get`` for what it raises."""
        return self._blobs.get(digest)

    def trace(self, digest: str) -> Trace:
        """Return the trace behind a ``trace_digest``; see ``Blobs.get`` for what it raises."""
        return trace_of(self._blobs.get(digest), place=f"trace {short(digest)}…")

    def blob_state(self, digest: str) -> str:
        """Return ``kept``, ``erased`` or ``unknown``."""
        return self._blobs.state(digest)

    def contents(self, digests: Iterable[str]) -> Contents:
        """Return how many of some different blobs are kept, were erased, or are gone."""
        return self._blobs.count(set(digests))

    def contents_of(self, runs: Iterable[str]) -> Contents:
        """Return what became of all answers and traces of some finished runs."""
        places = [self.workspace.runs / run / TRIALS.file for run in runs]
        files = [path for path in places if path.is_file()]
        return self.contents(parquet.distinct(TRIALS, files, ("output_digest", "trace_digest")))

    def put_json(self, value: Json) -> str:
        """Keep a JSON value among the blobs and return its digest; on disk after ``flush``."""
        return self._blobs.put(value)

    def put_text(self, text: str) -> str:
        """Keep a text among the blobs; the same as ``put_json`` of the text."""
        return self._blobs.put(text)

    def erase(self, digest: str) -> None:
        """Erase a blob for good; its digest stays as a tombstone and no chain breaks.

        Raises:
            LiftgateError: another process reads, so that the file's log still holds it.
        """
        self._blobs.erase(digest)

    def empty_log(self) -> None:
        """Empty the log of the blobs, which an erasure that was disturbed may have left."""
        self._blobs.empty_log()

    def flush(self) -> None:
        """Return when all that was added is on disk."""
        self._blobs.flush()
        if self._writer is not None and self._writer.is_open:
            self._writer.flush()

    def close(self) -> None:
        """Give the files back; a run that is still going is left for recovery."""
        try:
            if self._writer is not None:
                self._writer.abandon()
        finally:
            self._blobs.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What is already being raised says more than what closing finds after it.
        with contextlib.suppress(*(() if error is None else (LiftgateError,))):
            self.close()

    def _read(
        self, table: Table[R], where: str, value: str, *, among: Among | None = None
    ) -> list[R]:
        return [table.record_of(row) for row in self._rows(table, where, value, among=among)]

    def _rows(
        self,
        table: Table[R],
        where: str,
        value: str,
        *,
        among: Among | None = None,
        only: Sequence[str] | None = None,
    ) -> list[Row]:
        files = self._files(table)
        found = parquet.read(table, files, where, value, among=among, only=only)
        return found + self._active_rows(table, where, value, among, only)

    def _files(self, table: Table[R]) -> list[Path]:
        """Return a table's files of all finished runs, each checked once."""
        files = []
        for run in self.runs():
            if table.file in run.files:
                path = self.workspace.runs / run.id / table.file
                self._check_once(path, run.files[table.file])
                files.append(path)
        return files

    def _active_rows(
        self,
        table: Table[R],
        where: str,
        value: str,
        among: Among | None,
        only: Sequence[str] | None,
    ) -> list[Row]:
        if self._writer is None or not self._writer.is_open:
            return []
        self._writer.flush()
        columns = [name for name in table.names if only is None or name in only]
        query = f"SELECT {', '.join(columns)} FROM {table.name} WHERE {where} = ?"  # noqa: S608
        asked = [value]
        if among is not None:
            query += f" AND {among[0]} IN (SELECT value FROM json_each(?))"  # noqa: S608
            asked.append(json.dumps(list(among[1])))
        path = self._writer.path
        with reading(path), contextlib.closing(connect(path, read_only=True)) as connection:
            return connection.execute(query, asked).fetchall()

    def _check_once(self, path: Path, digest: str) -> None:
        if path not in self._checked:
            finished.check(path, digest)
            self._checked.add(path)

    def _finish_dead(self, active: Path) -> Run | None:
        if not active.exists():
            return None
        if _is_blank(active):
            active.unlink()
            return None
        return finished.finalise(active, self.workspace.runs, complete=False, finished_at=None)

    def _forget(self) -> None:
        self._runs = None

    def _allow_writing(self) -> None:
        if self.read_only:
            raise NotAllowed(f"{self.workspace.home}: opened for reading only")


def _is_blank(active: Path) -> bool:
    """Whether a process died before its run's file held anything."""
    with reading(active), contextlib.closing(connect(active)) as connection:
        found: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return found == 0
