"""``regress add`` from the log of another tool, or from a comparison of two: what failed there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.errors import DataError
from liftgate.flow.regress import Wanted, keep, refuse_blank
from liftgate.importers.place import open_table
from liftgate.lineage.regressions import RegressionTest
from liftgate.protocols import ForeignTable, Row, RowTexts
from liftgate.records import Columns, Item, Json
from liftgate.store import Workspace

_STUDIES = frozenset({".yaml", ".yml"})
_COMPARISON = frozenset({"baseline", "candidate", "metrics", "question"})
_PART = "text"


@dataclass(frozen=True)
class _Failed:
    """One failing row of a log."""

    row: Row
    texts: RowTexts
    metric: str
    at_least: float
    told: str


def is_log(name: str) -> bool:
    """Say whether what was named is a log or a comparison, and no study."""
    path = Path(name)
    return path.is_dir() or (path.suffix.lower() not in _STUDIES and not _is_study(path))


def _is_study(path: Path) -> bool:
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    found = _json(path)
    return isinstance(found, dict) and "arms" in found


def add_from_log(
    name: str, wanted: Wanted, workspace: Workspace, parts: tuple[str, ...] = ()
) -> RegressionTest:
    """Keep a failing item of a log as a test, with where it comes from. Nothing is called.

    Args:
        name: FILE, FOLDER or FILE@SYSTEM as for ``compare``, or what ``compare --json`` printed:
            then its candidate's log is read, which must be the one that was compared.
        wanted: what is to become a test; its arm is not used.
        workspace: where it is kept.
        parts: which members of the log's input the test holds; none: the input as one part,
            ``text``.

    Raises:
        DataError: the item is not in the log, did not fail, or has no text; the log is not the one
            that was compared; several metrics and none named; no owner or reason.
        UnknownName: the log has no such metric, system or part.
    """
    refuse_blank(wanted)
    place, compared = _compared(name)
    columns = Columns(metrics=() if wanted.metric is None else (wanted.metric,))
    table, _ = open_table(place, columns)
    if compared is not None and table.digest != compared["digest"]:
        raise DataError(
            f"{name}: compared another version of {table.path}",
            hint="compare again, or name the log that was compared",
        )
    failed = _failed(table, wanted)
    item = Item(wanted.item, _parts(table, failed.texts, parts), failed.texts.target or None)
    origin = {
        "log": str(table.path),
        "log_digest": table.digest,
        "format": table.format,
        "system": table.system,
        "item": failed.row.item,
        "repeat": failed.row.repeat,
        "value": failed.row.scores.get(failed.metric),
        "failure": failed.row.error,
        "told": failed.told,
        "baseline": None if compared is None else compared["baseline"],
    }
    about: dict[str, Json] = {"slices": dict(failed.row.slices), "output": failed.texts.output}
    return keep(
        item, wanted, workspace, metric=failed.metric, at_least=failed.at_least, origin=origin,
        about=about,
    )  # fmt: skip


def _compared(name: str) -> tuple[str, Mapping[str, Any] | None]:
    """Return the log to read, and of a comparison what it says of both sides."""
    path = Path(name)
    if path.suffix.lower() != ".json" or not path.is_file():
        return name, None
    found = _json(path)
    if not isinstance(found, dict) or not found.keys() >= _COMPARISON:
        return name, None
    sides = found["baseline"], found["candidate"]
    if not all(isinstance(side, dict) and {"name", "digest"} <= side.keys() for side in sides):
        raise DataError(f"{name}: is no comparison as liftgate compare --json prints it")
    old, new = sides
    baseline = {"log": old["name"], "log_digest": old["digest"]}
    return str(new["name"]), {"digest": new["digest"], "baseline": baseline}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        return None  # whoever reads it says what is wrong with it


def _failed(table: ForeignTable, wanted: Wanted) -> _Failed:
    metric = _metric(table)
    rows = [row for row in table.rows() if row.item == wanted.item]
    if not rows:
        raise DataError(f"{table.path}: has no item {wanted.item!r}")
    lower = metric in table.lower_is_better
    at_least = _at_least(table, metric, wanted.at_least, lower=lower)
    for row in rows:
        told = _why(row, metric, at_least, lower=lower)
        if told:
            return _Failed(row, _texts(table, row), metric, at_least, told)
    if all(row.scores.get(metric) is None for row in rows):
        raise DataError(f"{wanted.item}: has no score of {metric}; only what failed becomes a test")
    raise DataError(
        f"{wanted.item}: passed with {metric} in every row; only what failed becomes a test"
    )


def _metric(table: ForeignTable) -> str:
    metrics = table.columns.metrics
    if len(metrics) != 1:
        raise DataError(
            f"{table.path}: has the metrics {', '.join(metrics)}",
            hint="say which one the item failed: --metric NAME",
        )
    return metrics[0]


def _at_least(table: ForeignTable, metric: str, given: float | None, *, lower: bool) -> float:
    if given is not None:
        return given
    values = {row.scores.get(metric) for row in table.rows()} - {None}
    if not values <= {0.0, 1.0}:
        raise DataError(
            f"{metric}: is not only right or wrong, so its best score is not known",
            hint="say what passes: --at-least SCORE",
        )
    return 0.0 if lower else 1.0


def _why(row: Row, metric: str, at_least: float, *, lower: bool) -> str:
    if row.error is not None:
        return f"failed: {row.error}"
    score = row.scores.get(metric)
    if score is None or (score <= at_least if lower else score >= at_least):
        return ""
    return f"scored {score:g}, needed at {'most' if lower else 'least'} {at_least:g}"


def _texts(table: ForeignTable, row: Row) -> RowTexts:
    found: list[RowTexts] = []

    def take(item: str, repeat: str | None, texts: RowTexts) -> None:
        if (item, repeat) == (row.item, row.repeat):
            found.append(texts)

    if table.texts is not None:
        table.texts(take)
    if not found or not found[0].input.strip():
        raise DataError(
            f"{table.path}: does not hold the input of {row.item!r}",
            hint="a test needs what the system is to be asked again",
        )
    return found[0]


def _parts(table: ForeignTable, texts: RowTexts, names: tuple[str, ...]) -> dict[str, Json]:
    """Return what the test asks. A log's input may have members, the answer among them."""
    try:
        whole = json.loads(texts.input)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict):
        if len(names) > 1:
            raise DataError(f"{table.path}: its input is one text, got --part {', '.join(names)}")
        messages = isinstance(whole, list) and all(isinstance(m, dict) for m in whole)
        return {names[0] if names else _PART: whole if messages else texts.input}
    if not names:
        raise DataError(
            f"{table.path}: its input has the members {', '.join(map(repr, whole))}",
            hint="say which the system is to be asked, not the answer: --part NAME, repeatable",
        )
    missing = [name for name in names if name not in whole]
    if missing:
        raise DataError(
            f"{table.path}: its input has no {missing[0]!r}; it has {', '.join(map(repr, whole))}"
        )
    return {name: whole[name] for name in names}
