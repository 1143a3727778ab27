"""superior: the candidate is better than the baseline, by more than a declared gain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from liftgate.errors import DataError
from liftgate.protocols import Evidence, Rule
from liftgate.records import Alternative, Claim, Estimate, Reading, Status, Verdict
from liftgate.rules._reading import Question, answer, attempt, both_limits, rejects
from liftgate.rules.wording import Telling, telling


def superior(*, by: float = 0.0, target: float | None = None) -> Rule:
    """Return the rule.

    Args:
        by: the null that a ship must reject: the true gain is at most this, in the score's units.
        target: the smallest gain worth having, at which power is asked; None: not declared.

    Raises:
        DataError: ``by`` is negative or not finite, or ``target`` is not above it.
    """
    if not math.isfinite(by) or by < 0:
        raise DataError(
            f"by: got {by}, expected 0 or more",
            hint="for 'at most a little worse' use non_inferior with a margin",
        )
    if target is not None and not (math.isfinite(target) and target > by):
        raise DataError(f"target: got {target}, expected more than {by:g} (by)")
    return Superior(by=float(by), target=target)


@dataclass(frozen=True)
class Superior:
    """θ > by, one-sided at the study's alpha. Harm: θ < 0."""

    by: float
    target: float | None
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        return answer(Question(claim, candidate, evidence), self.status, self._verdict)

    def _verdict(self, question: Question) -> Verdict:
        greater = question.difference(self.by, Alternative.GREATER)
        less = attempt(lambda: question.difference(0.0, Alternative.LESS))
        estimate = both_limits(greater, less)
        rejected = rejects(greater, question.evidence.alpha)
        reading, note = self._read(estimate, rejected=rejected)
        told = telling(question.evidence.scale)
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=rejected,
            reading=reading,
            reason=f"{told.interval(estimate)}: {reading.value}{note}; {self._needed(told)}",
            p_value=greater.p_value,
            harm_p=None if less is None else less.p_value,
            estimate=estimate,
            descriptive=question.evidence.descriptive(),
            planned=self.target,
        )

    def _read(self, estimate: Estimate, *, rejected: bool) -> tuple[Reading, str]:
        low, high = estimate.low, estimate.high
        if rejected:
            return Reading.SUPERIOR, ""
        if high is not None and high < 0:
            return Reading.INFERIOR, ""
        if high is not None and high < self.by:
            return Reading.INCONCLUSIVE, ", and a gain as large as needed is ruled out"
        if low is not None and low > 0 and self.by > 0:
            return Reading.INCONCLUSIVE, ", better but not shown by enough"
        return Reading.INCONCLUSIVE, ""

    def _needed(self, told: Telling) -> str:
        return f"a lower limit above {told.named(self.by)} was needed"
