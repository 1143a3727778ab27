"""non_inferior: the candidate is not worse by a declared margin or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from liftgate.protocols import Evidence, Rule
from liftgate.records import Claim, Margin, Status, Verdict
from liftgate.rules._margins import against_margin, needed_above
from liftgate.rules._reading import Question, answer, margin_of, rejects
from liftgate.rules.wording import telling


def non_inferior(*, margin: float | str) -> Rule:
    """Return the rule.

    Args:
        margin: how much worse still counts as not worse: a number in the score's units, or text
            like ``2%`` for a share of the baseline's mean.

    Raises:
        DataError: the margin is not above 0, or a share of 100 % or more.
    """
    return NonInferior(margin=margin_of(margin))


@dataclass(frozen=True)
class NonInferior:
    """θ > −M, one-sided at the study's alpha. Harm: θ < −M."""

    margin: Margin
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        return answer(Question(claim, candidate, evidence), self.status, self._verdict)

    def _verdict(self, question: Question) -> Verdict:
        found = against_margin(question, self.margin)
        reading, note = found.reading
        needed = needed_above(self.margin, telling(question.evidence.scale))
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=rejects(found.lower, question.evidence.alpha),
            reading=reading,
            reason=f"{found.text}: {reading.value}{note}; {needed}",
            p_value=found.lower.p_value,
            harm_p=found.harm_p,
            estimate=found.shown,
            descriptive=question.evidence.descriptive(),
            planned=found.planned,
        )
