"""A margin put to evidence, absolute or relative: shared by the rules that have one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from liftgate.records import Alternative, Estimate, Margin, Reading, Status, Verdict
from liftgate.rules._reading import (
    Position,
    Question,
    attempt,
    both_limits,
    position,
    read,
    rejects,
)
from liftgate.rules.wording import Telling, percent, telling

GREATER, LESS = Alternative.GREATER, Alternative.LESS


@dataclass(frozen=True)
class AgainstMargin:
    """A candidate's evidence against −M: the test, its harm test, and the reading."""

    lower: Estimate
    """Tests "worse by the margin or more"; larger is better."""
    harm: Estimate | None
    """Tests "not worse by more than the margin"; None: it cannot be tested."""
    shown: Estimate
    """``lower`` with the upper limit beside it."""
    at: Position
    planned: float
    """What ``lower`` estimates when the two arms are equal."""
    text: str
    """The estimate in words."""

    @property
    def reading(self) -> tuple[Reading, str]:
        """The reading, with what to add in words."""
        return read(self.at)

    @property
    def harm_p(self) -> float | None:
        """The p-value for "no harm"."""
        return None if self.harm is None else self.harm.p_value


def against_margin(question: Question, margin: Margin) -> AgainstMargin:
    """Ask whether the candidate is worse by the margin or more.

    Raises:
        NotEnoughData: the question has no admissible answer.
    """
    return _relative(question, margin.value) if margin.relative else _absolute(question, margin)


def not_below(question: Question, margin: Margin, status: Status) -> Verdict:
    """Return the verdict on "not worse by the margin or more".

    Raises:
        NotEnoughData: the question has no admissible answer.
    """
    found = against_margin(question, margin)
    reading, note = found.reading
    needed = needed_above(margin, telling(question.evidence.scale))
    return Verdict(
        claim=question.claim.id,
        candidate=question.candidate,
        status=status,
        rejected=rejects(found.lower, question.evidence.alpha),
        reading=reading,
        reason=f"{found.text}: {reading.value}{note}; {needed}",
        p_value=found.lower.p_value,
        harm_p=found.harm_p,
        estimate=found.shown,
        descriptive=question.evidence.descriptive(),
        planned=found.planned,
    )


def upper_test(question: Question, margin: Margin) -> Estimate:
    """Test "better by the margin or more": the other half of an equivalence.

    Raises:
        NotEnoughData: the question has no admissible answer.
    """
    if margin.relative:
        return question.contrast(-margin.value, LESS)
    return question.difference(margin.value, LESS)


def needed_above(margin: Margin, told: Telling) -> str:
    """Return what a lower limit had to exceed, in words."""
    if margin.relative:
        return f"a lower limit above 0 was needed (a margin of {percent(margin.value)})"
    return f"a lower limit above {told.named(-margin.value)} was needed"


def _absolute(question: Question, margin: Margin) -> AgainstMargin:
    lower = question.difference(-margin.value, GREATER)
    harm = attempt(lambda: question.difference(-margin.value, LESS))
    shown = both_limits(lower, harm)
    return AgainstMargin(
        lower=lower,
        harm=harm,
        shown=shown,
        at=_confirmed(
            position(shown.low, shown.high, margin.value),
            rejected=rejects(lower, question.evidence.alpha),
        ),
        planned=0.0,
        text=telling(question.evidence.scale).interval(shown),
    )


def _relative(question: Question, ratio: float) -> AgainstMargin:
    lower = question.contrast(ratio, GREATER)
    harm = attempt(lambda: question.contrast(ratio, LESS))
    plus = attempt(lambda: question.contrast(-ratio, LESS))
    above = question.difference(0.0, GREATER)
    below = attempt(lambda: question.difference(0.0, LESS))
    shown = both_limits(lower, harm)
    return AgainstMargin(
        lower=lower,
        harm=harm,
        shown=shown,
        at=_confirmed(
            _relative_position(shown, above, below, plus),
            rejected=rejects(lower, question.evidence.alpha),
        ),
        # With equal arms the contrast is the margin itself: ratio × baseline.
        planned=lower.value - above.value,
        text=_relative_text(question, shown, ratio),
    )


def _confirmed(at: Position, *, rejected: bool) -> Position:
    """The test decides: a reading above the margin counts only together with its rejection."""
    return replace(
        at, above_zero=at.above_zero and rejected, above_minus=at.above_minus and rejected
    )


def _relative_position(
    contrast: Estimate, above: Estimate, below: Estimate | None, plus: Estimate | None
) -> Position:
    above_minus = contrast.low is not None and contrast.low > 0
    below_minus = contrast.high is not None and contrast.high < 0
    return Position(
        above_zero=above.low is not None and above.low > 0,
        above_minus=above_minus,
        below_plus=plus is not None and plus.high is not None and plus.high < 0,
        below_zero=below is not None and below.high is not None and below.high < 0,
        below_minus=below_minus,
    )


def _relative_text(question: Question, contrast: Estimate, ratio: float) -> str:
    scale = question.evidence.scale
    lower_is_better = scale is not None and not scale.higher_is_better
    name = (
        f"{percent(1 + ratio)} of the baseline − candidate"
        if lower_is_better
        else f"candidate − {percent(1 - ratio)} of the baseline"
    )
    return f"{name}: {telling(scale).interval(contrast)}"
