"""JSON schemas of tools' arguments: the part of the language that tools are described in.

The keywords are those of JSON Schema 2020-12 (json-schema.org) that say something of a value; one
that is not known here is refused, never passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from liftgate.canon import canonical, plain
from liftgate.errors import DataError
from liftgate.records.json_value import name_of
from liftgate.scorers.label import is_number

DEEPEST = 40
_SAYS_NOTHING = frozenset(
    (
        *("title", "description", "default", "examples", "format", "deprecated", "$schema"),
        *("$id", "$comment", "$defs", "definitions", "readOnly", "writeOnly", "strict"),
    )
)
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, (list, tuple)),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": is_number,
    "integer": lambda value: is_number(value) and float(value).is_integer(),
}


def fault(value: Any, schema: Any) -> str | None:
    """Return what is wrong with a value by a schema, or None.

    Raises:
        DataError: the schema is none, or says something that is not known here.
    """
    check(schema, "schema")
    return _fault(value, schema, schema, "arguments", 0)


def check(schema: Any, place: str) -> None:
    """Refuse what is no schema, or says something that is not known here.

    Raises:
        DataError: names the place.
    """
    plain(schema, place=place)
    _check(schema, schema, place, 0)


def _check(schema: Any, root: Any, place: str, depth: int) -> None:
    if depth > DEEPEST:
        raise DataError(f"{place}: is nested more than {DEEPEST} deep")
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise DataError(f"{place}: got {name_of(schema)}, expected a JSON schema")
    for key, said in schema.items():
        here = f"{place}.{key}"
        if key in _SAYS_NOTHING:
            continue
        if key not in _WELL_FORMED:
            raise DataError(f"{here}: a keyword that is not judged here")
        if not _WELL_FORMED[key](said):
            raise DataError(f"{here}: got {said!r}, expected what JSON Schema says of {key!r}")
    if "$ref" in schema:
        _referred(schema["$ref"], root, f"{place}.$ref")
    for name, inner in _inner(schema):
        _check(inner, root, f"{place}.{name}", depth + 1)
    for store in ("$defs", "definitions"):
        for name, inner in (schema.get(store) or {}).items():
            _check(inner, root, f"{place}.{store}.{name}", depth + 1)


def _inner(schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the schemas inside a schema, with their places."""
    found: list[tuple[str, Any]] = [
        (key, schema[key]) for key in ("items", "additionalProperties", "not") if key in schema
    ]
    found += [(f"properties.{name}", one) for name, one in schema.get("properties", {}).items()]
    for key in ("anyOf", "oneOf", "allOf"):
        found += [(f"{key}[{number}]", one) for number, one in enumerate(schema.get(key, ()))]
    return found


def _referred(reference: str, root: Any, place: str) -> Any:
    found = root
    for written in reference.removeprefix("#/").split("/"):
        part = written.replace("~1", "/").replace("~0", "~")
        if not reference.startswith("#/") or not isinstance(found, Mapping) or part not in found:
            raise DataError(f"{place}: got {reference!r}, expected a place inside the schema")
        found = found[part]
    return found


def _fault(value: Any, schema: Any, root: Any, place: str, depth: int) -> str | None:
    if depth > DEEPEST:
        raise DataError(f"{place}: the schema refers to itself, or is too deep")
    if isinstance(schema, bool):
        return None if schema else f"{place}: nothing is allowed here"
    if "$ref" in schema:
        inner = _referred(schema["$ref"], root, place)
        found = _fault(value, inner, root, place, depth + 1)
        if found is not None:
            return found
    for key, judge in _JUDGES.items():
        if key in schema and not judge(value, schema[key]):
            return f"{place}: got {name_of(value)}, which {key} {str(schema[key])[:80]} refuses"
    return (
        _members(value, schema, root, place, depth)
        or _elements(value, schema, root, place, depth)
        or _joined(value, schema, root, place, depth)
    )


def _members(
    value: Any, schema: Mapping[str, Any], root: Any, place: str, depth: int
) -> str | None:
    if not isinstance(value, Mapping):
        return None
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{place}: {name} is missing"
    for name, one in value.items():
        inner = properties.get(name, schema.get("additionalProperties", True))
        found = _fault(one, inner, root, f"{place}.{name}", depth + 1)
        if found is not None:
            return found
    return None


def _elements(
    value: Any, schema: Mapping[str, Any], root: Any, place: str, depth: int
) -> str | None:
    if not isinstance(value, (list, tuple)) or "items" not in schema:
        return None
    found = (
        _fault(one, schema["items"], root, f"{place}[{number}]", depth + 1)
        for number, one in enumerate(value)
    )
    return next((one for one in found if one is not None), None)


def _joined(value: Any, schema: Mapping[str, Any], root: Any, place: str, depth: int) -> str | None:
    def passing(key: str) -> int:
        faults = (_fault(value, one, root, place, depth + 1) for one in schema[key])
        return sum(one is None for one in faults)

    if "anyOf" in schema and not passing("anyOf"):
        return f"{place}: is none of anyOf"
    if "oneOf" in schema and passing("oneOf") != 1:
        return f"{place}: is not exactly one of oneOf"
    if "allOf" in schema and passing("allOf") < len(schema["allOf"]):
        return f"{place}: is not all of allOf"
    if "not" in schema and _fault(value, schema["not"], root, place, depth + 1) is None:
        return f"{place}: is what not refuses"
    return None


def _is_type(value: Any, said: Any) -> bool:
    return any(_TYPES[name](value) for name in ([said] if isinstance(said, str) else said))


def _unique(values: Sequence[Any]) -> bool:
    return len({canonical(value) for value in values}) == len(values)


def _equal(first: Any, second: Any) -> bool:
    return canonical(first) == canonical(second)


def _of_number(judge: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, said: not is_number(value) or judge(value, said)


def _of_size(kinds: Any, judge: Callable[[int, int], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, said: not isinstance(value, kinds) or judge(len(value), said)


def _at_least(found: Any, said: Any) -> bool:
    return bool(found >= said)


def _at_most(found: Any, said: Any) -> bool:
    return bool(found <= said)


_LISTS = (list, tuple)
_JUDGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": _is_type,
    "enum": lambda value, said: any(_equal(value, one) for one in said),
    "const": _equal,
    "minimum": _of_number(_at_least),
    "maximum": _of_number(_at_most),
    "exclusiveMinimum": _of_number(lambda value, said: value > said),
    "exclusiveMaximum": _of_number(lambda value, said: value < said),
    "multipleOf": _of_number(lambda value, said: float(value / said).is_integer()),
    "minLength": _of_size(str, _at_least),
    "maxLength": _of_size(str, _at_most),
    "minItems": _of_size(_LISTS, _at_least),
    "maxItems": _of_size(_LISTS, _at_most),
    "minProperties": _of_size(Mapping, _at_least),
    "maxProperties": _of_size(Mapping, _at_most),
    "pattern": lambda value, said: not isinstance(value, str) or bool(re.search(said, value)),
    "uniqueItems": lambda value, said: not (said and isinstance(value, _LISTS)) or _unique(value),
}


def _is_count(said: Any) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and said >= 0


def _is_finite(said: Any) -> bool:
    return is_number(said) and math.isfinite(said)


def _is_pattern(said: Any) -> bool:
    try:
        return isinstance(said, str) and re.compile(said) is not None
    except re.error:
        return False


def _is_types(said: Any) -> bool:
    listed = [said] if isinstance(said, str) else said
    return (
        isinstance(listed, list)
        and bool(listed)
        and all(isinstance(name, str) and name in _TYPES for name in listed)
    )


def _is_names(said: Any) -> bool:
    return isinstance(said, list) and all(isinstance(name, str) for name in said)


def _is_list(said: Any) -> bool:
    return isinstance(said, list) and bool(said)


def _is_anything(said: Any) -> bool:  # noqa: ARG001 - inner schemas are checked by themselves
    return True


_WELL_FORMED: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_types,
    "enum": _is_list,
    "const": _is_anything,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_finite),
    "multipleOf": lambda said: _is_finite(said) and said > 0,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
    "pattern": _is_pattern,
    "uniqueItems": lambda said: isinstance(said, bool),
    "required": _is_names,
    "properties": lambda said: isinstance(said, Mapping),
    **dict.fromkeys(("items", "additionalProperties", "not"), _is_anything),
    **dict.fromkeys(("anyOf", "oneOf", "allOf"), _is_list),
    "$ref": lambda said: isinstance(said, str),
}
