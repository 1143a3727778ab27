"""Evidence that says what it is told: for testing rules, and gates made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from liftgate.errors import DataError, NotEnoughData
from liftgate.protocols import Evidence
from liftgate.records import Alternative, Design, Estimate, Mark, Population, Scale, ScoreKind

UNIT_SCALE = Scale(ScoreKind.GRADED, 0.0, 1.0)
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class StatedEvidence:
    """Evidence with a stated difference and standard error; every test in it is a z test.

    All its answers agree with each other, as those of a real method do: p-values and limits invert
    one family of tests. What a method would refuse is stated by ``refusal``.
    """

    value: float = 0.0
    """Candidate − baseline, larger is better."""
    se: float = 0.01
    low: float | None = None
    """The lower one-sided limit of the difference; None: what ``value`` and ``se`` give."""
    high: float | None = None
    baseline: float = 0.5
    """Mean of the baseline, for relative margins."""
    level: float = 0.5
    """The candidate's own mean, for limits."""
    per_pass: Sequence[float] = ()
    exact: float | None = None
    parts: Mapping[str, Evidence] = field(default_factory=dict)
    refusal: str = ""
    """Why there is no estimate; empty: there is one."""
    alpha: float = 0.05
    population: Population = Population.NEW_ITEMS
    design: Design = Design.FIXED
    scale: Scale | None = UNIT_SCALE
    n: int = 400
    clusters: int = 400
    df: float | None = None
    mark: Mark = Mark.ASYMPTOTIC
    made_for: Design | None = None
    """The design that the estimates carry; None: that of the study."""
    speaks_about: Population | None = None
    """The population that the estimates carry; None: that of the study."""

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The stated difference. Raises NotEnoughData with the stated refusal."""
        estimate = self._estimate(self.value, null, alternative)
        return replace(
            estimate,
            low=estimate.low if self.low is None else self.low,
            high=estimate.high if self.high is None else self.high,
        )

    def relative_difference(
        self, ratio: float, *, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The contrast with the stated baseline, taken as known without error."""
        return self._estimate(self.value + ratio * self.baseline, 0.0, alternative)

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The stated level against a limit."""
        return self._estimate(self.level, limit, alternative)

    def passes(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The stated passes against a limit, by the sign test."""
        if not self.per_pass:
            raise NotEnoughData(self.refusal or "no pass is stated")
        count = len(self.per_pass)
        less = alternative is Alternative.LESS
        against = sum((x >= limit) if less else (x <= limit) for x in self.per_pass)
        p_value = sum(math.comb(count, k) for k in range(against + 1)) / 2**count
        ordered = sorted(self.per_pass)
        return replace(
            self._estimate(ordered[count // 2], limit, alternative),
            low=ordered[0],
            high=ordered[-1],
            p_value=p_value,
            n=count,
            clusters=count,
            mark=Mark.EXACT,
        )

    def measured(self) -> float:
        """The stated exact measure. Raises NotEnoughData when none is stated."""
        if self.exact is None:
            raise NotEnoughData(self.refusal or "no measure is stated")
        return self.exact

    def slices(self) -> Mapping[str, Evidence]:
        """The stated parts, sorted by name. Raises DataError when none are stated."""
        if not self.parts:
            raise DataError("no slices are stated")
        return dict(sorted(self.parts.items()))

    def descriptive(self) -> Estimate | None:
        """The 95 % interval, or None where a refusal is stated."""
        if self.refusal:
            return None
        wide = replace(self, alpha=0.025, low=None, high=None).difference()
        return replace(wide, alternative=Alternative.TWO_SIDED, p_value=None)

    def _estimate(self, value: float, null: float, alternative: Alternative) -> Estimate:
        if self.refusal:
            raise NotEnoughData(self.refusal)
        z = (value - null) / self.se
        reach = _NORMAL.inv_cdf(1 - self.alpha) * self.se
        return Estimate(
            value=value,
            low=value - reach,
            high=value + reach,
            level=1 - 2 * self.alpha,
            alternative=alternative,
            null=null,
            p_value=_NORMAL.cdf(z if alternative is Alternative.LESS else -z),
            method="stated",
            n=self.n,
            clusters=self.clusters,
            design=self.made_for or self.design,
            population=self.speaks_about or self.population,
            mark=self.mark,
            se=self.se,
            df=self.df,
        )


def stated_limits(low: float, high: float, *, alpha: float = 0.05) -> StatedEvidence:
    """Return evidence whose one-sided limits of the difference are exactly these.

    Raises:
        DataError: ``low`` is not below ``high``.
    """
    if not low < high:
        raise DataError(f"low: got {low:g}, expected less than high, {high:g}")
    reach = (high - low) / 2
    se = reach / _NORMAL.inv_cdf(1 - alpha)
    return StatedEvidence(value=(low + high) / 2, se=se, low=low, high=high, alpha=alpha)
