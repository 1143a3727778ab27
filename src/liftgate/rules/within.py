"""within: the candidate's own value stays below a limit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import ClassVar

from liftgate.errors import DataError, NotEnoughData
from liftgate.protocols import Evidence, Rule
from liftgate.records import Alternative, Claim, Estimate, Reading, Status, Verdict
from liftgate.rules._reading import Question, answer, attempt, rejects
from liftgate.rules.wording import Telling, number, telling

_BY_PASSES = re.compile(r"(?:latency|ttft)_p[0-9]+(?:\.[0-9]+)?_ms")
_LEAST_PASSES = 2


def within(*, limit: float, passes: int | None = None, items: int | None = None) -> Rule:
    """Return the rule.

    Args:
        limit: the value that must not be exceeded, in the units of the metric or measure.
        passes: for a latency metric: how many separate passes over the items are measured.
        items: for a latency metric: how many items, drawn by the study's seed, make one pass;
            None: all.

    Raises:
        DataError: the limit is not finite; fewer than two passes; no items.
    """
    if isinstance(limit, bool) or not math.isfinite(limit):
        raise DataError(f"limit: got {limit}, expected a finite number")
    if passes is not None and passes < _LEAST_PASSES:
        raise DataError(
            f"passes: got {passes}, expected at least {_LEAST_PASSES}",
            hint="one pass says nothing about the next one; 7 serve up to 6 candidates at 0.05",
        )
    if items is not None and items < 1:
        raise DataError(f"items: got {items}, expected at least 1")
    return Within(limit=float(limit), planned_passes=passes, pass_items=items)


@dataclass(frozen=True)
class Within:
    """value < limit: exact for a measure, by passes for latency, by the mean for other metrics.

    Harm: the limit is exceeded beyond doubt.
    """

    limit: float
    planned_passes: int | None
    pass_items: int | None
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        question = Question(claim, candidate, evidence)
        if claim.is_measure:
            return answer(question, Status.MEASURED, self._exact)
        return answer(question, self.status, self._estimated)

    def _exact(self, question: Question) -> Verdict:
        value = question.evidence.measured()
        if not math.isfinite(value):
            raise NotEnoughData(f"{question.claim.metric} is not a finite number")
        met = value <= self.limit
        told = telling(question.evidence.scale)
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=Status.MEASURED,
            rejected=met,
            reading=Reading.MET if met else Reading.BROKEN,
            reason=f"{told.named(value)} (exact); at most {told.named(self.limit)} was needed",
            measured=value,
        )

    def _estimated(self, question: Question) -> Verdict:
        by_passes = _BY_PASSES.fullmatch(question.claim.metric) is not None
        by_passes = by_passes or self.planned_passes is not None
        ask = question.passes if by_passes else question.mean
        less = ask(self.limit, Alternative.LESS)
        if by_passes:
            self._check_passes(less)
        greater = attempt(lambda: ask(self.limit, Alternative.GREATER))
        estimate = replace(less, low=None if greater is None else greater.low)
        rejected = rejects(less, question.evidence.alpha)
        exceeded = greater is not None and rejects(greater, question.evidence.alpha)
        told = telling(question.evidence.scale)
        got = self._passes_text(estimate, told) if by_passes else self._mean_text(estimate, told)
        reading = self._read(rejected=rejected, exceeded=exceeded)
        return Verdict(
            claim=question.claim.id,
            candidate=question.candidate,
            status=self.status,
            rejected=rejected,
            reading=reading,
            reason=f"{got}: {reading.value}; below {told.named(self.limit)} was needed",
            p_value=less.p_value,
            harm_p=None if greater is None else greater.p_value,
            estimate=estimate,
        )

    def _check_passes(self, estimate: Estimate) -> None:
        if self.planned_passes is not None and estimate.n != self.planned_passes:
            raise NotEnoughData(
                f"{estimate.n} passes were measured, {self.planned_passes} were planned"
            )

    def _read(self, *, rejected: bool, exceeded: bool) -> Reading:
        if rejected:
            return Reading.WITHIN_LIMIT
        return Reading.EXCEEDED if exceeded else Reading.INCONCLUSIVE

    def _passes_text(self, estimate: Estimate, told: Telling) -> str:
        high = "unbounded" if estimate.high is None else told.amount(estimate.high)
        middle = told.amount(estimate.value)
        return f"median pass {middle}, upper limit {high} ({number(estimate.n)} separate passes)"

    def _mean_text(self, estimate: Estimate, told: Telling) -> str:
        return f"mean {told.interval(estimate, signed=False)}"
