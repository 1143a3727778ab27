"""How likely a paired comparison tells, and how many items it takes, before there are data.

One claim by itself, in closed form, with its effect and spread assumed; ``units_needed`` and
``detectable`` plan from an estimate instead, ``study power`` simulates a whole gate.

Graded scores, t-test of the mean difference (Student; noncentral t, Johnson & Welch 1940,
Biometrika 31, 362–389), with m items a cluster, their correlation ρ, and the design effect
1 + (m − 1)ρ (Kish 1965, Survey Sampling, ch. 5):

    power = P(T'(df, δ) > t_{1−α, df}),  δ = (effect − null) / sd · √(n / (1 + (m − 1)ρ)),
    df = n/m − 1

Right-or-wrong scores, score test of the difference of paired proportions with discordance ψ
(Miettinen 1968, Biometrics 24, 339–352; Connor 1987, Biometrics 43, 207–211; with a margin Nam
1997, Biometrics 53, 1422–1430):

    power = Φ(((effect − null) √n − z_{1−α} σ₀) / √(ψ − effect²))

where σ₀² is the variance under the null that is nearest to the assumed truth (at null 0 it is ψ),
with half a discordant pair more, as the test has it (docs/adr/0011). K planned looks, evenly
spread, follow the O'Brien–Fleming spending of ``boundaries``: the chance that a Brownian motion
with the drift of the fixed test's power passes a boundary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.score import SLACK
from liftgate.stats.spending import boundaries, check_alpha, passage_probabilities
from liftgate.stats.student import FEWEST_DF

_MOST = 10**9
_MOST_LOOKS = 50
_MOST_REPEATS = 1000
_SURE = 1e-15


@dataclass(frozen=True)
class _Plan:
    """One test to be planned, turned so that the effect lies above the null."""

    effect: float
    null: float
    sd: float | None
    discordance: float | None
    alpha: float
    cluster_size: float
    icc: float
    looks: int

    @property
    def fewest(self) -> int:
        """The least number of items with which the test answers."""
        if self.sd is None and self.cluster_size == 1:
            return inputs.FEWEST_UNITS
        return math.ceil((FEWEST_DF + 1) * self.cluster_size)

    def power(self, n: int) -> float:
        equal = n / (1 + (self.cluster_size - 1) * self.icc)
        once = self._graded(n, equal) if self.sd is not None else self._binary(equal)
        return once if self.looks == 1 else self._looked(once)

    def _graded(self, n: int, equal: float) -> float:
        from scipy.special import nctdtr, stdtrit

        assert self.sd is not None
        df = n / self.cluster_size - 1
        drift = (self.effect - self.null) / self.sd * math.sqrt(equal)
        return float(1 - nctdtr(df, drift, stdtrit(df, 1 - self.alpha)))

    def _binary(self, n: float) -> float:
        from scipy.special import ndtr, ndtri

        assert self.discordance is not None
        spread = math.sqrt(self.discordance - self.effect**2)
        under = math.sqrt(null_variance(self.discordance, self.effect, self.null) + SLACK / n)
        above = (self.effect - self.null) * math.sqrt(n) + float(ndtri(self.alpha)) * under
        if spread == 0:
            return float(above >= 0)
        return float(ndtr(above / spread))

    def _looked(self, once: float) -> float:
        from scipy.special import ndtri

        drift = float(ndtri(min(max(once, _SURE), 1 - _SURE)) - ndtri(self.alpha))
        times = np.arange(1, self.looks + 1) / self.looks
        return float(passage_probabilities(times, boundaries(times, self.alpha), drift).sum())


def power(
    n: int,
    *,
    effect: float,
    sd: float | None = None,
    discordance: float | None = None,
    null: float = 0.0,
    alpha: float = 0.05,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    looks: int = 1,
) -> float:
    """Return the probability that a paired difference rejects its null, were the effect true.

    The test is one-sided, towards the effect. Give ``sd`` for graded scores or ``discordance`` for
    right-or-wrong ones; see the module for formulas and sources. Valid where the tests are: the
    graded one for means of many items, the other for more than about ten discordant pairs.

    Args:
        n: items in all.
        effect: true difference, in the units of the score (a proportion for right-or-wrong).
        sd: standard deviation of the items' differences.
        discordance: share of the items that the two systems answer differently in result.
        null: the value to be rejected: 0, or minus the margin.
        alpha: one-sided level.
        cluster_size: items in a cluster, about equal.
        icc: correlation of the differences inside a cluster.
        looks: planned looks, evenly spread.

    Raises:
        DataError: neither or both of sd and discordance; a value outside its range; a discordance
            smaller than the effect.
        NotEnoughData: so few items that the test gives no answer.
    """
    plan = _plan(
        effect=effect,
        null=null,
        sd=sd,
        discordance=discordance,
        alpha=alpha,
        cluster_size=cluster_size,
        icc=icc,
        looks=looks,
    )
    count = _count("n", n)
    if count < plan.fewest:
        raise NotEnoughData(f"n: got {count}, and the test answers from {plan.fewest} items on")
    return plan.power(count)


def sample_size(
    *,
    effect: float,
    power: float = 0.8,
    sd: float | None = None,
    discordance: float | None = None,
    null: float = 0.0,
    alpha: float = 0.05,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    looks: int = 1,
) -> int:
    """Return the least number of items with which ``power`` is reached.

    Args:
        effect: true difference, other than the null.
        power: wanted probability of rejecting, above alpha.
        sd: see ``power``, as for all that follow.
        discordance: see ``power``.
        null: see ``power``.
        alpha: see ``power``.
        cluster_size: see ``power``.
        icc: see ``power``.
        looks: see ``power``.

    Raises:
        DataError: as ``power``; the effect is the null; power not above alpha.
        NotEnoughData: a thousand million items are not enough.
    """
    plan = _plan(
        effect=effect,
        null=null,
        sd=sd,
        discordance=discordance,
        alpha=alpha,
        cluster_size=cluster_size,
        icc=icc,
        looks=looks,
    )
    wanted = inputs.check_probability("power", power)
    if effect == null:
        raise DataError(f"effect: got {effect:g}, the null itself, which no number of items tells")
    if wanted <= alpha:
        raise DataError(f"power: got {power:g} at alpha {alpha:g}, expected more power than alpha")
    low, high = plan.fewest - 1, plan.fewest
    while plan.power(high) < wanted:
        low, high = high, 2 * high
        if high > _MOST:
            raise NotEnoughData(f"effect: {_MOST:,} items do not tell {effect:g} from {null:g}")
    while high > low + 1:
        middle = (low + high) // 2
        low, high = (low, middle) if plan.power(middle) >= wanted else (middle, high)
    return high


def null_variance(discordance: float, effect: float, null: float) -> float:
    """Return the variance of one pair's difference under the null that is nearest to the truth.

    The restricted maximum-likelihood estimate of Tango (1998, Statistics in Medicine 17, 891–908)
    and Nam (1997), at the expected table.

    Args:
        discordance: true share of discordant pairs.
        effect: true difference.
        null: tested difference.
    """
    lost = (discordance - effect) / 2
    b = -discordance + (2 - effect) * null
    c = -lost * null * (1 - null)
    # Of pairs in which only the baseline is 1, under a difference of ``null``.
    under = (math.sqrt(max(b * b - 8 * c, 0.0)) - b) / 4 if null else discordance / 2
    return max(2 * under + null * (1 - null), 0.0)


@dataclass(frozen=True)
class Allocation:
    """A budget split over items and repeats of them."""

    repeats: int
    items: int
    se: float
    """Standard error of the mean difference."""


def allocation(
    between: float,
    within: float,
    *,
    budget: float,
    item_cost: float = 0.0,
    repeat_cost: float = 1.0,
    repeats: int | None = None,
) -> Allocation:
    """Return how a budget is best split over items and repeats.

    The mean over n items with r repeats has the variance between/n + within/(n r), and costs
    n (item_cost + r · repeat_cost). The best r is √(item_cost / repeat_cost · within / between)
    (Cochran 1977, Sampling Techniques, sec. 10.6; Raudenbush 1997, Psychological Methods 2,
    173–185). Where an item costs nothing of its own that is one repeat, whatever the noise.

    Args:
        between: variance of the items' true differences.
        within: variance of one repeat's difference around its item's.
        budget: in the unit of the costs.
        item_cost: of one more item, without its repeats.
        repeat_cost: of one repeat in all arms.
        repeats: a number of repeats; None: the best one.

    Raises:
        DataError: a negative or infinite value, no cost of a repeat, repeats below 1.
        NotEnoughData: the budget buys fewer than two items.
    """
    for name, value in (("between", between), ("within", within), ("item_cost", item_cost)):
        if not (math.isfinite(value) and value >= 0):
            raise DataError(f"{name}: got {value!r}, expected a finite number of at least 0")
    for name, value in (("repeat_cost", repeat_cost), ("budget", budget)):
        if not (math.isfinite(value) and value > 0):
            raise DataError(f"{name}: got {value!r}, expected a finite number above 0")
    if repeats is not None:
        count = _count("repeats", repeats)
        return _allocated(between, within, budget, (item_cost, repeat_cost), count)
    best = _MOST_REPEATS * 1.0
    if between > 0:
        best = min(math.sqrt(item_cost / repeat_cost * within / between), best)
    elif item_cost == 0 or within == 0:
        best = 1.0
    near = {max(1, math.floor(best)), max(1, math.ceil(best))}
    affordable = [r for r in near if budget >= 2 * (item_cost + r * repeat_cost)] or [1]
    found = [_allocated(between, within, budget, (item_cost, repeat_cost), r) for r in affordable]
    return min(found, key=lambda one: (one.se, one.repeats))


def _allocated(
    between: float, within: float, budget: float, costs: tuple[float, float], repeats: int
) -> Allocation:
    items = int(budget / (costs[0] + repeats * costs[1]) + 1e-9)
    if items < 2:
        raise NotEnoughData(
            f"budget: {budget:g} buys {items} items with {repeats} repeats, expected at least 2"
        )
    return Allocation(repeats, items, math.sqrt((between + within / repeats) / items))


def _plan(
    *,
    effect: float,
    null: float,
    sd: float | None,
    discordance: float | None,
    alpha: float,
    cluster_size: float,
    icc: float,
    looks: int,
) -> _Plan:
    for name, value in (("effect", effect), ("null", null)):
        if not math.isfinite(value):
            raise DataError(f"{name}: got {value!r}, expected a finite number")
    sign = -1.0 if effect < null else 1.0
    _check_spread(sd, discordance, effect, null)
    if not (math.isfinite(cluster_size) and cluster_size >= 1):
        raise DataError(f"cluster_size: got {cluster_size!r}, expected a number of at least 1")
    if not 0 <= icc <= 1:
        raise DataError(f"icc: got {icc!r}, expected a correlation between 0 and 1")
    if _count("looks", looks) > _MOST_LOOKS:
        raise DataError(f"looks: got {looks}, expected at most {_MOST_LOOKS}")
    level = check_alpha(alpha)
    return _Plan(sign * effect, sign * null, sd, discordance, level, cluster_size, icc, looks)


def _check_spread(sd: float | None, discordance: float | None, effect: float, null: float) -> None:
    if (sd is None) == (discordance is None):
        got = "neither" if sd is None else "both"
        raise DataError(
            f"sd, discordance: got {got}, expected one of them",
            hint="sd for graded scores, discordance for right-or-wrong ones",
        )
    if sd is not None and not (math.isfinite(sd) and sd > 0):
        raise DataError(f"sd: got {sd!r}, expected a finite number above 0")
    if discordance is None:
        return
    if not 0 < discordance <= 1:
        raise DataError(f"discordance: got {discordance!r}, expected a share above 0, at most 1")
    if abs(effect) > discordance:
        raise DataError(
            f"effect: got {effect:g}, expected at most the discordance, {discordance:g}: only "
            "items that are answered differently can move the mean"
        )
    if abs(null) >= 1:
        raise DataError(f"null: got {null:g}, expected a value strictly between -1 and 1")


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise DataError(f"{name}: got {value!r}, expected a whole number of at least 1")
    return int(value)
