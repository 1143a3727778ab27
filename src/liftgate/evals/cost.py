"""What calls cost: an estimate before the first one, and a purse that is not spent beyond."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import fsum

from liftgate.errors import DataError
from liftgate.evals.plan import BoundArm, Job
from liftgate.evals.prices import Prices
from liftgate.protocols import Expected, Metered
from liftgate.records import Trial

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
            elif self.most is not None and not isinstance(bound.system, Metered):
                continue
            elif self.most is not None:
                raise DataError(
                    f"arm {name}: a most of {self.most:g} was set, and there is no price of "
                    f"{bound.arm.system!r}",
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
