"""A plug-in's parameters, checked by its factory's own signature.

The keyword parameters of a factory, with their annotations, are the grammar of its node: built-in
and foreign plug-ins are checked alike. Bounds belong into the annotation
(``Annotated[float, Gt(0)]``), where editors see them too; what a factory itself refuses by
``ValueError``, ``TypeError`` or a ``LiftgateError`` becomes a problem at the node as well.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from liftgate import plugins
from liftgate.canon import plain
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.study.problems import Problem, problems_of

_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


_PLACE = re.compile(r"(\w+)((?:\[\d+\]|\.[^.\[:]+)*): ")


class BadParams(LiftgateError, ValueError):
    """The parameters of a plug-in are wrong; ``.problems`` holds them all, relative to the node."""

    def __init__(self, kind: str, name: str, problems: list[Problem]) -> None:
        self.problems = problems
        listed = "; ".join(f"{'.'.join(map(str, p.path))}: {p.message}" for p in problems)
        super().__init__(f"{kind.removesuffix('s')} {name!r}: {listed}")


def make(kind: str, name: str, given: Mapping[str, Any]) -> Any:
    """Return the object that a plug-in's factory makes of its parameters.

    Args:
        kind: ``rules`` or ``scorers``.
        name: of the plug-in.
        given: parameters as JSON values.

    Raises:
        UnknownName: no plug-in carries the name.
        BadParams: the parameters are wrong.
    """
    return _make(kind, name, given)[0]


def checked(kind: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plug-in's parameters as JSON values with its defaults filled in.

    Raises:
        UnknownName: no plug-in carries the name.
        BadParams: the parameters are wrong.
    """
    return _make(kind, name, given)[1]


def bound(kind: str, name: str, factory: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Return what a factory makes of parameters, checked by its signature as a plug-in's are.

    For a plug-in whose door hands it parameters as they stand, as that of systems does.

    Args:
        kind: of the plug-in, for messages.
        name: of the plug-in.
        factory: its keyword parameters, with their annotations, are the grammar.
        given: parameters as JSON values.

    Raises:
        BadParams: the parameters are wrong.
    """
    return _filled(kind, name, factory, _model(factory), given)[0]


def parameters(kind: str, name: str) -> type[BaseModel]:
    """Return the model of a plug-in's parameters; each field's alias is the parameter's name."""
    factory = plugins.load(kind, name)
    try:
        return _model(factory)
    except (TypeError, NameError) as error:
        raise LiftgateError(
            f"{kind.removesuffix('s')} {name!r}: its factory's parameters cannot be read: {error}",
            hint="give every parameter a name, an annotation that can be resolved, no *args",
        ) from error


def _make(kind: str, name: str, given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    return _filled(kind, name, plugins.load(kind, name), parameters(kind, name), given)


def _filled(
    kind: str,
    name: str,
    factory: Callable[..., Any],
    model: type[BaseModel],
    given: Mapping[str, Any],
) -> tuple[Any, dict[str, Any]]:
    try:
        typed = model.model_validate_json(json.dumps(plain(given, place=name)))
    except ValidationError as error:
        raise BadParams(kind, name, problems_of(error, given, model)) from error
    except DataError as error:
        raise BadParams(kind, name, [Problem((), str(error))]) from error
    values = {info.alias or field: getattr(typed, field) for field, info in _fields(model)}
    values.update(typed.model_extra or {})
    filled = typed.model_dump(mode="json", by_alias=True)
    try:
        return factory(**values), filled
    except (LiftgateError, ValueError, TypeError) as error:
        raise BadParams(kind, name, [_refusal(error, values)]) from error


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return list(model.model_fields.items())


def _refusal(error: Exception, values: Mapping[str, Any]) -> Problem:
    """Point at the place with which the factory's message begins, else at the parameter it names.

    A place is ``rules[0].never.where``: as far as it is there, its line and column are shown.
    """
    begun = _PLACE.match(str(error))
    if begun is not None and begun[1] in values:
        path, here = [begun[1]], values[begun[1]]
        for number, key in re.findall(r"\[(\d+)\]|\.([^.\[]+)", begun[2]):
            step: Any = int(number) if number else key
            try:
                here = here[step]
            except (LookupError, TypeError):
                break
            path.append(step)
        return Problem(tuple(path), str(error).removeprefix(f"{begun[1]}: "))
    words = re.findall(r"\w+", str(error))
    named = next((word for word in words if word in values), None)
    message = str(error).removeprefix(f"{named}: ")
    return Problem((named,) if named else (), message)


@cache
def _model(factory: Callable[..., Any]) -> type[BaseModel]:
    hints = _hints(factory)
    fields: dict[str, Any] = {}
    config = _CONFIG
    for number, parameter in enumerate(inspect.signature(factory).parameters.values()):
        if parameter.kind is parameter.VAR_KEYWORD:
            config = ConfigDict(**{**_CONFIG, "extra": "allow"})
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{parameter.name!r} cannot be given by name")
        required = parameter.default is parameter.empty
        default = ... if required else parameter.default
        # Neutral field names: a parameter may be called "copy" or "model_name".
        fields[f"p{number}"] = (
            hints.get(parameter.name, Any),
            Field(default, alias=parameter.name),
        )
    return create_model(getattr(factory, "__name__", "Params"), __config__=config, **fields)


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    target = factory.__init__ if inspect.isclass(factory) else factory
    return get_type_hints(target, include_extras=True)


__all__ = ["BadParams", "UnknownName", "checked", "make", "parameters"]
