"""The words in which failures are coded: a versioned file, with a default that is shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from liftgate.canon import digest
from liftgate.errors import Fault, StudyError, UnknownName
from liftgate.study.source import Path as Place
from liftgate.study.source import Source, parse


@dataclass(frozen=True)
class Code:
    """One way of failing."""

    name: str
    meaning: str
    group: str
    severity: str
    measurement: bool
    """Whether it is the measurement that failed: never charged to the system."""


@dataclass(frozen=True)
class Taxonomy:
    """All ways of failing that are told apart."""

    name: str
    version: int
    severities: Mapping[str, float]
    """Severity -> its weight, at least 0."""
    codes: Mapping[str, Code]
    digest: str

    def code(self, name: str) -> Code:
        """Return one code. Raises UnknownName."""
        if name not in self.codes:
            raise UnknownName("code", name, self.codes)
        return self.codes[name]

    def weight(self, code: str) -> float:
        """Return the weight of a code's severity."""
        return self.severities[self.code(code).severity]


def default_text() -> str:
    """Return the taxonomy that is shipped, as YAML."""
    return files("liftgate.failures").joinpath("taxonomy.yaml").read_text(encoding="utf-8")


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy; None: the one that is shipped.

    Raises:
        StudyError: every fault of the file, with line and column.
    """
    if path is None:
        return read_taxonomy(default_text(), "taxonomy.yaml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path}: cannot be read: {error}", file=str(path)) from error
    return read_taxonomy(text, str(path))


def read_taxonomy(text: str, file: str) -> Taxonomy:
    """Read a taxonomy from YAML text; ``file`` is its name in messages. Raises StudyError."""
    source = parse(text, file)
    faults = list(source.faults) or list(_faults(source))
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise StudyError(f"{file}: {count}", file=file, faults=faults)
    given: Any = source.value
    codes = {
        name: Code(name, code["is"], group, code["severity"], bool(inside.get("measurement")))
        for group, inside in given["groups"].items()
        for name, code in inside["codes"].items()
    }
    weights = {name: float(weight) for name, weight in given["severities"].items()}
    return Taxonomy(given["taxonomy"], given["version"], weights, codes, digest(given))


_TOP = {"liftgate": int, "taxonomy": str, "version": int, "severities": dict, "groups": dict}
_GROUP = {"is": str, "codes": dict}
_CODE = {"is": str, "severity": str}
_KINDS = {int: "a whole number", str: "text", dict: "a mapping"}


def _faults(source: Source) -> Iterator[Fault]:
    given = source.value
    found = list(_shape(source, (), given, _TOP))
    yield from found
    if found:
        return
    if given["liftgate"] != 1:
        yield source.fault(("liftgate",), f"got {given['liftgate']}, expected 1")
    for name, weight in given["severities"].items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or weight < 0:
            yield source.fault(
                ("severities", name), f"got {weight!r}, expected a weight of at least 0"
            )
    seen: set[str] = set()
    for group, inside in given["groups"].items():
        place: Place = ("groups", group)
        wrong = list(_shape(source, place, inside, _GROUP, ("measurement",)))
        yield from wrong
        if not wrong:
            yield from _codes(source, (*place, "codes"), given["severities"], seen)


def _codes(
    source: Source, place: Place, severities: Mapping[str, Any], seen: set[str]
) -> Iterator[Fault]:
    given: Any = source.value
    for part in place:
        given = given[part]
    for name, code in given.items():
        here = (*place, name)
        if name in seen:
            yield source.fault(here, f"the code {name!r} stands in two groups", on_key=True)
        seen.add(name)
        wrong = list(_shape(source, here, code, _CODE))
        yield from wrong
        if not wrong and code["severity"] not in severities:
            known = ", ".join(severities)
            yield source.fault(
                (*here, "severity"), f"got {code['severity']!r}, expected one of: {known}"
            )


def _shape(
    source: Source,
    place: Place,
    given: Any,
    wanted: Mapping[str, type],
    optional: tuple[str, ...] = (),
) -> Iterator[Fault]:
    if not isinstance(given, dict):
        yield source.fault(place, f"got {given!r}, expected a mapping")
        return
    for key in given:
        if key not in wanted and key not in optional:
            known = ", ".join((*wanted, *optional))
            yield source.fault(
                (*place, key), f"unknown key {key!r}; known here: {known}", on_key=True
            )
    for key, kind in wanted.items():
        value = given.get(key)
        if isinstance(value, bool) or not isinstance(value, kind) or value in ("", {}):
            got = "not given" if key not in given else f"got {value!r}"
            yield source.fault((*place, key), f"{got}, expected {_KINDS[kind]}")
    if not isinstance(given.get("measurement", False), bool):
        yield source.fault((*place, "measurement"), "expected true or false")
