"""What all rules share: which estimates are admissible, and how limits are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from liftgate.errors import DataError, NotEnoughData
from liftgate.protocols import Evidence
from liftgate.records import (
    Alternative,
    Claim,
    Estimate,
    Margin,
    Reading,
    Status,
    Verdict,
)

LEAST_DF = 5.0
"""Below this many degrees of freedom a cluster-robust interval does not hold its level."""

_SHARE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*")


@dataclass(frozen=True)
class Position:
    """Where the limits (L, U) of a difference lie; larger is better, M is the margin."""

    above_zero: bool
    """L > 0."""
    above_minus: bool
    """L > −M."""
    below_plus: bool
    """U < M."""
    below_zero: bool
    """U < 0."""
    below_minus: bool
    """U < −M."""


def position(low: float | None, high: float | None, margin: float) -> Position:
    """Place the limits of a difference; None: unbounded on that side."""
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    return Position(
        above_zero=least > 0,
        above_minus=least > -margin,
        below_plus=most < margin,
        below_zero=most < 0,
        below_minus=most < -margin,
    )


def read(at: Position) -> tuple[Reading, str]:
    """Return the reading of a difference against a margin, with what to add in words."""
    if at.above_zero:
        return Reading.SUPERIOR, " by less than the margin" if at.below_plus else ""
    if at.above_minus:
        word = Reading.EQUIVALENT if at.below_plus else Reading.NON_INFERIOR
        return word, ", but worse" if at.below_zero else ""
    if at.below_minus:
        return Reading.INFERIOR, " beyond the margin"
    if at.below_zero:
        return Reading.INFERIOR, ", size undecided"
    return Reading.INCONCLUSIVE, ""


@dataclass(frozen=True)
class Question:
    """One claim put to one candidate's evidence."""

    claim: Claim
    candidate: str
    evidence: Evidence

    def difference(self, null: float, alternative: Alternative) -> Estimate:
        """Ask for the difference. Raises NotEnoughData where the answer is inadmissible."""
        estimate = self.evidence.difference(null=null, alternative=alternative)
        return self._admit(estimate, null, alternative)

    def contrast(self, ratio: float, alternative: Alternative) -> Estimate:
        """Ask for candidate − (1 − ratio) × baseline. Raises NotEnoughData as ``difference``."""
        estimate = self.evidence.relative_difference(ratio, alternative=alternative)
        return self._admit(estimate, 0.0, alternative)

    def mean(self, limit: float, alternative: Alternative) -> Estimate:
        """Ask for the candidate's own mean. Raises NotEnoughData as ``difference``."""
        estimate = self.evidence.mean(limit=limit, alternative=alternative)
        return self._admit(estimate, limit, alternative)

    def passes(self, limit: float, alternative: Alternative) -> Estimate:
        """Ask for the per-pass quantity. Raises NotEnoughData as ``difference``."""
        estimate = self.evidence.passes(limit=limit, alternative=alternative)
        return self._admit(estimate, limit, alternative)

    def _admit(self, estimate: Estimate, null: float, alternative: Alternative) -> Estimate:
        """Return an estimate that answers this question under the lock, or refuse it."""
        evidence = self.evidence
        _refuse_unless(
            estimate.design is evidence.design,
            f"the estimate is for the design {estimate.design.value}, "
            f"the study is locked with {evidence.design.value}",
        )
        _refuse_unless(
            estimate.population is self.claim.population,
            f"the estimate speaks about {estimate.population.value}, "
            f"the claim is locked for {self.claim.population.value}",
        )
        _refuse_unless(
            estimate.alternative is alternative and estimate.null == null,
            f"the estimate tests {estimate.alternative.value} than {estimate.null:g}, "
            f"the claim asks for {alternative.value} than {null:g}",
        )
        _refuse_unless(
            math.isclose(estimate.level, 1 - 2 * evidence.alpha, abs_tol=1e-9),
            f"the estimate's level is {estimate.level:g}, "
            f"the study's alpha of {evidence.alpha:g} needs {1 - 2 * evidence.alpha:g}",
        )
        _check_numbers(estimate)
        return estimate

    def inadmissible(self, status: Status, reason: str) -> Verdict:
        """Return the verdict of a claim that cannot be estimated: never a pass."""
        return Verdict(
            claim=self.claim.id,
            candidate=self.candidate,
            status=status,
            rejected=False,
            reading=Reading.INADMISSIBLE,
            reason=f"inadmissible: {reason}",
        )


def answer(question: Question, status: Status, make: Callable[[Question], Verdict]) -> Verdict:
    """Make a verdict; what cannot be estimated is inadmissible with the reason."""
    try:
        return make(question)
    except NotEnoughData as error:
        return question.inadmissible(status, str(error))


def attempt(make: Callable[[], Estimate]) -> Estimate | None:
    """Return an estimate, or None when there is none.

    For the side of a question that decides nothing: a claim may be rejected although its harm
    cannot be tested, where the scale has an end on one side only.
    """
    try:
        return make()
    except NotEnoughData:
        return None


def rejects(estimate: Estimate, alpha: float) -> bool:
    """Tell whether the tested value is rejected: by the p-value and by the limit alike."""
    assert estimate.p_value is not None
    if estimate.p_value > alpha:
        return False
    if estimate.alternative is Alternative.LESS:
        return estimate.high is not None and estimate.high < estimate.null
    return estimate.low is not None and estimate.low > estimate.null


def both_limits(greater: Estimate, less: Estimate | None) -> Estimate:
    """Put the upper limit beside the lower one; each is for missing scores at their worst."""
    return replace(greater, high=None if less is None else less.high)


def margin_of(margin: float | str) -> Margin:
    """Read a margin: a number in the score's units, or text like ``2%`` for a relative one.

    Raises:
        DataError: not above 0, not finite, a share of 100 % or more, or other text.
    """
    if isinstance(margin, str):
        found = _SHARE.fullmatch(margin)
        share = float(found.group(1)) / 100 if found else math.nan
        if not 0 < share < 1:
            raise DataError(
                f"margin: got {margin!r}, expected a number such as 0.02, "
                "or a share of the baseline such as '2%'"
            )
        return Margin(value=share, relative=True)
    if isinstance(margin, bool) or not math.isfinite(margin) or margin <= 0:
        raise DataError(
            f"margin: got {margin}, expected a number above 0",
            hint="a margin says how much worse still counts as not worse",
        )
    return Margin(value=float(margin), relative=False)


def least_clusters(min_clusters: int) -> int:
    """Return a declared least number of clusters of a slice. Raises DataError below 2."""
    if isinstance(min_clusters, bool) or min_clusters < 2:
        raise DataError(f"min_clusters: got {min_clusters}, expected a whole number from 2 up")
    return min_clusters


def _refuse_unless(condition: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise NotEnoughData(reason)


def _check_numbers(estimate: Estimate) -> None:
    numbers = (estimate.value, estimate.low, estimate.high, estimate.p_value)
    if any(x is not None and not math.isfinite(x) for x in numbers):
        raise NotEnoughData("the estimate is not a finite number")
    if estimate.p_value is None:
        raise NotEnoughData("the estimate comes without a p-value, so that nothing was tested")
    if estimate.n < 1 or estimate.clusters < 1:
        raise NotEnoughData("there are no items")
    # Six equal units have exactly 5; rounding must not refuse them.
    if estimate.df is not None and not estimate.df >= LEAST_DF - 1e-9:
        raise NotEnoughData(
            f"{estimate.df:.1f} degrees of freedom, at least {LEAST_DF:g} are needed"
        )
