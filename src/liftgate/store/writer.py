"""The pen of one run: checks rows, hands them to the committer, and finishes the run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from liftgate.canon import canonical, sha256, short
from liftgate.errors import DataError, LiftgateError, NotAllowed
from liftgate.filelock import FileLock
from liftgate.records import Json, Measure, Outcome, Run, Score, Trial
from liftgate.store import finished
from liftgate.store.active import Committer
from liftgate.store.blobs import Blobs
from liftgate.store.tables import MEASURES, SCORES, TRIALS
from liftgate.store.workspace import Workspace


class RunWriter:
    """Adds rows to one run. As a context manager, leaving it finishes the run as incomplete.

    Made by ``Store.begin``. Every ``add`` may raise a LiftgateError that belongs to an earlier row:
    the disk is written by a thread of its own.
    """

    def __init__(
        self,
        run: str,
        study: str,
        path: Path,
        *,
        lock: FileLock,
        workspace: Workspace,
        blobs: Blobs,
        when_finished: Callable[[], None],
    ) -> None:
        self.run = run
        """The run's id; rows carry it."""
        self.study = study
        self.path = path
        """The SQLite file; a live page may read it."""
        self.is_open = True
        self._lock = lock
        self._workspace = workspace
        self._blobs = blobs
        self._when_finished = when_finished
        self._committer = Committer(path, blobs.flush)

    def keep(self, data: bytes) -> str:
        """Keep an output by its canonical bytes and return its digest; on disk before its trial.

        A trial that is added after it with that digest needs no output of its own.
        """
        return self._blobs.hold_data(data)

    def add_trial(
        self,
        trial: Trial,
        output: Json = None,
        *,
        kept: bool = False,
        trace_data: bytes | None = None,
    ) -> None:
        """Add a trial row, and its output and its trace to the blobs.

        Args:
            trial: carries this run's id; with an ``output_digest``, the output must be given.
            output: what the system answered; ignored when the trial names no output.
            kept: whether its output was handed to ``keep`` before.
            trace_data: the canonical bytes of ``Trace.as_json``; with a ``trace_digest``, they must
                be given.

        Raises:
            DataError: another run's row, a NaN, a naive time, or an output or a trace of another
                digest.
            LiftgateError: rows can no longer be written.
        """
        self._owned("trial", trial.run)
        row = TRIALS.row(trial)
        if trial.output_digest is not None and not kept:
            self._keep(trial, "an output", canonical(output), trial.output_digest)
        if trial.trace_digest is not None:
            self._keep(trial, "a trace", trace_data or b"", trial.trace_digest)
        self._committer.add(TRIALS, row)

    def add_score(self, score: Score, *, detail: bytes = b"") -> None:
        """Add a score row, and what it says of itself to the blobs; raises as ``add_trial`` does.

        Args:
            score: carries this run's id.
            detail: canonical bytes of what its ``detail_digest`` names.
        """
        self._owned("score", score.run)
        if (score.value is not None) != (score.outcome is Outcome.VALUE):
            raise DataError(
                f"score of trial {short(score.trial_key)}…: got the outcome "
                f"{score.outcome.value!r} with the value {score.value}; "
                "only the outcome 'value' has one"
            )
        row = SCORES.row(score)
        if score.detail_digest is not None and self._blobs.hold_data(detail) != score.detail_digest:
            raise DataError(
                f"score of trial {short(score.trial_key)}…: got a detail that is not of the digest "
                f"{short(score.detail_digest)}…"
            )
        self._committer.add(SCORES, row)

    def add_measure(self, measure: Measure) -> None:
        """Add a measure row; raises as ``add_trial`` does."""
        self._owned("measure", measure.run)
        self._committer.add(MEASURES, MEASURES.row(measure))

    @property
    def is_behind(self) -> bool:
        """Whether rows come faster than they can be written; see ``Committer.is_behind``."""
        return self._committer.is_behind

    def flush(self) -> None:
        """Return when every row that was added is on disk.

        Raises:
            LiftgateError: they cannot be; says how many rows are safe.
        """
        self._committer.flush()

    def finish(self, complete: bool) -> Run:  # noqa: FBT001 - finish(complete=...) is how it is read
        """End the run: write its Parquet files and remove its SQLite file.

        Args:
            complete: whether the run did all that it was meant to do.

        Returns:
            The run. One without rows has no ``files`` and leaves nothing behind.

        Raises:
            LiftgateError: the machine refuses; what is safe stays for the next ``Store.open``.
        """
        self._still_open()
        try:
            self._committer.flush()
        except LiftgateError:
            self.abandon()
            raise
        self.is_open = False
        self._committer.close()
        now = datetime.now(UTC)
        try:
            run = finished.finalise(
                self.path, self._workspace.runs, complete=complete, finished_at=now
            )
        except LiftgateError:
            self._lock.release(remove=False)
            raise
        self._lock.release(remove=True)
        self._when_finished()
        return run or Run(self.run, self.study, now, now, complete, {})

    def abandon(self) -> None:
        """Stop writing and leave the run to the next ``Store.open``, which finishes it."""
        if not self.is_open:
            return
        self.is_open = False
        self._committer.close()
        self._lock.release(remove=False)

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.is_open:
            return
        # What is already being raised says more than what finishing finds after it.
        with contextlib.suppress(*(() if error is None else (LiftgateError,))):
            self.finish(complete=False)

    def _keep(self, trial: Trial, what: str, data: bytes, expected: str) -> None:
        got = sha256(data)
        if got != expected:
            raise DataError(
                f"trial {short(trial.key)}…: got {what} of digest {short(got)}…, "
                f"expected {short(expected)}…"
            )
        self._blobs.hold_data(data)

    def _owned(self, what: str, run: str) -> None:
        self._still_open()
        if run != self.run:
            raise DataError(f"{what}: got the run {run!r}, expected {self.run!r}")

    def _still_open(self) -> None:
        if not self.is_open:
            raise NotAllowed(f"run {self.run} has ended", hint="begin another run")
