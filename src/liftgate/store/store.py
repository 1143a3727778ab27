"""The store of a workspace: every trial, score and measure that was ever made, and how to add."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from liftgate.canon import short
from liftgate.errors import LiftgateError, NotAllowed
from liftgate.filelock import FileLock
from liftgate.records import Json, Measure, Run, Score, Trace, Trial, trace_of
from liftgate.store import finished
from liftgate.store.active import create, rows_with
from liftgate.store.blobs import Blobs, Contents
from liftgate.store.once import Recorded, begun, filed_runs, first_of_each
from liftgate.store.seen import Filed, Seen
from liftgate.store.tables import MEASURES, SCORES, TRIALS, Attempt, R, Row, Table
from liftgate.store.workspace import Workspace
from liftgate.store.writer import RunWriter

if TYPE_CHECKING:
    from liftgate.store.columns import Counted, Counting

Among = Mapping[str, Sequence[str]]
"""Column -> the values of which it is to hold one."""


class Store:
    """Reads all finished runs and the run that this object writes; a context manager.

    Rows are only ever added. Parquet files are checked against their run's digests when first read.
    """

    def __init__(self, workspace: Workspace, *, read_only: bool, seen: Seen | None = None) -> None:
        self.workspace = workspace
        self._recorded: Recorded | None = None
        self.read_only = read_only
        self.recovered: tuple[Run, ...] = ()
        """Runs whose process had died, finished by opening this store."""
        self._blobs = Blobs(workspace.blobs, read_only=read_only)
        self._writer: RunWriter | None = None
        self._runs: list[Run] | None = None
        self._filed: list[Filed] | None = None
        self._shares = seen is not None
        self.seen = seen or Seen()

    @classmethod
    def open(cls, home: Path, *, read_only: bool = False, seen: Seen | None = None) -> Store:
        """Open the store of a workspace; for writing, create it and recover dead runs.

        Args:
            home: the workspace's ``.liftgate`` folder.
            read_only: never write; a workspace that does not exist holds no runs.
            seen: what other stores of this process have seen of the files; None: nothing.

        Raises:
            LiftgateError: the machine refuses.
            BrokenChain: the file of a dead run cannot be read.
        """
        store = cls(Workspace(Path(home)), read_only=read_only, seen=seen)
        if not read_only:
            store.workspace.create()
            store.recovered = tuple(store.recover())
        return store

    def only(self, recorded: Recorded) -> Store:
        """Read the rows of these runs alone from now on; see ``filed_runs``."""
        self._recorded, self._filed = recorded, None
        return self

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
        lock = FileLock(active.with_suffix(".lock"))
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
            lock = FileLock(active.with_suffix(".lock"))
            if not lock.acquire():
                continue
            gone = False
            try:
                run = finished.finish_dead(active, self.workspace.runs)
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

    def run_ids(self) -> list[str]:
        """Return the ids of all finished runs, oldest first; see ``runs`` for what it raises."""
        return [one.run for one in self._described()]

    def trials(self, arm: str) -> list[Trial]:
        """Return every trial row of an arm's fingerprint, in order of the time it began."""
        rows = self._read(TRIALS, "arm", arm)
        return sorted(rows, key=begun)

    def trials_of_input(self, input_digest: str) -> list[Trial]:
        """Return every trial row of an input, by whatever arm, in order of the time it began."""
        rows = self._read(TRIALS, "input_digest", input_digest)
        return sorted(rows, key=begun)

    def trials_in(self, run: str) -> int | None:
        """Return how many trial rows a finished run holds; None: the run is not here."""
        found = next((one for one in self._described() if one.run == run), None)
        if found is None:
            return None
        if TRIALS.file not in found.files:
            return 0
        path = self.workspace.runs / run / TRIALS.file
        self.seen.check(path, found.files[TRIALS.file])
        return self.seen.reader.count(path)

    def known(
        self, arm: str, keys: Sequence[str] | None = None, inputs: Sequence[str] | None = None
    ) -> dict[str, list[Trial]]:
        """Return an arm's trial rows by key, each list in order of the time it began.

        Args:
            arm: its fingerprint.
            keys: only these; None: all.
            inputs: of which inputs they are, by which rows are found quickly; None: any.
        """
        among = {} if keys is None else {"key": keys}
        among |= {} if inputs is None else {"input_digest": inputs}
        rows = self._read(TRIALS, "arm", arm, among=among)
        by_key: dict[str, list[Trial]] = {}
        for trial in sorted(rows, key=begun):
            by_key.setdefault(trial.key, []).append(trial)
        return by_key

    def attempts(self, arm: str) -> list[Attempt]:
        """Return what says which of an arm's trials count, in no order."""
        rows = self._rows(TRIALS, "arm", arm, only=Attempt._fields)
        return list(map(Attempt._make, rows))

    def counted(self, asked: Counting) -> Iterator[Counted]:
        """Yield the trials of an arm that count, of finished runs, with one scorer's scores.

        What ``evals.select`` finds row by row, for hundreds of thousands of them at once: see
        ``columns.counted`` for what it raises.
        """
        from liftgate.store.columns import counted

        runs = self.run_ids()
        trials, scores = self._files(TRIALS, asked.arm), self._files(SCORES, asked.scorer)
        return counted(self.seen.reader, trials, scores, runs, asked)

    def ratings(self, trials: Sequence[str]) -> list[Score]:
        """Return what people said of the trials with some keys, whoever they are."""
        rows = self._read(SCORES, "substr(scorer, 1, 6)", "human:", among={"trial_key": trials})
        return sorted(rows, key=lambda s: (s.trial_key, s.scorer, s.run))

    def scores(self, scorer: str, trials: Sequence[str] | None = None) -> list[Score]:
        """Return every score row of a scorer's fingerprint, in a fixed order.

        Args:
            scorer: its fingerprint.
            trials: only scores of these keys; None: all.
        """
        among = None if trials is None else {"trial_key": trials}
        rows = self._read(SCORES, "scorer", scorer, among=among)
        return sorted(rows, key=lambda s: (s.trial_key, s.trial_run, s.trial_attempt, s.run))

    def measures(self, study: str) -> list[Measure]:
        """Return the measures taken for a study, by its digest; see ``first_of_each``."""
        return first_of_each(self._read(MEASURES, "study", study))

    def files(self) -> dict[str, str]:
        """Return ``<run>/<file>`` -> digest for every Parquet file of every finished run."""
        runs = self._described()
        return {f"{one.run}/{name}": d for one in runs for name, d in one.files.items()}

    def verify(
        self,
        recorded: Mapping[str, Mapping[str, str]],
        tell: Callable[[str], None] = lambda _: None,
    ) -> int:
        """Check files against what the ledger says of them; each is hashed now.

        Args:
            recorded: run -> file name -> digest, as in the ``files`` of ``run.finished`` bodies.
            tell: told how far it is.

        Returns:
            The number of files.

        Raises:
            BrokenChain: names the first file that is missing or altered.
        """
        count = 0
        for run, files in recorded.items():
            tell(f"{count:,} files are hashed, of {len(recorded):,} runs.")
            for name, digest in sorted(files.items()):
                finished.check(self.workspace.runs / run / name, digest)
                count += 1
        return count

    def file_state(self, file: str, recorded: str) -> str:
        """Return ``ok``, ``altered`` or ``missing`` for ``<run>/<file>`` and a recorded digest."""
        return self.seen.state(self.workspace.runs / file, recorded)

    def output(self, digest: str) -> Json:
        """Return the JSON value behind a digest; see ``Blobs.get`` for what it raises."""
        return self._blobs.get(digest)

    def output_data(self, digest: str) -> bytes:
        """Return the canonical bytes behind a digest; see ``Blobs.get`` for what it raises."""
        return self._blobs.data(digest)

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
        names = "output_digest", "trace_digest"
        return self.contents(self.seen.reader.distinct(TRIALS, files, names))

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
            if not self._shares:
                self.seen.reader.close()
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
        files = self._files(table, value if where == table.order[0] else None)
        found = self.seen.reader.read(table, files, where, value, among=among, only=only)
        return found + self._active_rows(table, where, value, among, only)

    def _files(self, table: Table[R], holding: str | None = None) -> list[Path]:
        """Return a table's files of all finished runs, each checked once.

        Args:
            table: which.
            holding: the value of the first column by which its rows are sorted: files without one
                are left out where there are many; None: all.
        """
        files = [
            (self.workspace.runs / one.run / table.file, one.files[table.file])
            for one in self._described()
            if table.file in one.files
        ]
        if holding is not None:
            column = table.order[0]
            files = self.seen.holding(
                files, holding, lambda some: self.seen.reader.held(column, some)
            )
        for path, digest in files:
            self.seen.check(path, digest)
        return [path for path, _ in files]

    def _described(self) -> list[Filed]:
        """Return the files of all finished runs, the oldest run first."""
        if self._filed is None:
            self._filed = filed_runs(self.workspace.runs, self.seen, self._recorded)
        return self._filed

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
        return rows_with(self._writer.path, table, {where: [value], **(among or {})}, only)

    def _forget(self) -> None:
        self._runs = self._filed = None

    def _allow_writing(self) -> None:
        if self.read_only:
            raise NotAllowed(f"{self.workspace.home}: opened for reading only")
