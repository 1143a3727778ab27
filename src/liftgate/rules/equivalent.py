"""equivalent: the candidate differs from the baseline by less than a declared margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from liftgate.protocols import Evidence, Rule
from liftgate.records import Claim, Estimate, Margin, Status, Verdict
from liftgate.rules._margins import AgainstMargin, against_margin, upper_test
from liftgate.rules._reading import Question, answer, margin_of, rejects
from liftgate.rules.wording import Telling, percent, telling


def equivalent(*, margin: float | str) -> Rule:
    """Return the rule.

    Args:
        margin: the largest difference, either way, that still counts as none: a number in the
            score's units, or text like ``2%`` for a share of the baseline's mean.

    Raises:
        DataError: the margin is not above 0, or a share of 100 % or more.
    """
    return Equivalent(margin=margin_of(margin))


@dataclass(frozen=True)
class Equivalent:
    """−M < θ < M by two one-sided tests, each at the study's alpha (Schuirmann 1987).

    The p-value is the larger of the two. Harm: θ < −M.
    """

    margin: Margin
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        return answer(Question(claim, candidate, evidence), self.status, self._verdict)

    def _verdict(self, question: Question) -> Verdict:
        found = against_margin(question, self.margin)
        upper = upper_test(question, self.margin)
        alpha = question.evidence.alpha
        shown = self._shown(found, upper)
        reading, note = found.reading
        needed = self._needed(telling(question.evidence.scale))
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=rejects(found.lower, alpha) and rejects(upper, alpha),
            reading=reading,
            reason=f"{found.text}: {reading.value}{note}; {needed}",
            p_value=shown.p_value,
            harm_p=found.harm_p,
            estimate=shown,
            descriptive=question.evidence.descriptive(),
            planned=self._planned(found, upper, shown),
        )

    def _shown(self, found: AgainstMargin, upper: Estimate) -> Estimate:
        """Return the weaker of the two tests; with an absolute margin both limits are one scale."""
        assert found.lower.p_value is not None
        assert upper.p_value is not None
        lower_is_weaker = found.lower.p_value >= upper.p_value
        if self.margin.relative:
            return found.shown if lower_is_weaker else upper
        low, high = found.lower.low, upper.high
        return replace(found.lower if lower_is_weaker else upper, low=low, high=high)

    def _planned(self, found: AgainstMargin, upper: Estimate, shown: Estimate) -> float:
        """What the weaker test estimates when the two arms are equal."""
        return -found.planned if shown is upper else found.planned

    def _needed(self, told: Telling) -> str:
        if self.margin.relative:
            return f"both limits within {percent(self.margin.value)} of the baseline were needed"
        size = self.margin.value
        return f"both limits between {told.amount(-size)} and {told.named(size)} were needed"
