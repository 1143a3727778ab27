"""each_non_inferior: in every slice the candidate is not worse by a margin or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from liftgate.errors import NotEnoughData
from liftgate.protocols import Evidence, Rule
from liftgate.records import Claim, Margin, Reading, Status, Verdict
from liftgate.rules._margins import not_below
from liftgate.rules._reading import Question, answer, least_clusters, margin_of
from liftgate.rules.wording import listed

_WORST_FIRST = (
    Reading.INADMISSIBLE,
    Reading.INFERIOR,
    Reading.INCONCLUSIVE,
    Reading.NON_INFERIOR,
    Reading.EQUIVALENT,
    Reading.SUPERIOR,
)


def each_non_inferior(*, margin: float | str, min_clusters: int = 10) -> Rule:
    """Return the rule.

    Args:
        margin: how much worse still counts as not worse in a slice: a number in the score's units,
            or text like ``2%`` for a share of the baseline's mean in that slice.
        min_clusters: a slice with fewer clusters cannot be judged, and the claim cannot pass.

    Raises:
        DataError: the margin is not above 0, or a share of 100 % or more; ``min_clusters`` < 2.
    """
    return EachNonInferior(margin=margin_of(margin), min_clusters=least_clusters(min_clusters))


@dataclass(frozen=True)
class EachNonInferior:
    """θ_s > −M in every slice s, each at the study's alpha: an intersection-union test.

    The p-value is the largest over the slices (Berger 1982). Harm: θ_s < −M in some slice, with
    Bonferroni's correction over the slices.
    """

    margin: Margin
    min_clusters: int
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = True

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict with one part for each slice."""
        return answer(Question(claim, candidate, evidence), self.status, self._verdict)

    def _verdict(self, question: Question) -> Verdict:
        slices = question.evidence.slices()
        if not slices:
            raise NotEnoughData(f"there is no slice of {question.claim.by_slice}")
        parts = [self._part(question, name, evidence) for name, evidence in slices.items()]
        worst = min(parts, key=lambda part: _WORST_FIRST.index(part.reading))
        tested = [part.p_value for part in parts if part.p_value is not None]
        harms = [part.harm_p for part in parts if part.harm_p is not None]
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=all(part.rejected for part in parts),
            reading=worst.reading,
            reason=_reason(parts, worst.reading),
            p_value=max(tested) if len(tested) == len(parts) else None,
            harm_p=min(1.0, len(parts) * min(harms)) if harms else None,
            parts=tuple(parts),
        )

    def _part(self, question: Question, name: str, evidence: Evidence) -> Verdict:
        inside = Question(question.claim, question.candidate, evidence)
        return replace(answer(inside, self.status, self._inside), slice=name)

    def _inside(self, question: Question) -> Verdict:
        if question.evidence.clusters < self.min_clusters:
            raise NotEnoughData(
                f"too few clusters: {question.evidence.clusters} of {self.min_clusters}"
            )
        return not_below(question, self.margin, self.status)


def _reason(parts: Sequence[Verdict], worst: Reading) -> str:
    passed = sum(part.rejected for part in parts)
    if passed == len(parts):
        return f"not worse by the margin in each of {len(parts)} slices; all were needed"
    named = listed([str(part.slice) for part in parts if part.reading is worst])
    return (
        f"not worse by the margin in {passed} of {len(parts)} slices, all were needed; "
        f"{worst.value}: {named}"
    )
