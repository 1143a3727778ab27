"""What coders wrote down, with all its faults at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError, did_you_mean
from liftgate.failures.taxonomy import Taxonomy

COLUMNS = ("item", "coder", "code", "also", "evidence", "comment")
MOST_FAULTS = 20


@dataclass(frozen=True)
class Coding:
    """One coder's reading of one failure."""

    item: str
    coder: str
    code: str
    """The primary one."""
    also: tuple[str, ...] = ()
    evidence: str = ""
    comment: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """All codes that were given."""
        return frozenset((self.code, *self.also))


def codings(
    rows: Iterable[tuple[str, Any]], items: Collection[str], taxonomy: Taxonomy
) -> list[Coding]:
    """Return the codings of some files.

    A row without coder and code is one that nobody has filled in yet, and is passed over.

    Args:
        rows: place and row, a mapping of ``item``, ``coder``, ``code``, ``also`` (a list, or text
            with semicolons), ``evidence`` and ``comment``.
        items: of the batch.
        taxonomy: by which was coded.

    Raises:
        DataError: up to 20 faults, each with its place: a missing or unknown code, an unknown item
            or column, one coder twice on an item.
    """
    found: dict[tuple[str, str], tuple[str, Coding]] = {}
    faults: list[str] = []
    for place, row in rows:
        try:
            one = _coding(row, items, taxonomy)
            if one is None:
                continue
            before = found.get((one.item, one.coder))
            if before is not None:
                raise _Wrong(f"{one.coder!r} has coded {one.item!r} already, at {before[0]}")
            found[one.item, one.coder] = place, one
        except _Wrong as wrong:
            faults.append(f"{place}: {wrong}")
    if faults:
        shown = "\n".join(f"  {fault}" for fault in faults[:MOST_FAULTS])
        more = len(faults) - MOST_FAULTS
        rest = f"\n  … and {more} more" if more > 0 else ""
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise DataError(f"codes: {count}\n{shown}{rest}")
    return [one for _, one in found.values()]


class _Wrong(Exception):
    """What is wrong with one row."""


def _coding(row: Any, items: Collection[str], taxonomy: Taxonomy) -> Coding | None:
    if not isinstance(row, Mapping):
        raise _Wrong(f"got {type(row).__name__}, expected a mapping")
    for key in row:
        if key not in COLUMNS:
            raise _Wrong(f"unknown column {key!r}; known: {', '.join(COLUMNS)}")
    if not row.get("coder") and not row.get("code"):
        return None
    item, coder, code = (_text(row, name) for name in ("item", "coder", "code"))
    if item not in items:
        near = did_you_mean(item, items)
        guess = f" (did you mean {near!r}?)" if near else ""
        raise _Wrong(f"item: {item!r} is not in the batch{guess}")
    also = _also(row.get("also"))
    for name in (code, *also):
        if name not in taxonomy.codes:
            near = did_you_mean(name, taxonomy.codes)
            guess = f" (did you mean {near!r}?)" if near else ""
            raise _Wrong(f"code: {name!r} is not in the taxonomy {taxonomy.name}{guess}")
    beside = tuple(str(row.get(name) or "") for name in ("evidence", "comment"))
    return Coding(item, coder, code, also, *beside)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{name}: got {value!r}, expected text")
    return value.strip()


def _also(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or not all(isinstance(one, str) for one in parts):
        raise _Wrong(f"also: got {value!r}, expected codes")
    return tuple(one.strip() for one in parts if one.strip())
