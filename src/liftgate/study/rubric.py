"""Rubric files: YAML for people, checked like a study, with every fault at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from liftgate.errors import Fault, StudyError, UnknownName
from liftgate.records.rubric import (
    Anchor,
    Rubric,
    RubricExample,
    RubricKind,
    RubricScale,
    RubricUnit,
    Shown,
)
from liftgate.study.load import refused
from liftgate.study.problems import Node, Problem, describe, problems_of
from liftgate.study.source import Source, parse
from liftgate.study.values import Name, Text

SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 1_000_000
_KEY = re.compile(r"[a-z0-9]")
_FOLDER = "rubrics"


class AnchorNode(Node):
    """One value of a scale."""

    value: float = Field(description="a number")
    label: Text = Field(description="one or two words for the value")
    meaning: Text = Field(description="a sentence that says when the value is given")
    key: Text = Field(description="the one letter or digit that gives the value")


class ScaleNode(Node):
    """The values that a rating can take."""

    kind: Annotated[RubricKind, Field(strict=False)] = Field(
        description="nominal, binary, ordinal or interval"
    )
    anchors: Annotated[tuple[AnchorNode, ...], Field(strict=False, min_length=2)] = Field(
        description="a list of the values, each with value, label, meaning and key"
    )


class ExampleNode(Node):
    """One rated answer."""

    input: str = Field("", description="what was asked")
    source: str = Field("", description="what the answer is judged against")
    reference: str = Field("", description="a right answer")
    answer: Text = Field(description="the answer that is rated")
    second: str = Field("", description="the other answer of a pair")
    value: float = Field(description="one of the scale's values")
    why: Text = Field(description="why it has this value")


class RubricNode(Node):
    """A rubric file."""

    liftgate: Literal[1] = Field(description="1, the version of this format")
    rubric: Name = Field(description="the rubric's name")
    version: Text = Field(description="changes with every change, e.g. '1'")
    source: Text = Field(description="where the rubric comes from")
    question: Text = Field(description="the one question that a rating answers")
    unit: Annotated[RubricUnit, Field(strict=False)] = Field(
        default=RubricUnit.ANSWER, description="answer, statement or pair"
    )
    shows: Annotated[tuple[Annotated[Shown, Field(strict=False)], ...], Field(strict=False)] = (
        Field(default=(Shown.INPUT,), description="some of input, source, reference")
    )
    higher_is_better: bool = Field(default=True, description="true or false")
    scale: ScaleNode = Field(description="a mapping with kind and anchors")
    instructions: str = Field("", description="what else whoever rates must know")
    examples: Annotated[tuple[ExampleNode, ...], Field(strict=False)] = Field(
        default=(), description="a list of rated answers"
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check what one part of a rubric demands of another."""
        return given, list(_across(given))

    def record(self) -> Rubric:
        """Return the rubric."""
        return Rubric(
            name=self.rubric,
            version=self.version,
            source=self.source,
            question=self.question,
            scale=RubricScale(
                self.scale.kind,
                tuple(Anchor(a.value, a.label, a.meaning, a.key) for a in self.scale.anchors),
            ),
            instructions=self.instructions,
            examples=tuple(RubricExample(**node.model_dump()) for node in self.examples),
            unit=self.unit,
            shows=self.shows,
            higher_is_better=self.higher_is_better,
        )


def load_rubric(path: Path | str) -> Rubric:
    """Read a rubric file.

    Args:
        path: a YAML file in UTF-8.

    Raises:
        StudyError: every fault with line, column, what was got and expected; also when the file is
            missing, too large or no YAML.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(
            f"{path}: cannot be read: {error.strerror}",
            file=str(path),
            hint="liftgate judge list names the built-in rubrics",
        ) from error
    if len(data) > MAX_BYTES:
        raise StudyError(f"{path}: got more than {MAX_BYTES} bytes, expected a rubric")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: is not UTF-8", file=str(path)) from error
    return loads_rubric(text, str(path))


def loads_rubric(text: str, file: str = "<text>") -> Rubric:
    """Read a rubric from YAML text; ``file`` is its name in messages. Raises StudyError."""
    source = parse(text, file)
    faults = list(source.faults)
    node = None
    if isinstance(source.value, dict):
        try:
            node = RubricNode(**source.value)
        except ValidationError as error:
            faults += _placed(problems_of(error, source.value, RubricNode), source)
    elif not faults:
        got = describe(source.value)
        faults.append(source.fault((), f"got {got}, expected a mapping with a rubric's keys"))
    if faults or node is None:
        raise refused(file, faults)
    return node.record()


def built_in_rubrics() -> tuple[str, ...]:
    """Return the names of the rubrics that come with liftgate, sorted."""
    folder = resources.files("liftgate.study") / _FOLDER
    found = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n.removesuffix(".yaml") for n in found if n.endswith(".yaml")))


def find_rubric(name: str, root: Path) -> Rubric:
    """Return a rubric by the name of a built-in one, or by the path of a file.

    Args:
        name: ``helpfulness``, or ``rubrics/tone.yaml``.
        root: the folder from which a relative path is looked up.

    Raises:
        UnknownName: no built-in rubric has the name.
        StudyError: the file has faults.
    """
    if name.endswith(SUFFIXES):
        return load_rubric(root / name)
    known = built_in_rubrics()
    if name not in known:
        raise UnknownName("rubric", name, known, hint="a file's name ends in .yaml")
    entry = resources.files("liftgate.study") / _FOLDER / f"{name}.yaml"
    return loads_rubric(entry.read_text(encoding="utf-8"), f"{name}.yaml")


def _across(given: Mapping[str, Any]) -> Iterator[Problem]:
    scale = given.get("scale")
    anchors = scale.get("anchors") if isinstance(scale, Mapping) else None
    if not isinstance(anchors, (list, tuple)) or not isinstance(scale, Mapping):
        return
    nodes = [node for node in anchors if isinstance(node, Mapping)]
    at = ("scale", "anchors")
    values = [_number(node.get("value")) for node in nodes]
    for name in ("value", "label", "key"):
        yield from (p.under(*at) for p in _twice(name, nodes))
    for number, node in enumerate(nodes):
        key = node.get("key")
        if isinstance(key, str) and key and not _KEY.fullmatch(key):
            yield Problem((*at, number, "key"), f"got {key!r}, expected one of a to z or 0 to 9")
    if len(values) == len(anchors) and None not in values:
        numbers = [value for value in values if value is not None]
        yield from (p.under(*at) for p in _order(scale.get("kind"), numbers))
        yield from _examples(given.get("examples"), numbers, given.get("unit"))


def _number(value: Any) -> float | None:
    fine = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if fine else None


def _twice(name: str, nodes: list[Mapping[str, Any]]) -> Iterator[Problem]:
    seen: dict[Any, int] = {}
    for number, node in enumerate(nodes):
        value = node.get(name)
        if isinstance(value, str):
            value = value.strip().casefold()
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            continue
        if value in seen:
            yield Problem(
                (number, name),
                f"got {describe(node.get(name))}, the {name} of anchor {seen[value]} too, "
                "expected another",
            )
        seen.setdefault(value, number)


def _order(kind: Any, values: list[float]) -> Iterator[Problem]:
    if kind == RubricKind.BINARY:
        if sorted(values) != [0.0, 1.0]:
            got = ", ".join(f"{value:g}" for value in values)
            yield Problem((), f"got the values {got}, expected 0 and 1 for a binary scale")
        return
    if kind not in (RubricKind.ORDINAL, RubricKind.INTERVAL):
        return
    for number, (before, value) in enumerate(pairwise(values), 1):
        if value <= before:
            yield Problem(
                (number, "value"),
                f"got {value:g} after {before:g}, expected the values from low to high",
            )
        elif kind == RubricKind.ORDINAL and value != before + 1:
            yield Problem(
                (number, "value"),
                f"got {value:g} after {before:g}: the value {before + 1:g} has no anchor; expected "
                "one for every whole number of an ordinal scale",
            )


def _examples(given: Any, values: list[float], unit: Any) -> Iterator[Problem]:
    for number, node in enumerate(given if isinstance(given, (list, tuple)) else ()):
        if not isinstance(node, Mapping):
            continue
        value = _number(node.get("value"))
        if value is not None and value not in values:
            known = ", ".join(f"{one:g}" for one in values)
            yield Problem(
                ("examples", number, "value"),
                f"got {value:g}, which has no anchor; expected one of {known}",
            )
        if unit == RubricUnit.PAIR and not node.get("second"):
            yield Problem(
                ("examples", number), "not given: second; a rubric over pairs shows two answers"
            )


def _placed(problems: list[Problem], source: Source) -> list[Fault]:
    return [
        source.fault(p.path, p.message, suggestion=p.suggestion, on_key=p.on_key)
        for p in dict.fromkeys(problems)
        if not any(p.path[: len(place)] == place for place in source.unread)
    ]
