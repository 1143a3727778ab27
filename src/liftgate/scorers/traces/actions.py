"""Actions: which calls of a trace are meant, by tool and by arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from liftgate.canon import canonical
from liftgate.errors import DataError, did_you_mean
from liftgate.records import Json, Step, StepKind
from liftgate.records.json_value import name_of
from liftgate.scorers.label import is_number

_ABSENT = object()


class Undecided(Exception):
    """A trace does not say what a rule needs to know; no guess is made."""


@dataclass(frozen=True)
class Condition:
    """One test of one argument."""

    path: str
    test: str
    operand: Any

    def holds(self, arguments: Mapping[str, Json], place: str) -> bool:
        """Say whether the argument passes. One that is absent only passes ``given: false``.

        Raises:
            Undecided: it is of a type that the test cannot compare.
        """
        value = _at(arguments, self.path)
        if self.test == "given":
            return (value is not _ABSENT) is self.operand
        if value is _ABSENT:
            return False
        try:
            return _TESTS[self.test](value, self.operand)
        except TypeError as error:
            raise Undecided(f"{place}: {self.path}: {error}") from error


@dataclass(frozen=True)
class Action:
    """A kind of call: a tool by name or pattern, and what must hold of its arguments."""

    tools: tuple[str, ...] = ("*",)
    """Names, in which ``*`` and ``?`` stand for any characters or one."""
    where: tuple[Condition, ...] = ()
    kind: StepKind = StepKind.TOOL

    def finds(self, step: Step, number: int) -> bool:
        """Say whether a step, by its number from 1, is such a call; it may have failed.

        Raises:
            Undecided: its arguments cannot be compared, or could not be read.
        """
        if not self.names(step):
            return False
        if not self.where:
            return True
        place = f"step {number}, {step.name}"
        if not isinstance(step.input, Mapping):
            raise Undecided(f"{place}: its arguments are not known by name")
        return all(condition.holds(step.input, place) for condition in self.where)

    def names(self, step: Step) -> bool:
        """Say whether a step is a call of the tool, whatever its arguments."""
        named = any(fnmatchcase(step.name, pattern) for pattern in self.tools)
        return step.kind is self.kind and named

    def plain(self) -> Action:
        """Return the same action without conditions on arguments."""
        return Action(self.tools, (), self.kind)


ANY_CALL = Action()


def read_action(value: object, place: str) -> Action:
    """Read an action: a tool's name, or ``{tool: …, where: {argument: test}, kind: …}``.

    Raises:
        DataError: it has another form; names the place.
    """
    if isinstance(value, str):
        return Action(tools=(_name(value, place),))
    found = members(value, place, ("tool", "where", "kind"), "a tool's name or a mapping")
    if not found:
        raise DataError(f"{place}: got nothing, expected a tool, conditions or a kind")
    tools = found.get("tool", "*")
    listed = tools if isinstance(tools, (list, tuple)) else [tools]
    if not listed:
        raise DataError(f"{place}.tool: got no name, expected at least one")
    kind = found.get("kind", StepKind.TOOL.value)
    if not isinstance(kind, str) or kind not in set(StepKind):
        raise DataError(f"{place}.kind: got {kind!r}, expected one of: {', '.join(StepKind)}")
    where = members(found.get("where", {}), f"{place}.where", None, "tests by argument")
    return Action(
        tools=tuple(_name(tool, f"{place}.tool") for tool in listed),
        where=tuple(
            one for path, test in where.items() for one in _conditions(path, test, f"{place}.where")
        ),
        kind=StepKind(kind),
    )


def members(
    value: object, place: str, known: Sequence[str] | None, expected: str
) -> Mapping[str, Any]:
    """Return a mapping whose keys are known.

    Raises:
        DataError: it is none, or has another key.
    """
    if not isinstance(value, Mapping):
        raise DataError(f"{place}: got {name_of(value)}, expected {expected}")
    for key in value:
        if not isinstance(key, str) or (known is not None and key not in known):
            near = did_you_mean(str(key), known or ())
            guess = f"did you mean {near!r}?" if near else f"known: {', '.join(known or ())}"
            raise DataError(f"{place}.{key}: unknown key {key!r} ({guess})")
    return value


def _name(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise DataError(f"{place}: got {value!r}, expected a tool's name")
    return value


def _conditions(path: str, test: object, place: str) -> list[Condition]:
    place = f"{place}.{path}"
    if not isinstance(test, Mapping):
        return [Condition(path, "is", _operand("is", test, place))]
    if not test:
        raise DataError(f"{place}: got no test, expected one of: {', '.join(_OPERANDS)}")
    found = members(test, place, tuple(_OPERANDS), "a value or a test")
    return [
        Condition(path, name, _operand(name, operand, f"{place}.{name}"))
        for name, operand in found.items()
    ]


def _operand(test: str, value: Any, place: str) -> Any:
    right, expected = _OPERANDS[test]
    if not right(value):
        raise DataError(f"{place}: got {value!r}, expected {expected}")
    if test != "matches":
        return value
    try:
        return re.compile(value)
    except re.error as error:
        raise DataError(
            f"{place}: got {value!r}, expected a regular expression: {error}"
        ) from error


def _at(arguments: Mapping[str, Json], path: str) -> Any:
    """Return an argument; a dot leads into a mapping, unless the whole name is an argument's."""
    if path in arguments:
        return arguments[path]
    found: Any = arguments
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _ABSENT
        found = found[part]
    return found


def same(first: Json, second: Json) -> bool:
    """Say whether two JSON values are the same; 1 and 1.0 are."""
    return canonical(first) == canonical(second)


def agree(first: Step, second: Step, names: Sequence[str]) -> bool:
    """Say whether two calls have the same values of some arguments; absent ones agree with none."""
    if not isinstance(first.input, Mapping) or not isinstance(second.input, Mapping):
        return not names
    pairs = ((_at(first.input, name), _at(second.input, name)) for name in names)
    return all(_ABSENT not in (a, b) and same(a, b) for a, b in pairs)


def _number(value: Any) -> float:
    """Read a number, also from text: an agent must not pass a limit by writing it in quotes."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise TypeError(f"got the text {value[:40]!r}, expected a number to compare") from None
    if not is_number(value) or not math.isfinite(value):
        raise TypeError(f"got {name_of(value)}, expected a number to compare")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {name_of(value)}, expected text to search")
    return value


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": same,
    "is_not": lambda value, operand: not same(value, operand),
    "one_of": lambda value, operand: any(same(value, one) for one in operand),
    "above": lambda value, operand: _number(value) > operand,
    "at_least": lambda value, operand: _number(value) >= operand,
    "below": lambda value, operand: _number(value) < operand,
    "at_most": lambda value, operand: _number(value) <= operand,
    "contains": lambda value, operand: operand in _text(value),
    "matches": lambda value, operand: operand.search(_text(value)) is not None,
}


def _is_finite(value: object) -> bool:
    return is_number(value) and math.isfinite(value)  # type: ignore[arg-type]


def _is_value(value: object) -> bool:
    return value is None or isinstance(value, (bool, str)) or _is_finite(value)


_NUMBER = (_is_finite, "a finite number")
_SOME_TEXT = (lambda value: isinstance(value, str) and bool(value), "text")
_SCALAR = (
    _is_value,
    "text, a number, true, false or null; or a mapping with a test",
)
_OPERANDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "is": _SCALAR,
    "is_not": _SCALAR,
    "one_of": (
        lambda value: (
            isinstance(value, (list, tuple)) and bool(value) and all(map(_is_value, value))
        ),
        "a list of values",
    ),
    "above": _NUMBER,
    "at_least": _NUMBER,
    "below": _NUMBER,
    "at_most": _NUMBER,
    "contains": _SOME_TEXT,
    "matches": _SOME_TEXT,
    "given": (lambda value: isinstance(value, bool), "true or false"),
}
