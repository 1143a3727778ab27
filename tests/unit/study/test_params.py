"""A plug-in's parameters: checked by the factory's signature, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Gt, Le

from liftgate import plugins
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.study import params


class Mode(StrEnum):
    FAST = "fast"
    SLOW = "slow"


def strict(
    *,
    margin: Annotated[float, Gt(0), Le(1)],
    k: int = 5,
    mode: Mode = Mode.FAST,
    names: tuple[str, ...] = (),
    copy: bool = False,
    model_name: str | None = None,
    either: Literal["a", "b"] | int = "a",
) -> dict[str, Any]:
    """A stranger's factory, with parameters named as badly as they come."""
    return dict(locals())


def refusing(*, size: int, other: int = 0) -> None:
    if size > 3:
        raise DataError(f"size: got {size}, expected at most 3")
    if other:
        raise ValueError("these two do not go together")


def loose(*, anything, **rest: Any) -> dict[str, Any]:
    return {"anything": anything, **rest}


class Factory:
    def __init__(self, *, limit: float) -> None:
        self.limit = limit


def positional(limit: float, /) -> None: ...


def unresolved(*, limit: NotThere) -> None: ...  # noqa: F821


@pytest.fixture(autouse=True)
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, Callable[..., Any]] = {
        "strict": strict,
        "refusing": refusing,
        "loose": loose,
        "factory": Factory,
        "positional": positional,
        "unresolved": unresolved,
    }

    def load(kind: str, name: str) -> Any:
        if name not in found:
            raise UnknownName(kind, name, found)
        return found[name]

    monkeypatch.setattr(plugins, "load", load)


def problems(name: str, given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(params.BadParams) as caught:
        params.checked("rules", name, given)
    return {".".join(map(str, p.path)): p.message for p in caught.value.problems}


def test_defaults_are_filled_in_as_json_values() -> None:
    assert params.checked("rules", "strict", {"margin": 1}) == {
        "margin": 1.0,
        "k": 5,
        "mode": "fast",
        "names": [],
        "copy": False,
        "model_name": None,
        "either": "a",
    }


def test_the_factory_gets_the_types_that_it_asks_for() -> None:
    made = params.make("rules", "strict", {"margin": 1, "mode": "slow", "names": ["x"]})
    assert type(made["margin"]) is float
    assert made["mode"] is Mode.SLOW
    assert made["names"] == ("x",)


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({}, "margin", "not given; expected a number"),
        ({"margin": "0.1"}, "margin", "got '0.1', expected a number"),
        ({"margin": True}, "margin", "got true, expected a number"),
        ({"margin": 0}, "margin", "got 0, expected a number greater than 0"),
        ({"margin": 2}, "margin", "got 2, expected a number of at most 1"),
        ({"margin": 1, "k": 1.5}, "k", "got 1.5, expected a whole number"),
        ({"margin": 1, "mode": "fasd"}, "mode", "got 'fasd', expected 'fast' or 'slow'"),
        ({"margin": 1, "names": "x"}, "names", "got 'x', expected a list"),
        ({"margin": 1, "names": ["x", 2]}, "names.1", "got 2, expected text"),
        ({"margin": 1, "either": "c"}, "either", "got 'c', expected 'a' or 'b' or a whole number"),
        ({"margin": float("nan")}, "", "expected a finite number"),
        ({"margin": 1, "kk": 1}, "kk", "unknown key 'kk'; known here: copy, either, k"),
    ],
)
def test_what_does_not_fit_the_signature_is_a_problem(given, path, message) -> None:
    assert message in problems("strict", given)[path]


def test_what_the_factory_itself_refuses_is_a_problem_at_the_parameter_that_it_names() -> None:
    assert problems("refusing", {"size": 4}) == {"size": "got 4, expected at most 3"}
    assert problems("refusing", {"size": 1, "other": 1}) == {"": "these two do not go together"}


def test_a_factory_without_annotations_takes_any_json_value() -> None:
    given = {"anything": [1, {"a": None}], "more": "x"}
    assert params.make("rules", "loose", given) == given
    assert params.checked("rules", "loose", given) == given


def test_a_class_is_a_factory_too() -> None:
    assert params.make("rules", "factory", {"limit": 2}).limit == 2.0
    assert "limit" in problems("factory", {})


@pytest.mark.parametrize("name", ["positional", "unresolved"])
def test_a_factory_that_cannot_be_read_is_the_plug_ins_fault(name: str) -> None:
    with pytest.raises(LiftgateError, match=f"rule '{name}': its factory's parameters"):
        params.checked("rules", name, {"limit": 1})


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean 'strict'"):
        params.make("rules", "strikt", {})


def test_sequences_of_python_are_lists(strangers: None) -> None:
    names: Sequence[str] = ("a", "b")
    assert params.checked("rules", "strict", {"margin": 1, "names": names})["names"] == ["a", "b"]
