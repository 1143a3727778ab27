"""People's labels from a file: what they say of answers, row by row, refused by place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from liftgate.canon import short
from liftgate.errors import DataError, did_you_mean
from liftgate.evals.sources import read_source
from liftgate.records import Rubric, RubricUnit

COLUMNS = ("item", "trial", "rater", "value", "abstained", "at")
RULES = ("mean", "median", "majority")
_SHOWN = 20


@dataclass(frozen=True)
class Label:
    """What one person says of one answer."""

    item: str
    trial: str
    """The trial's key: it names no arm. Of a pair both keys, as ``subject`` joins them."""
    rater: str
    """A pseudonym."""
    value: float | None
    """In the rubric's units; None: the person declined, and ``abstained`` says why."""
    abstained: str = ""
    at: str = ""


@dataclass(frozen=True)
class Labels:
    """The labels of a file."""

    rows: tuple[Label, ...]
    empty: int = 0
    """Rows that nobody has filled in."""

    def by_trial(self) -> Mapping[str, Sequence[float]]:
        """Return trial -> values, in the order of the raters' pseudonyms."""
        found: dict[str, list[float]] = {}
        for row in sorted(self.rows, key=lambda row: row.rater):
            if row.value is not None:
                found.setdefault(row.trial, []).append(row.value)
        return found

    @property
    def raters(self) -> tuple[str, ...]:
        """The pseudonyms, sorted."""
        return tuple(sorted({row.rater for row in self.rows}))


def subject(trial: str, other: str | None = None) -> str:
    """Return what a label is about: a trial's key, or those of an ordered pair."""
    return trial if other is None else f"{trial} {other}"


def read_labels(path: Path, rubric: Rubric, trials: Mapping[str, Collection[str]]) -> Labels:
    """Read a file of labels: JSONL, CSV or Parquet with the columns item, trial, rater and value.

    For a rubric over pairs ``trial`` is the answer shown first and ``other`` the second one.

    ``value`` is one of the rubric's values, labels or keys, for a rubric over statements also their
    mean over an answer's statements; a row without one carries a reason in
    ``abstained``, or is not filled in yet. Other columns are passed over.

    Args:
        path: the file.
        rubric: what the labels are about.
        trials: subject -> the items that it is about; of everything that can be labelled.

    Raises:
        DataError: every fault with its place: an unknown item or trial, a value that the rubric
            does not have, a rater's second label of one answer.
    """
    items = {item for some in trials.values() for item in some}
    _, found = read_source(path.name, root=path.parent)
    rows: list[Label] = []
    faults: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    empty = 0
    for one in found:
        if one.fault is not None or not isinstance(one.row, Mapping):
            faults.append(f"{one.place}: {one.fault or 'expected a mapping of columns'}")
            continue
        wrong = list(_faults(one.row, rubric, trials, items))
        label = None if wrong else _label(one.row, rubric)
        if label is not None:
            key = (label.trial, label.rater)
            if key in seen:
                wrong.append(
                    f"rater {label.rater!r} labels this answer twice, first at {seen[key]}"
                )
            seen.setdefault(key, one.place)
        faults += [f"{one.place}: {fault}" for fault in wrong]
        if label is None:
            empty += not wrong
        else:
            rows.append(label)
    if faults:
        raise _error(path, faults)
    return Labels(tuple(rows), empty)


def combined(values: Sequence[float], rule: str) -> float:
    """Return one label from several raters' values of one answer.

    Args:
        values: at least one.
        rule: ``mean``, ``median``, or ``majority``: the value of strictly more than half, else
            their median.
    """
    if rule == "mean":
        return fmean(values)
    best = max(set(values), key=values.count)
    if rule == "majority" and 2 * values.count(best) > len(values):
        return best
    return median(values)


def _label(row: Mapping[str, Any], rubric: Rubric) -> Label | None:
    value, reason = row.get("value"), row.get("abstained")
    if value is None and not reason:
        return None
    return Label(
        str(row["item"]),
        _subject(row, rubric),
        str(row["rater"]),
        None if value is None else _value(value, rubric),
        str(reason or ""),
        str(row.get("at") or ""),
    )


def _faults(
    row: Mapping[str, Any],
    rubric: Rubric,
    trials: Mapping[str, Collection[str]],
    items: Collection[str],
) -> Iterator[str]:
    item, value = row.get("item"), row.get("value")
    trial, named = _subject(row, rubric), "trial, other" if _is_pair(rubric) else "trial"
    filled = value is not None or bool(row.get("abstained"))
    if not isinstance(item, str) or item not in items:
        near = did_you_mean(str(item), items)
        guess = f" (did you mean {near!r}?)" if near else ""
        yield f"item: got {item!r}, which is not one of the locked items{guess}"
    elif trial not in trials:
        yield f"{named}: got {trial!r}, expected the key of an answer that this study has"
    elif item not in trials[trial]:
        yield f"{named}: {short(trial)}… is no answer to the item {item!r}"
    if filled and (not isinstance(row.get("rater"), str) or not str(row["rater"]).strip()):
        yield f"rater: got {row.get('rater')!r}, expected a pseudonym"
    if value is not None and row.get("abstained"):
        yield "abstained: got a reason beside a value, expected one of them"
    if value is not None and _value(value, rubric) is None:
        known = ", ".join(f"{a.value:g} ({a.label})" for a in rubric.scale.anchors)
        mean = " or their mean over the statements" if _has_statements(rubric) else ""
        yield f"value: got {value!r}, expected one of {known}{mean}"


def _has_statements(rubric: Rubric) -> bool:
    return rubric.unit is RubricUnit.STATEMENT


def _is_pair(rubric: Rubric) -> bool:
    return rubric.unit is RubricUnit.PAIR


def _subject(row: Mapping[str, Any], rubric: Rubric) -> str:
    trial = str(row.get("trial"))
    return subject(trial, str(row.get("other"))) if _is_pair(rubric) else trial


def _value(given: Any, rubric: Rubric) -> float | None:
    found = rubric.scale.value_of(given)
    if found is not None or not _has_statements(rubric):
        return found
    # One label speaks about all statements of an answer: the mean of what each would get.
    try:
        mean = float(given)
    except (TypeError, ValueError):
        return None
    return mean if rubric.scale.low <= mean <= rubric.scale.high else None


def _error(path: Path, faults: list[str]) -> DataError:
    more = len(faults) - _SHOWN
    listed = "\n  ".join(faults[:_SHOWN])
    rest = f"\n  and {more} more" if more > 0 else ""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return DataError(
        f"{path.name}: {count}\n  {listed}{rest}",
        hint="labels count only for answers that the study has; "
        "liftgate label draw writes a file with the right keys",
    )
