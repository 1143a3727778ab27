"""What a study's judges will be asked before they are, so that it can be priced beforehand."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from liftgate.canon import digest, plain
from liftgate.evals.pairwise import key_of, known_pairs, pairs_of
from liftgate.evals.plan import Agenda, BoundScorer, Job, Plan, Question
from liftgate.evals.scoring import shown, stored_answer
from liftgate.evals.select import is_final, look
from liftgate.protocols import Foreseeing, Metered, OfVerdicts
from liftgate.records import Answer, Item, Role, Trial
from liftgate.store import Store


@dataclass(frozen=True)
class Foresight:
    """Goes through the answers that judges have not judged."""

    plan: Plan
    store: Store
    _parts: set[str] = field(default_factory=set)
    """Those that verdicts are about and that are counted already: each is asked about once."""

    def questions(
        self, agenda: Agenda, counted: Mapping[str, Container[bytes]], *, calls: bool
    ) -> Iterator[Question]:
        """Yield what will be asked.

        Args:
            agenda: of the plan.
            counted: arm's fingerprint -> slots of the keys that need no call.
            calls: whether arms are called, too.
        """
        judges = [scorer for scorer in self.plan.single if scorer.is_judge]
        if judges:
            yield from self._of_known(judges, agenda, counted)
            for job in agenda.jobs(counted) if calls else ():
                for scorer in judges:
                    yield from self._about(scorer, job, None, _tokens(job))
        if self.plan.pairwise:
            yield from self._of_pairs(agenda, calls=calls)

    def _of_known(
        self, judges: list[BoundScorer], agenda: Agenda, counted: Mapping[str, Container[bytes]]
    ) -> Iterator[Question]:
        jobs = [*agenda.jobs(only=counted)]
        known = look(self.plan, self.store, jobs)
        for job in jobs:
            trial = known.counted.get(job.key)
            if trial is None or trial.failure is not None:
                continue
            scores = known.scores_of(trial)
            for scorer in judges:
                keys = [(scorer.fingerprint, item.target_digest) for item in job.items]
                if any(key not in scores or not is_final(scores[key]) for key in keys):
                    yield from self._about(scorer, job, self._stored(trial), 0)

    def _of_pairs(self, agenda: Agenda, *, calls: bool) -> Iterator[Question]:
        jobs = [*agenda.jobs()]
        counted = look(self.plan, self.store, jobs).counted
        pairs = [*pairs_of(jobs, counted)]
        for scorer in self.plan.pairwise:
            done = known_pairs(self.store.scores(scorer.fingerprint))
            for pair in pairs:
                for first, second in pair.orders:
                    score = done.get(key_of(first, second, pair.item))
                    if score is None or not is_final(score):
                        answers = [self._stored(first), self._stored(second)]
                        yield from _questions(scorer, pair.item, answers, 0)
            there = {(pair.candidate.key, pair.item.id) for pair in pairs}
            for job in jobs if calls else ():
                failed = job.key in counted and counted[job.key].failure is not None
                if job.arm.arm.role is Role.BASELINE or failed:
                    continue
                both = _tokens(job)
                for item in job.items:
                    for _ in (1, 2) if (job.key, item.id) not in there else ():
                        more = None if both is None else 2 * both
                        yield from _questions(scorer, item, [None, None], more)

    def _about(
        self, scorer: BoundScorer, job: Job, answer: Answer | None, tokens: int | None
    ) -> Iterator[Question]:
        """Yield what is asked about an answer; items of one label share it."""
        judge = scorer.scorer
        for item in {item.target_digest: item for item in job.items}.values():
            if isinstance(judge, OfVerdicts):
                about = digest([scorer.fingerprint, judge.part(item), plain(item.input)])
                if about not in self._parts:
                    self._parts.add(about)
                    yield from _questions(scorer, item, [answer], 0)
            else:
                yield from _questions(scorer, item, [answer], tokens)

    def _stored(self, trial: Trial) -> Answer:
        key = str(trial.output_digest)
        output = self.store.output(key) if self.store.blob_state(key) == "kept" else ""
        return stored_answer(trial, output)


def _questions(
    scorer: BoundScorer, item: Item, answers: Sequence[Answer | None], tokens: int | None
) -> Iterator[Question]:
    judge = scorer.scorer
    asks = judge.foresee(shown(item), answers) if isinstance(judge, Foreseeing) else None
    if asks is None:
        yield Question(scorer, None, {}, None)
        return
    for number, parts in asks:
        yield Question(scorer, scorer.asks[number], parts, tokens)


def _tokens(job: Job) -> int | None:
    """Return how long an answer may become that is not there yet."""
    system = job.arm.system
    if not isinstance(system, Metered):
        return None
    return system.expect(job.items[0].input).tokens_out
