"""Scores of traces beside a log's own: the log is read twice, one sample in memory at a time."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from liftgate.errors import DataError, SystemFailed
from liftgate.protocols import ForeignTable, Row, Scorer
from liftgate.records import Answer, Item, Missing, ScoreKind, Trace

Found = dict[tuple[str, str | None], dict[str, float | None]]
_REASONS = 3


def counted(scorers: Mapping[str, Scorer]) -> frozenset[str]:
    """Return the metrics that are counts: what was done is counted where the system failed, too."""
    return frozenset(
        name for name, one in scorers.items() if one.scale(()).kind is ScoreKind.UNBOUNDED
    )


def with_scores(table: ForeignTable, scorers: Mapping[str, Scorer]) -> ForeignTable:
    """Return a log whose rows also have scores of their traces.

    Args:
        table: a log.
        scorers: metric -> scorer, of traces alone.

    Raises:
        DataError: the log holds no traces, or has a score of the same name.
    """
    if not scorers:
        return table
    if table.traces is None:
        raise DataError(
            f"{table.path}: holds no traces that could be scored; expected a log of inspect_ai, "
            "its samples named by its own id and epoch",
            hint="leave --trace-rules out, or --item and --repeat",
        )
    taken = sorted(scorers.keys() & {*table.columns.metrics, *table.left_out})
    if taken:
        raise DataError(
            f"{table.path}: has scores named {', '.join(map(repr, taken))} of its own",
            hint="give the metrics of --trace-rules other names",
        )
    found: Found = {}
    reasons: dict[str, Counter[str]] = {name: Counter() for name in scorers}

    def take(item: str, repeat: str | None, trace: Trace) -> None:
        found[item, repeat] = {
            name: _score(scorer, trace, item, reasons[name]) for name, scorer in scorers.items()
        }

    table.traces(take)
    lower = (name for name, one in scorers.items() if not one.scale(()).higher_is_better)
    return replace(
        table,
        columns=replace(table.columns, metrics=(*table.columns.metrics, *scorers)),
        rows=lambda: _rows(table, tuple(scorers), found),
        lower_is_better=(*table.lower_is_better, *lower),
        notes=(*table.notes, *_notes(table, reasons)),
    )


def _rows(table: ForeignTable, names: tuple[str, ...], found: Found) -> Iterator[Row]:
    unknown: dict[str, float | None] = dict.fromkeys(names)
    for row in table.rows():
        scores = found.get((row.item, row.repeat), unknown)
        yield replace(row, scores={**row.scores, **scores})


def _score(scorer: Scorer, trace: Trace, item: str, reasons: Counter[str]) -> float | None:
    try:
        made = scorer.score(Answer(None, trace=trace), Item(item, {}))
    except SystemFailed as error:
        reasons[str(error)] += 1
        return None
    if inspect.isawaitable(made):
        raise DataError("--trace-rules: a scorer that must be awaited; expected one that answers")
    if isinstance(made, Missing):
        reasons[made.reason] += 1
        return None
    return float(made)


def _notes(table: ForeignTable, reasons: Mapping[str, Counter[str]]) -> Iterator[str]:
    for name, found in reasons.items():
        if found:
            told = "; ".join(f"{why} ({times})" for why, times in found.most_common(_REASONS))
            yield (
                f"{table.path}: {name} could not be told of {found.total()} samples, which count "
                f"as missing: {told}."
            )
