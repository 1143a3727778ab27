"""The grammar of a data set's row, and how a row becomes an Item."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from liftgate.canon import plain
from liftgate.errors import DataError, did_you_mean
from liftgate.records import Item, Json
from liftgate.records.evaluation import NOTHING
from liftgate.records.json_value import name_of
from liftgate.records.packed import input_digests

FIELDS = ("id", "input", "target", "weight", "metadata")
TEXT_PART = "text"


@dataclass(frozen=True)
class Wanted:
    """What the study asks of every row beside the grammar."""

    cluster: str | None
    slices: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns."""
        return (*(() if self.cluster is None else (self.cluster,)), *self.slices)


class Problem(Exception):
    """What is wrong with one row."""


def item_of(row: Any, wanted: Wanted) -> Item:
    """Turn a row, or an Item made in Python, into a checked Item.

    Raises:
        Problem: the first thing that is wrong with it.
    """
    if isinstance(row, Item):
        return _settled(row, wanted)
    if not isinstance(row, Mapping):
        raise Problem(f"got {name_of(row)}, expected a mapping with the keys id and input")
    _check_keys(row, wanted)
    beside = {k: v for k, v in row.items() if k not in FIELDS}
    declared = row.get("metadata")
    if declared is not None and not isinstance(declared, Mapping):
        raise Problem(f"metadata: got {name_of(declared)}, expected a mapping")
    item = Item(
        id=_id(row.get("id")),
        input=_input(row),
        target=_json("target", row.get("target")),
        weight=_weight(row.get("weight")),
        metadata=_json("metadata", {**beside, **(declared or {})}) or NOTHING,
    )
    return _labelled(item, wanted, {**item.metadata, **beside}) if wanted.columns else item


def _settled(item: Item, wanted: Wanted) -> Item:
    checked = replace(
        item,
        id=_id(item.id),
        input=_input({"input": item.input}),
        target=_json("target", item.target),
        weight=_weight(item.weight),
        metadata=_json("metadata", item.metadata),
    )
    beside: dict[str, Json] = {**item.metadata, **item.slices}
    if item.cluster is not None and wanted.cluster is not None:
        beside.setdefault(wanted.cluster, item.cluster)
    return _labelled(checked, wanted, beside)


def _labelled(item: Item, wanted: Wanted, beside: Mapping[str, Json]) -> Item:
    """Set cluster and slices from the columns that the study names."""
    cluster = item.cluster
    if wanted.cluster is not None:
        cluster = _label(wanted.cluster, "cluster", beside)
    slices = {name: _label(name, "slice", beside) for name in wanted.slices}
    for part in (cluster, *item.slices, *item.slices.values()):
        if part is not None and not isinstance(part, str):
            raise Problem(f"cluster and slices: got {part!r}, expected text")
    return replace(item, cluster=cluster, slices={**item.slices, **slices} or NOTHING)


def _label(name: str, part: str, beside: Mapping[str, Json]) -> str:
    value = beside.get(name)
    if value is None or value == "":
        near = did_you_mean(name, beside)
        guess = f" (did you mean {near!r}?)" if near and near != name else ""
        raise Problem(f"{name}: missing; the study names it as {part}{guess}")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Problem(f"{name}: got {name_of(value)}, expected text or an integer as {part}")
    return str(value)


def _check_keys(row: Mapping[Any, Any], wanted: Wanted) -> None:
    for key in row:
        if not isinstance(key, str):
            raise Problem(f"got the key {key!r}, expected text")
        if key in FIELDS or key in wanted.columns:
            continue
        near = did_you_mean(key.casefold(), FIELDS)
        if near and near not in row and _is_slip(key.casefold(), near):
            raise Problem(f"{key}: not a key of a row (did you mean {near!r}?)")


def _is_slip(key: str, near: str) -> bool:
    """Whether a key is a field mistyped; ``inputs`` is one, ``height`` is not ``weight``."""
    return SequenceMatcher(None, key, near).ratio() > 0.85


def _id(value: Any) -> str:
    if value is None:
        raise Problem("id: missing")
    if not isinstance(value, str):
        raise Problem(f"id: got {value!r}, expected text")
    if not value.strip():
        raise Problem("id: got empty text")
    return str(_json("id", value))


def _input(row: Mapping[str, Any]) -> dict[str, Json]:
    value = row.get("input")
    if value is None:
        raise Problem("input: missing")
    if isinstance(value, str):
        value = {TEXT_PART: value}
    if not isinstance(value, Mapping):
        raise Problem(f"input: got {name_of(value)}, expected text or a mapping of parts")
    if not value:
        raise Problem("input: got no parts")
    parts: dict[str, Json] = _json("input", value)
    return parts


def _weight(value: Any) -> float:
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Problem(f"weight: got {name_of(value)}, expected a number above 0")
    if not math.isfinite(value) or value <= 0:
        raise Problem(f"weight: got {value}, expected a finite number above 0")
    return float(value)


def _json(place: str, value: Any) -> Any:
    try:
        return plain(value, place=place)
    except DataError as error:
        raise Problem(str(error)) from error


def shared_inputs(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Yield the places of two items with one input that do not share a cluster."""
    first: dict[bytes, int] = {}
    for at, digest in enumerate(input_digests(items)):
        known = first.setdefault(digest, at)
        if known != at:
            cluster = items[at].cluster
            if cluster is None or cluster != items[known].cluster:
                yield known, at
