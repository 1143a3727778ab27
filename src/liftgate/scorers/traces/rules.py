"""Rules over a trace: what must never, must, or may only so often be done, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from liftgate.errors import DataError
from liftgate.records import UNREAD, Json, Step, Trace
from liftgate.scorers.traces import schema
from liftgate.scorers.traces.actions import (
    ANY_CALL,
    Action,
    Undecided,
    agree,
    members,
    read_action,
)


@dataclass(frozen=True)
class Tally:
    """What one rule finds in one trace."""

    broken: int
    """How often it was broken."""
    opportunities: int
    """How often it could have been."""


class Rule(Protocol):
    """One rule."""

    def tally(self, trace: Trace) -> Tally:
        """Count.

        Raises:
            Undecided: the trace does not say enough.
        """
        ...


@dataclass(frozen=True)
class Never:
    """An action is never done, or not before another one has succeeded."""

    action: Action
    before: Action | None
    same: tuple[str, ...]
    """Arguments that the earlier call must share."""
    per: Action
    """What counts as an opportunity."""

    def tally(self, trace: Trace) -> Tally:
        """Count forbidden calls, attempts included."""
        broken = chances = 0
        for number, step in enumerate(trace.steps, 1):
            chances += self.per.finds(step, number)
            if self.action.finds(step, number):
                broken += not self._allowed(trace, number, step)
        return Tally(broken, max(chances, broken))

    def _allowed(self, trace: Trace, number: int, step: Step) -> bool:
        if self.before is None:
            return False
        earlier = enumerate(trace.steps[: number - 1], 1)
        return any(
            one.error is None and self.before.finds(one, at) and agree(one, step, self.same)
            for at, one in earlier
        )


@dataclass(frozen=True)
class Require:
    """An action succeeds at least so often."""

    action: Action
    times: int

    def tally(self, trace: Trace) -> Tally:
        """Count 1 when it did not."""
        done = sum(
            step.error is None and self.action.finds(step, number)
            for number, step in enumerate(trace.steps, 1)
        )
        return Tally(int(done < self.times), 1)


@dataclass(frozen=True)
class AtMost:
    """An action is done, or tried, at most so often."""

    times: int
    action: Action

    def tally(self, trace: Trace) -> Tally:
        """Count the calls beyond it."""
        calls = enumerate(trace.steps, 1)
        count = sum(self.action.finds(step, number) for number, step in calls)
        return Tally(max(count - self.times, 0), max(count, 1))


@dataclass(frozen=True)
class ValidCalls:
    """Every tool call is one of a tool that was offered, with arguments of its schema."""

    tools: Mapping[str, Json] | None
    """Name -> JSON schema of the arguments; None: those that the trace recorded."""

    def tally(self, trace: Trace) -> Tally:
        """Count the calls that are not."""
        calls = [(n, s) for n, s in enumerate(trace.steps, 1) if ANY_CALL.names(s)]
        tools = trace.tools if self.tools is None else self.tools
        if calls and not tools:
            raise Undecided("which tools were offered is not known")
        broken = sum(self._fault(step, number, tools) is not None for number, step in calls)
        return Tally(broken, len(calls))

    @staticmethod
    def _fault(step: Step, number: int, tools: Mapping[str, Json]) -> str | None:
        if step.name not in tools:
            return "no such tool"
        if UNREAD in step.metadata:
            return str(step.metadata[UNREAD])
        offered = tools[step.name]
        if offered is None:
            return None
        try:
            return schema.fault(step.input, offered)
        except DataError as error:
            place = f"step {number}, {step.name}: its recorded schema cannot be used"
            raise Undecided(f"{place}: {error}") from error


def read_rules(value: object, place: str) -> tuple[Rule, ...]:
    """Read a list of rules.

    Raises:
        DataError: a rule has another form; names the place.
    """
    if not isinstance(value, (list, tuple)) or not value:
        raise DataError(f"{place}: got {value!r}, expected a list of at least one rule")
    return tuple(_rule(one, f"{place}[{number}]") for number, one in enumerate(value))


def tally(rules: tuple[Rule, ...], trace: Trace) -> Tally:
    """Add up what rules find in a trace."""
    found = [rule.tally(trace) for rule in rules]
    return Tally(sum(one.broken for one in found), sum(one.opportunities for one in found))


_BESIDE = {
    "never": ("before", "same", "per"),
    "require": ("times",),
    "at_most": ("of",),
    "valid_calls": (),
}
_EVERY = (*_BESIDE, *(name for names in _BESIDE.values() for name in names))


def _rule(value: object, place: str) -> Rule:
    found = members(value, place, _EVERY, f"a rule with one of: {', '.join(_BESIDE)}")
    verbs = [verb for verb in _BESIDE if verb in found]
    if len(verbs) != 1:
        got = " and ".join(verbs) or "none of them"
        raise DataError(f"{place}: got {got}, expected exactly one of: {', '.join(_BESIDE)}")
    verb = verbs[0]
    for key in found:
        if key not in {verb, *_BESIDE[verb]}:
            raise DataError(f"{place}.{key}: does not belong to {verb!r}")
    return _READERS[verb](found, place)


def _never(found: Mapping[str, Any], place: str) -> Rule:
    action = read_action(found["never"], f"{place}.never")
    before = None
    if "before" in found:
        before = read_action(found["before"], f"{place}.before")
    shared = found.get("same", ())
    listed = [shared] if isinstance(shared, str) else shared
    if not isinstance(listed, (list, tuple)) or not all(isinstance(n, str) and n for n in listed):
        raise DataError(f"{place}.same: got {shared!r}, expected names of arguments")
    if listed and before is None:
        raise DataError(f"{place}.same: compares with the call that 'before' names; expected it")
    per = read_action(found["per"], f"{place}.per") if "per" in found else action.plain()
    return Never(action, before, tuple(listed), per)


def _require(found: Mapping[str, Any], place: str) -> Rule:
    times = _whole(found.get("times", 1), f"{place}.times", least=1)
    return Require(read_action(found["require"], f"{place}.require"), times)


def _at_most(found: Mapping[str, Any], place: str) -> Rule:
    action = read_action(found["of"], f"{place}.of") if "of" in found else ANY_CALL
    return AtMost(_whole(found["at_most"], f"{place}.at_most", least=0), action)


def _valid_calls(found: Mapping[str, Any], place: str) -> Rule:
    given = found["valid_calls"]
    if given is True:
        return ValidCalls(None)
    expected = "true, for the tools that the trace recorded, or schemas by the tool's name"
    tools = members(given, f"{place}.valid_calls", None, expected)
    if not tools:
        raise DataError(f"{place}.valid_calls: got no tools, expected {expected}")
    for name, one in tools.items():
        if one is not None:
            schema.check(one, f"{place}.valid_calls.{name}")
    return ValidCalls(tools)


_READERS = {
    "never": _never,
    "require": _require,
    "at_most": _at_most,
    "valid_calls": _valid_calls,
}


def _whole(value: object, place: str, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DataError(f"{place}: got {value!r}, expected a whole number of at least {least}")
    return value
