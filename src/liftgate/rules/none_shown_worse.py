"""none_shown_worse: watch every slice for harm, and say which harm would have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.protocols import Evidence, Rule
from liftgate.records import Alternative, Claim, Estimate, Reading, Status, Verdict
from liftgate.rules._reading import Question, answer, attempt, least_clusters
from liftgate.rules.wording import listed, percent, telling

POWER = 0.8


def none_shown_worse(*, min_clusters: int = 10) -> Rule:
    """Return the rule.

    Args:
        min_clusters: a slice with fewer clusters is not assessed, and is listed as such.

    Raises:
        DataError: ``min_clusters`` is below 2.
    """
    return NoneShownWorse(min_clusters=least_clusters(min_clusters))


@dataclass(frozen=True)
class NoneShownWorse:
    """θ_s < 0 is not shown in any slice s, by Holm over the assessed slices at the study's alpha.

    A watch claim: it lies outside the error statement. "Not shown worse" is no evidence of safety,
    so each slice says which harm would have been shown with 80 % power at alpha over the number of
    slices, the level that Holm's first step has.
    """

    min_clusters: int
    status: ClassVar[Status] = Status.WATCH
    over_slices: ClassVar[bool] = True

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict with one part for each slice."""
        return answer(Question(claim, candidate, evidence), self.status, self._verdict)

    def _verdict(self, question: Question) -> Verdict:
        raw = [self._ask(question, name, e) for name, e in question.evidence.slices().items()]
        tested = [part for part in raw if part.harm_p is not None]
        adjusted = stats.holm([part.harm_p for part in tested if part.harm_p is not None])
        worse = dict(zip((part.slice for part in tested), map(float, adjusted), strict=True))
        parts = tuple(
            part
            if part.harm_p is None
            else _told(part, worse[part.slice], question.evidence, len(tested))
            for part in raw
        )
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status if tested else Status.NOT_ASSESSED,
            rejected=False,
            reading=_worst(parts),
            reason=_reason(parts),
            harm_p=min(worse.values()) if worse else None,
            parts=parts,
        )

    def _ask(self, question: Question, name: str, evidence: Evidence) -> Verdict:
        inside = Question(question.claim, question.candidate, evidence)
        try:
            estimate, harm_p = self._harm(inside)
        except NotEnoughData as error:
            refused = inside.inadmissible(Status.NOT_ASSESSED, "")
            return replace(refused, slice=name, reason=f"not assessed: {error}")
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=False,
            reading=Reading.NOT_SHOWN_WORSE,
            reason="",
            harm_p=harm_p,
            estimate=estimate,
            descriptive=evidence.descriptive(),
            slice=name,
        )

    def _harm(self, question: Question) -> tuple[Estimate, float | None]:
        if question.evidence.clusters < self.min_clusters:
            raise NotEnoughData(
                f"too few clusters: {question.evidence.clusters} of {self.min_clusters}"
            )
        less = question.difference(0.0, Alternative.LESS)
        greater = attempt(lambda: question.difference(0.0, Alternative.GREATER))
        return replace(less, low=None if greater is None else greater.low), less.p_value


def _told(part: Verdict, adjusted: float, evidence: Evidence, tested: int) -> Verdict:
    """Read one slice after the correction over slices."""
    assert part.estimate is not None
    shown = adjusted <= evidence.alpha
    reading = Reading.SHOWN_WORSE if shown else Reading.NOT_SHOWN_WORSE
    told = telling(evidence.scale)
    seen = _detectable(part.estimate, evidence, tested)
    return replace(
        part, reading=reading, reason=f"{told.interval(part.estimate)}: {reading.value}; {seen}"
    )


def _detectable(estimate: Estimate, evidence: Evidence, tested: int) -> str:
    try:
        seen = stats.detectable(estimate, alpha=evidence.alpha / tested, power=POWER)
    except NotEnoughData as error:
        return f"which harm would be shown is not known ({error})"
    return (
        f"a harm of {telling(evidence.scale).named(seen)} would be shown with "
        f"{percent(POWER)} power"
    )


def _worst(parts: Sequence[Verdict]) -> Reading:
    readings = {part.reading for part in parts}
    for reading in (Reading.SHOWN_WORSE, Reading.NOT_SHOWN_WORSE):
        if reading in readings:
            return reading
    return Reading.INADMISSIBLE


def _reason(parts: Sequence[Verdict]) -> str:
    assessed = [part for part in parts if part.status is not Status.NOT_ASSESSED]
    shown = [str(part.slice) for part in parts if part.reading is Reading.SHOWN_WORSE]
    left = len(parts) - len(assessed)
    said = f"shown worse in {listed(shown)}" if shown else "shown worse in none"
    rest = f"; {left} not assessed" if left else ""
    return f"{said} of {len(assessed)} assessed slices{rest}"
