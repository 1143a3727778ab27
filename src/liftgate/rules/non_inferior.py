"""non_inferior: the candidate is not worse by a declared margin or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from liftgate.protocols import Evidence, Rule
from liftgate.records import Claim, Margin, Status, Verdict
from liftgate.rules._margins import not_below
from liftgate.rules._reading import Question, answer, margin_of


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
        return not_below(question, self.margin, self.status)
