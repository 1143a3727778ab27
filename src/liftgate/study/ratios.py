"""The section of a study file that makes metrics of two: ratios of sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from liftgate.errors import did_you_mean
from liftgate.protocols import PairJudge
from liftgate.records import STATEMENTS, TAKEN, Ratio, Rubric, RubricUnit, Scale
from liftgate.study.problems import Node, Problem
from liftgate.study.values import MetricName

_End = Annotated[float, Field(ge=0)]
_Most = Annotated[float, Field(gt=0)]


class RatioPlan(Node):
    """One metric: the sum of ``of`` over all tries, divided by the sum of ``per``."""

    of: MetricName = Field(
        description="what is added up above the line: a scorer's name in this study, or cost, "
        "seconds, tokens_in, tokens_out"
    )
    per: MetricName = Field(
        description="what is added up below the line: a scorer's name, cost, seconds, tokens_in, "
        "tokens_out, or statements: those that the judge of 'of' rated"
    )
    range: Annotated[tuple[_End, _End], Field(strict=False)] | None = Field(
        default=None, description="the ends of one try's own ratio, e.g. [0, 1]; unbounded if none"
    )
    most: _Most | None = Field(
        default=None,
        description="the most that 'of' can be in one try: what a missing one counts at worst",
    )
    most_per: _Most | None = Field(
        default=None,
        description="the most that 'per' can be in one try: what a missing one counts at worst",
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check that both sides differ, and that a range has a width."""
        found = []
        if isinstance(given.get("of"), str) and given["of"] == given.get("per"):
            found.append(
                Problem(("per",), f"got {given['per']!r}, which 'of' is, expected another")
            )
        span = given.get("range")
        if isinstance(span, (list, tuple)) and len(span) == 2:
            low, high = span
            numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in span)
            if numbers and not low < high:
                found.append(
                    Problem(("range",), f"got {low:g} to {high:g}, expected the lower end first")
                )
        if given.get("per") == STATEMENTS and span is not None:
            message = "statements have the range of their judge's scale, expected none here"
            found.append(Problem(("range",), message, on_key=True))
        return given, found

    def ratio(self, name: str) -> Ratio:
        """Return the ratio as a record."""
        span = None if self.range is None else (float(self.range[0]), float(self.range[1]))
        return Ratio(name, self.of, self.per, span, self.most, self.most_per)


def ratio_problems(
    plans: Mapping[str, RatioPlan | None],
    metrics: tuple[str, ...],
    *,
    judged: frozenset[str],
    joined: frozenset[str],
) -> Iterator[Problem]:
    """Yield what is wrong between a study's ratios and its scorers.

    Args:
        plans: name -> plan; None for one that could not be read.
        metrics: the scorers' names.
        judged: metrics that a judge scores.
        joined: metrics that join the repeats of an item.
    """
    for name, plan in plans.items():
        if name in metrics or name in (*TAKEN, STATEMENTS):
            taken = "a scorer has it" if name in metrics else "liftgate has it"
            message = f"the name {name!r} is taken, {taken}; expected another"
            yield Problem(("ratios", name), message, on_key=True)
        for problem in () if plan is None else _sides(plan, metrics, judged, joined):
            yield problem.under("ratios", name)


def _sides(
    plan: RatioPlan, metrics: tuple[str, ...], judged: frozenset[str], joined: frozenset[str]
) -> Iterator[Problem]:
    for key, side in (("of", plan.of), ("per", plan.per)):
        others = TAKEN if key == "of" else (*TAKEN, STATEMENTS)
        if side not in metrics and side not in others:
            yield Problem(
                (key,),
                f"got {side!r}, expected one of scorers ({', '.join(metrics) or 'none'}) or one of "
                f"{', '.join(others)}",
                did_you_mean(side, [*metrics, *others]),
            )
        if side in joined:
            message = f"{side} joins an item's repeats, and a ratio adds up every try of its own"
            yield Problem((key,), message)
    if plan.per == STATEMENTS and STATEMENTS not in metrics and plan.of not in judged:
        message = f"got {STATEMENTS}, which only a judge of statements counts; 'of' is {plan.of!r}"
        yield Problem(("per",), message)


def ratio_faults(
    ratio: Ratio, made: Mapping[str, Any], scales: Mapping[str, Scale]
) -> Iterator[tuple[str, str]]:
    """Yield the key and what is wrong where a ratio's sides cannot be added up.

    Args:
        ratio: one of the study's.
        made: metric -> scorer.
        scales: metric -> scale of its scores.
    """
    for key, side in (("of", ratio.of), ("per", ratio.per)):
        if isinstance(made.get(side), PairJudge):
            yield key, f"{side} compares two answers: it is no amount of one of them"
    below = scales.get(ratio.per)
    if below is not None and (below.low is None or below.low < 0):
        low = "no least value" if below.low is None else f"values from {below.low:g}"
        yield "per", f"{ratio.per} has {low}, expected a count or an amount, 0 or more"
    if ratio.per != STATEMENTS or STATEMENTS in scales:
        return
    rubric = getattr(made.get(ratio.of), "rubric", None)
    if not isinstance(rubric, Rubric) or rubric.unit is not RubricUnit.STATEMENT:
        yield "per", f"the judge of {ratio.of} rates whole answers: it counts no statements"
    elif rubric.scale.low < 0:
        yield "of", f"the scale of {ratio.of} starts at {rubric.scale.low:g}, expected 0 or more"


def ratio_claim(name: str, rule: str, plan: str | None) -> Iterator[Problem]:
    """Yield what a claim about a ratio asks for that has no method.

    Args:
        name: the ratio's.
        rule: of the claim.
        plan: the stopping plan; None: not given.
    """
    if plan == "anytime":
        yield Problem(
            ("metric",),
            f"{name} is a ratio of sums, for which no test holds at unlimited looks; expected "
            "stopping: {plan: fixed} or {plan: planned-looks}",
        )
    elif plan == "planned-looks" and rule == "within":
        yield Problem(
            ("metric",),
            f"{name} is a ratio of sums, whose own value is looked at once; expected stopping: "
            "{plan: fixed}, or a claim that compares two arms",
        )
