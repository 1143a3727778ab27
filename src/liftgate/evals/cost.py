"""What calls cost: an estimate before the first one, and a purse that is not spent beyond."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import fsum

from liftgate.errors import DataError
from liftgate.evals.plan import Asked, BoundArm, BoundScorer, Job, Question
from liftgate.evals.prices import Prices
from liftgate.protocols import Composed, Expected, Metered, System
from liftgate.records import Answer, Json, Trial

Say = Callable[[str], None]


class Purse:
    """Counts what a run spends, and stops it before a call that could spend too much.

    A call is taken to cost what its system expects; where nothing bounds an answer's length, what
    the arm's calls have cost on average.
    """

    def __init__(self, prices: Prices | None = None, most: float | None = None) -> None:
        """Open a purse.

        Args:
            prices: None: nothing has a price, but for what systems say themselves.
            most: how much this run may spend, in the prices' currency; None: no limit.
        """
        self.prices = prices or Prices()
        self.most = most
        self.spent = 0.0
        self._reserved: dict[str, float] = {}
        self._known: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    @property
    def counts(self) -> bool:
        """Whether there is anything to estimate or to limit."""
        return self.most is not None or bool(self.prices.rows)

    def estimate(self, todo: Sequence[Job], known: Iterable[Trial]) -> Iterator[str]:
        """Yield what the calls that are to be made may cost, arm by arm; learn from known ones.

        Raises:
            DataError: a limit is set, and nothing tells what an arm's calls cost.
        """
        if not self.counts:
            return
        arms = {job.arm.arm.fingerprint: job.arm for job in todo}
        for trial in known:
            if trial.arm in arms:
                self._learn(arms[trial.arm], trial)
        for fingerprint, bound in arms.items():
            jobs = [job for job in todo if job.arm.arm.fingerprint == fingerprint]
            costs = [self._of(job) for job in jobs]
            found = [cost for cost in costs if cost is not None]
            name, currency = bound.arm.name, self.prices.currency
            if len(found) == len(costs):
                bounded = all(self._bounded(job) for job in jobs)
                word = "at most " if bounded else "about "
                yield f"Cost of {name}: {word}{fsum(found):,.4g} {currency} for {len(jobs):,} calls"
            elif self.prices.find(bound.arm.system) is not None:
                yield (
                    f"Cost of {name}: not known before its first answers, since nothing bounds "
                    f"their length ({len(jobs):,} calls)"
                )
            elif self.most is not None:
                self._check_prices(bound, self.most)

    def estimate_judges(self, questions: Iterable[Question]) -> Iterator[str]:
        """Yield what the judges' calls may cost, judge by judge.

        Raises:
            DataError: a limit is set, and a judge calls an endpoint that has no price.
        """
        if not self.counts:
            return
        scorers: dict[str, BoundScorer] = {}
        found: dict[str, list[tuple[float | None, bool]]] = defaultdict(list)
        for question in questions:
            # A question holds a whole prompt, and there may be very many of them.
            scorers[question.scorer.name] = question.scorer
            is_bounded = question.answer_tokens is not None
            found[question.scorer.name].append((self._foreseen(question), is_bounded))
        for metric, costs in found.items():
            asks = scorers[metric].asks
            for one in asks:
                if self.most is not None:
                    self._check(f"judge {metric}", _called(one.system, one.name), self.most)
            known = [cost for cost, _ in costs if cost is not None]
            priced = any(self.prices.find(one.name) for one in asks)
            if len(known) == len(costs) and (priced or self.most is not None):
                whole = all(is_bounded for _, is_bounded in costs)
                word = "at most" if whole else "about"
                rest = "" if whole else ", the answers' own length not counted"
                yield (
                    f"Cost of the judge {metric}: {word} {fsum(known):,.4g} "
                    f"{self.prices.currency} for {len(costs):,} calls{rest}"
                )
            elif priced:
                yield (
                    f"Cost of the judge {metric}: not known before its first answers "
                    f"({len(costs):,} answers to judge)"
                )

    def _foreseen(self, question: Question) -> float | None:
        """Return what a judge's call may cost, with answers that are not there yet."""
        if question.asked is None:
            return None
        cost = self._asking(question.asked, question.parts)
        if cost is None or not question.answer_tokens:
            return cost
        more = self.prices.of(question.asked.name, question.answer_tokens, 0)
        return cost + (more or 0.0)

    def _check_prices(self, bound: BoundArm, most: float) -> None:
        """Refuse a limit on what nobody could count: an endpoint, or a stage's, without a price."""
        self._check(f"arm {bound.arm.name}", _called(bound.system, bound.arm.system), most)

    def _check(self, place: str, called: Iterable[str], most: float) -> None:
        for system in called:
            if self.prices.find(system) is None:
                raise DataError(
                    f"{place}: a most of {most:g} was set, and there is no price of {system!r}",
                    hint="add it to the price table, or leave --max-cost out",
                )

    def refusal(self, job: Job) -> str | None:
        """Return why a call is not to be made, or None and take its cost to be spent."""
        if self.most is None:
            return None
        cost = self._of(job) or 0.0
        under_way = fsum(self._reserved.values())
        if self.spent + under_way + cost > self.most:
            currency = self.prices.currency
            return (
                f"the next call could bring the cost above {self.most:g} {currency} "
                f"(spent {self.spent:,.4g} {currency})"
            )
        self._reserved[job.key] = cost
        return None

    def paid(self, job: Job, trial: Trial) -> None:
        """Take note of a call that was made."""
        self._reserved.pop(job.key, None)
        self.spent += self._learn(job.arm, trial) or 0.0

    def lost(self, job: Job) -> None:
        """Take a call to be paid for of which nobody knows what became; it is made again."""
        self.spent += self._reserved.get(job.key, 0.0)

    def ask_refusal(self, asked: Asked, parts: Mapping[str, Json], key: str) -> str | None:
        """Return why a judge's system is not to be asked, or None and take its cost to be spent.

        Args:
            asked: the judge's system.
            parts: what it is to be asked.
            key: of this call, for ``ask_paid``.
        """
        if self.most is None:
            return None
        cost = self._asking(asked, parts) or 0.0
        if self.spent + fsum(self._reserved.values()) + cost > self.most:
            currency = self.prices.currency
            return (
                f"the next call of the judge {asked.name} could bring the cost above "
                f"{self.most:g} {currency} (spent {self.spent:,.4g} {currency})"
            )
        self._reserved[key] = cost
        return None

    def ask_paid(self, asked: Asked, answer: Answer | None, at: datetime, key: str) -> float | None:
        """Take note of a call of a judge's system, and return what it cost if that is known."""
        self._reserved.pop(key, None)
        cost = None if answer is None else self.prices.cost_of(asked.name, answer, at)
        if cost is not None:
            sums = self._known[asked.system.fingerprint]
            sums[0] += cost
            sums[1] += 1
            self.spent += cost
        return cost

    def _asking(self, asked: Asked, parts: Mapping[str, Json]) -> float | None:
        if isinstance(asked.system, Metered):
            expected = asked.system.expect(parts)
            if expected.tokens_out is not None:
                cost = self.prices.of(asked.name, expected.tokens_in, expected.tokens_out)
                if cost is not None:
                    return cost
        total, count = self._known.get(asked.system.fingerprint, (0.0, 0.0))
        return total / count if count else None

    def _learn(self, bound: BoundArm, trial: Trial) -> float | None:
        cost = self.prices.cost(bound.arm.system, trial)
        if cost is not None:
            sums = self._known[bound.arm.fingerprint]
            sums[0] += cost
            sums[1] += 1
        return cost

    def _of(self, job: Job) -> float | None:
        """Return what a call may cost: the bound, or what the arm's calls cost on average."""
        expected = self._expected(job)
        if expected is not None and expected.tokens_out is not None:
            cost = self.prices.of(job.arm.arm.system, expected.tokens_in, expected.tokens_out)
            if cost is not None:
                return cost
        total, count = self._known.get(job.arm.arm.fingerprint, (0.0, 0.0))
        return total / count if count else None

    def _bounded(self, job: Job) -> bool:
        expected = self._expected(job)
        return expected is not None and expected.tokens_out is not None

    @staticmethod
    def _expected(job: Job) -> Expected | None:
        system = job.arm.system
        return system.expect(job.items[0].input) if isinstance(system, Metered) else None


def _called(system: System, name: str) -> Iterator[str]:
    """Yield the names of what calls an endpoint: the system itself, or its stages."""
    if isinstance(system, Metered):
        yield name
    elif isinstance(system, Composed):
        for stage, inner in system.stages.items():
            yield from _called(inner, system.names[stage])
