"""What is wrong with a value, in our words: from pydantic's errors to got, expected, did you mean.

Every model for a file that people write derives from ``Node``; it reports its problems closest to
the data, so that a nested problem keeps its path and its wording on the way up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from liftgate.errors import did_you_mean
from liftgate.study.source import Path

_KIND = "liftgate"
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing",
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
_TYPES = {
    str(str): "text",
    str(int): "a whole number",
    str(float): "a number",
    str(bool): "true or false",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong, not yet in a file."""

    path: Path
    message: str
    suggestion: str = ""
    on_key: bool = False
    """Whether the key itself is wrong, not its value."""

    def under(self, *parents: str | int) -> Problem:
        """Return the same problem seen from further up."""
        return replace(self, path=(*parents, *self.path))


class Node(BaseModel):
    """A mapping in a file for people: unknown keys are fatal, nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Return the fields as they are to be checked, with the problems found on the way."""
        return given, []

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        found: list[Problem] = []
        value = given
        if isinstance(given, Mapping):
            value, found = cls.prepare(given)
        try:
            node = handler(value)
        except ValidationError as error:
            raise as_error(cls, [*found, *_translate(error, value, cls)]) from None
        if found:
            raise as_error(cls, found)
        return node


def as_error(model: type[BaseModel], problems: Iterable[Problem]) -> ValidationError:
    """Return problems as pydantic's error, which carries them up to the outer model."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError(
                _KIND,
                "{message}",
                {"message": p.message, "suggestion": p.suggestion, "on_key": p.on_key},
            ),
            loc=p.path,
            input=None,
        )
        for p in problems
    ]
    return ValidationError.from_exception_data(model.__name__, details)


def problems_of(error: ValidationError, given: Any, model: type[BaseModel]) -> list[Problem]:
    """Return the problems of a failed validation, those of nested nodes included.

    Args:
        error: what pydantic raised.
        given: the value that was validated.
        model: the model that refused it; its fields are the known keys.
    """
    return _translate(error, given, model)


def describe(value: Any) -> str:
    """Return how a message names a value that was got."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "…")
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return type(value).__name__


def known_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a model declares, as they are written."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


def _translate(error: ValidationError, given: Any, model: type[BaseModel]) -> list[Problem]:
    found: dict[Path, list[Problem]] = {}
    for detail in error.errors(include_url=False):
        problem = _problem(dict(detail), given, model)
        found.setdefault(problem.path, []).append(problem)
    return [joined for group in found.values() for joined in _joined(group)]


def _joined(group: list[Problem]) -> list[Problem]:
    """Several alternatives of one place, as a union type gives them, become one problem."""
    heads = {p.message.partition(", expected ")[0] for p in group}
    tails = [p.message.partition(", expected ")[2] for p in group]
    if len(group) == 1 or len(heads) > 1 or not all(tails):
        return group
    message = f"{heads.pop()}, expected {' or '.join(dict.fromkeys(tails))}"
    return [replace(group[0], message=message)]


def _problem(detail: dict[str, Any], given: Any, model: type[BaseModel]) -> Problem:
    kind, loc, context = detail["type"], tuple(detail["loc"]), detail.get("ctx", {})
    if kind == _KIND:
        return Problem(loc, context["message"], context["suggestion"], context["on_key"])
    if kind == "missing":
        return Problem(loc, f"not given; expected {_wanted(loc, model)}")
    if kind == "extra_forbidden":
        return unknown_key(loc, known_keys(model))
    path = _existing(loc, given)
    on_key = loc[-1:] == ("[key]",)
    if kind in ("value_error", "assertion_error"):
        return Problem(path, str(context.get("error", detail["msg"])), on_key=on_key)
    got = describe(detail["input"])
    if kind not in _EXPECTED:
        return Problem(path, f"got {got}; {detail['msg']}")
    expected = _EXPECTED[kind].format(**context)
    return Problem(path, f"got {got}, expected {expected}", _near(detail["input"], expected))


def unknown_key(path: Path, known: Iterable[str]) -> Problem:
    """Return the problem of a key that nothing reads, with what could have been meant."""
    known = sorted(known)
    listed = ", ".join(known) or "none"
    key = str(path[-1])
    return Problem(
        path, f"unknown key {key!r}; known here: {listed}", did_you_mean(key, known), on_key=True
    )


def _wanted(loc: Path, model: type[BaseModel]) -> str:
    for name, info in model.model_fields.items():
        if len(loc) == 1 and (info.alias or name) == loc[0]:
            return info.description or _TYPES.get(str(info.annotation), "a value")
    return "a value"


def _existing(loc: Path, given: Any) -> Path:
    """Cut the names that pydantic adds for a union's members or a mapping's keys."""
    here = given
    for depth, part in enumerate(loc):
        try:
            here = getattr(here, str(part)) if isinstance(here, BaseModel) else here[part]
        except (AttributeError, LookupError, TypeError):
            return loc[:depth]
    return loc


def _near(got: Any, expected: str) -> str:
    if not isinstance(got, str) or "'" not in expected:
        return ""
    return did_you_mean(got, expected.split("'")[1::2])
