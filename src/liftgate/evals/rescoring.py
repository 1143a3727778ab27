"""Scores of trials that are known: where a scorer or a label is new, or a scorer failed before."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from liftgate.evals.judging import Judging, OutOfMoney, batched, together
from liftgate.evals.meter import Listener, Meter
from liftgate.evals.pen import Pen
from liftgate.evals.plan import Agenda, BoundScorer, Job, Plan
from liftgate.evals.scoring import (
    Scored,
    judged,
    score_row,
    scored,
    shown,
    shown_to,
    stored_answer,
)
from liftgate.evals.select import ScoreKey, is_final, look, observed
from liftgate.records import Answer, Item, Observation, Score, Trial
from liftgate.store import Store

AT_ONCE = 5000
"""Known trials whose scores are looked at together."""


@dataclass
class Rescoring:
    """Makes and writes the scores that known trials lack."""

    plan: Plan
    store: Store
    pen: Pen
    judging: Judging

    async def go(
        self,
        agenda: Agenda,
        counted: Mapping[str, Container[bytes]],
        listener: Listener | None,
        *,
        observe: bool,
    ) -> list[Observation]:
        """Make what is lacking.

        Args:
            agenda: of the plan.
            counted: arm's fingerprint -> slots of the keys that need no call.
            listener: told of what is lacking only.
            observe: whether all that is known is returned; otherwise nothing.
        """
        observations: list[Observation] = []
        for jobs in _taken(agenda.jobs(only=counted), AT_ONCE):
            known = look(self.plan, self.store, jobs)
            there = [
                (job, trial, dict(known.scores_of(trial)))
                for job in jobs
                if (trial := known.counted.get(job.key)) is not None
            ]
            lacking = [one for one in there if self._lacks(*one)]
            if lacking:
                await self._fill(lacking, Meter("scores", len(lacking), listener=listener))
            if observe:
                observations += [
                    observed(self.plan, job, item, trial, scores)
                    for job, trial, scores in there
                    for item in job.items
                ]
        return observations

    async def _fill(
        self, lacking: list[tuple[Job, Trial, dict[ScoreKey, Score]]], meter: Meter
    ) -> None:
        async def one(job: Job, trial: Trial, scores: dict[ScoreKey, Score]) -> None:
            await self._items(job, trial, scores)
            meter.count()

        await self.judging.start()
        for some in batched(lacking, self.judging.at_once):
            await together([one(*each) for each in some])

    def _lacks(self, job: Job, trial: Trial, scores: Mapping[ScoreKey, Score]) -> bool:
        if trial.failure is not None or not self.plan.single:
            return False
        targets = [item.target_digest for item in job.items]
        keys = ((scorer.fingerprint, to) for scorer in self.plan.single for to in targets)
        return any(key not in scores or not is_final(scores[key]) for key in keys)

    async def _items(self, job: Job, trial: Trial, scores: dict[ScoreKey, Score]) -> None:
        answer = stored_answer(trial, self.store.output(str(trial.output_digest)))
        tried: set[ScoreKey] = set()
        for item in job.items:
            target = item.target_digest
            for scorer in self.plan.single:
                key = scorer.fingerprint, target
                if key in tried or (key in scores and is_final(scores[key])):
                    continue
                tried.add(key)
                found = await self._score(scorer, answer, item, trial)
                if found is not None:
                    made = score_row(scorer, trial, target, found, run=self.pen.run)
                    self.pen.score(made, found.detail)
                    scores[key] = made

    async def _score(
        self, scorer: BoundScorer, answer: Answer, item: Item, trial: Trial
    ) -> Scored | None:
        """Score; None: there is no money for the judge."""
        seen = shown_to(scorer, answer, trial, self.store)
        if not scorer.is_judge:
            return await scored(scorer, seen, shown(item), self.plan.outcomes.timeout_s)
        if self.judging.refused is not None:
            return None
        try:
            return await judged(scorer, seen, shown(item), self.judging.handle(scorer))
        except OutOfMoney:
            return None


def _taken(jobs: Iterator[Job], size: int) -> Iterator[list[Job]]:
    while found := list(islice(jobs, size)):
        yield found
