"""Scorers of what an agent did: rules over its trace, and counts of its steps.

Of one name for one idea: an *action* is a tool call that was tried; a rule is broken by it or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from liftgate.errors import DataError
from liftgate.records import Answer, Item, Missing, Scale, ScoreKind, StepKind, Trace
from liftgate.scorers.label import BINARY
from liftgate.scorers.traces.actions import ANY_CALL, Action, Undecided, read_action
from liftgate.scorers.traces.rules import Rule, read_rules, tally

__all__ = ["TraceCount", "TraceRules", "trace_count", "trace_rules"]

NO_TRACE = Missing("the system gave no trace")
Counted = Literal[
    "steps",
    "tool_calls",
    "model_calls",
    "errors",
    "tokens",
    "seconds",
    "violations",
    "opportunities",
]
COUNT = Scale(ScoreKind.UNBOUNDED, low=0.0, higher_is_better=False)


def trace_rules(*, rules: list[dict[str, Any]]) -> TraceRules:
    """1 when the trace keeps every rule, else 0; missing without a trace, or where it is silent.

    Args:
        rules: each one of ``never: ACTION`` (with ``before: ACTION``, ``same: [arguments]`` and
            ``per: ACTION``), ``require: ACTION`` (``times: n``), ``at_most: n`` (``of: ACTION``),
            ``valid_calls: true`` or schemas by tool. An ACTION is a tool's name, or
            ``{tool: …, where: {argument: {above: 100}}}``.

    Raises:
        DataError: a rule of another form; names the place.
    """
    return TraceRules(read_rules(rules, "rules"))


def trace_count(
    *,
    of: Counted = "steps",
    action: dict[str, Any] | str | None = None,
    rules: list[dict[str, Any]] | None = None,
) -> TraceCount:
    """How many steps, calls, tokens, seconds, or violations of rules there are in the trace.

    Args:
        of: what is counted. ``violations`` and ``opportunities`` are those of the rules; tokens and
            seconds are summed over the steps and missing where a step does not say them.
        action: of ``tool_calls``, count only these; a tool's name, or as in ``trace_rules``.
        rules: as in ``trace_rules``.

    Raises:
        DataError: a rule or action of another form, or one where none is used.
    """
    uses_rules = of in ("violations", "opportunities")
    if uses_rules != (rules is not None):
        raise DataError(f"rules: are needed for violations and opportunities alone, got of: {of}")
    if action is not None and of != "tool_calls":
        raise DataError(f"action: expected only with of: tool_calls, got of: {of}")
    wanted = ANY_CALL if action is None else read_action(action, "action")
    return TraceCount(of, wanted, read_rules(rules, "rules") if rules is not None else ())


class TraceRules:
    """Says whether a trace keeps its rules."""

    version = "1"
    needs_trace = True

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return BINARY

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; missing where the trace does not say enough."""
        if answer.trace is None:
            return NO_TRACE
        try:
            return float(tally(self._rules, answer.trace).broken == 0)
        except Undecided as why:
            return Missing(str(why))


class TraceCount:
    """Counts in a trace."""

    version = "1"
    needs_trace = True

    def __init__(self, of: Counted, action: Action, rules: tuple[Rule, ...]) -> None:
        self._of = of
        self._action = action
        self._rules = rules

    def scale(self, items: Sequence[Item]) -> Scale:
        """Unbounded, from 0 on; fewer is better."""
        return COUNT

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return the count; missing where the trace does not say enough."""
        if answer.trace is None:
            return NO_TRACE
        try:
            return float(self._count(answer.trace))
        except Undecided as why:
            return Missing(str(why))

    def _count(self, trace: Trace) -> float:
        if self._of in _COUNTS:
            return _COUNTS[self._of](trace)
        if self._of == "tool_calls":
            return sum(self._action.finds(step, n) for n, step in enumerate(trace.steps, 1))
        found = tally(self._rules, trace)
        return found.broken if self._of == "violations" else found.opportunities


def _tokens(trace: Trace) -> float:
    calls = [step for step in trace.steps if step.kind in _USES_TOKENS]
    silent = [step for step in calls if step.tokens_in is None or step.tokens_out is None]
    if silent:
        raise Undecided(f"{len(silent)} of {len(calls)} model calls do not say their tokens")
    return sum((step.tokens_in or 0) + (step.tokens_out or 0) for step in trace.steps)


def _seconds(trace: Trace) -> float:
    silent = sum(step.seconds is None for step in trace.steps)
    if silent:
        raise Undecided(f"{silent} of {len(trace.steps)} steps do not say how long they took")
    return sum(step.seconds or 0.0 for step in trace.steps)


_USES_TOKENS = (StepKind.MODEL, StepKind.GENERATION)
_COUNTS: Mapping[str, Callable[[Trace], float]] = {
    "steps": lambda trace: len(trace.steps),
    "model_calls": lambda trace: sum(step.kind in _USES_TOKENS for step in trace.steps),
    "errors": lambda trace: sum(step.error is not None for step in trace.steps),
    "tokens": _tokens,
    "seconds": _seconds,
}
