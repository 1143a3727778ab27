"""What a run writes: a run in the store is begun by its first row, and not before."""

from __future__ import annotations

from collections.abc import Mapping

from liftgate.canon import sha256
from liftgate.evals.calls import Called
from liftgate.evals.plan import Job
from liftgate.records import Json, Measure, Run, Score, Trial
from liftgate.store import RunWriter, Store


class Pen:
    """Adds rows to one run of a study, which it begins when there is something to write."""

    def __init__(self, store: Store, study: str, manifest: Mapping[str, Json]) -> None:
        self._store = store
        self._study = study
        self._manifest = manifest
        self._writer: RunWriter | None = None
        self.scored = 0

    def describe(self, name: str, value: Json) -> None:
        """Add to the manifest what is known only now; without effect once a row was written."""
        self._manifest = {**self._manifest, name: value}

    def trial(self, job: Job, called: Called, *, attempt: int, in_flight: int) -> Trial:
        """Add the row of a call and return it.

        Args:
            job: what was asked.
            called: what became of the call.
            attempt: counts up from 1 over this run's attempts at the key.
            in_flight: calls under way when it began, itself included.
        """
        writer = self._writer or self._open()
        answer = called.answer
        trial = Trial(
            key=job.key,
            attempt=attempt,
            run=writer.run,
            arm=job.arm.arm.fingerprint,
            input_digest=job.input_digest,
            repeat=job.repeat,
            started_at=called.started_at,
            seconds=called.seconds,
            output_digest=None if answer is None else writer.keep(called.data),
            failure=called.failure,
            message=called.message,
            tokens_in=None if answer is None else answer.tokens_in,
            tokens_out=None if answer is None else answer.tokens_out,
            cost=None if answer is None else answer.cost,
            in_flight=in_flight,
            reported=called.reported,
            trace_digest=None if called.trace_data is None else sha256(called.trace_data),
        )
        writer.add_trial(trial, kept=True, trace_data=called.trace_data)
        return trial

    @property
    def is_behind(self) -> bool:
        """Whether rows come faster than the store can take them."""
        return self._writer is not None and self._writer.is_behind

    @property
    def run(self) -> str:
        """The run's id, for a row that is about to be added."""
        return self._open().run

    def score(self, score: Score, detail: bytes = b"") -> None:
        """Add a score that carries this run's id, with the bytes that its detail digest names."""
        self._open().add_score(score, detail=detail)
        self.scored += 1

    def measure(self, arm: str, name: str, value: float, pass_number: int | None = None) -> None:
        """Add a measure of an arm, by its fingerprint; exact unless it belongs to a pass."""
        writer = self._open()
        writer.add_measure(Measure(arm, name, value, self._study, writer.run, pass_number))

    def finish(self, *, complete: bool) -> Run | None:
        """End the run; None when nothing was written, so that there is none."""
        if self._writer is None:
            return None
        return self._writer.finish(complete=complete)

    def _open(self) -> RunWriter:
        if self._writer is None:
            self._writer = self._store.begin(self._study, self._manifest)
        return self._writer
