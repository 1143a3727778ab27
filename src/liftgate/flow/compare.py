"""Door one: two tables in, one comparison out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from liftgate import __version__, plugins
from liftgate.canon import plain
from liftgate.documents.comparison import render_comparison
from liftgate.documents.comparison_notes import log_notes, metric_notes, notes
from liftgate.documents.comparison_words import all_written, written
from liftgate.documents.job_summary import summary_markdown
from liftgate.documents.junit import junit_xml
from liftgate.errors import DataError, UnknownName
from liftgate.gates import compare as gate
from liftgate.gates.foreign import Collected, Matched, collect, match
from liftgate.gates.foreign_scores import pairs_of, scale_of
from liftgate.importers.place import open_table
from liftgate.protocols import Exporter, ForeignTable, Row
from liftgate.records import (
    Comparison,
    Comparisons,
    MetricComparison,
    Question,
    Side,
    Want,
)
from liftgate.study.draft import draft

T = TypeVar("T")
ALL = "*"


@dataclass(frozen=True)
class _Read:
    """One side, read."""

    name: str
    table: ForeignTable
    system: str | None
    rows: Collected


def compare_tables(
    baseline: str | os.PathLike[str],
    candidate: str | os.PathLike[str],
    question: Question | None = None,
) -> Comparison:
    """Compare two tables of scores, item by item.

    Args:
        baseline: FILE, FOLDER (with one table in it) or FILE@SYSTEM.
        candidate: the same.
        question: which columns, margins and requirement; None: everything by guess.

    Raises:
        DataError: a table that cannot be read, or two that do not belong together.
        UnknownName: a column, a metric or a system that is not there.
    """
    question = question or Question()
    tables = [open_table(os.fspath(name), question.columns) for name in (baseline, candidate)]
    metrics = _metrics(tables[0][0], tables[1][0], question)
    with_content = tables[0][0].columns.content == tables[1][0].columns.content
    same = tables[0][0].digest == tables[1][0].digest and tables[0][1] == tables[1][1]
    if same:
        raise DataError(
            f"{baseline} and {candidate} are the same rows; expected two runs",
            hint="name two files, or two systems of one file: FILE@SYSTEM",
        )
    before, after = (
        _read(os.fspath(name), table, system, metrics, with_content=with_content)
        for name, (table, system) in zip((baseline, candidate), tables, strict=True)
    )
    matched = match(before.rows, after.rows)
    return written(_answered(matched, (before, after), metrics, question))


def compare_each(
    baseline: str | os.PathLike[str],
    candidates: Sequence[str | os.PathLike[str]],
    question: Question | None = None,
) -> Comparisons:
    """Compare several candidates with one baseline.

    Args:
        baseline: FILE, FOLDER or FILE@SYSTEM.
        candidates: the same, at least one.
        question: asked of each; what it requires is corrected over the candidates.

    Raises:
        DataError: as ``compare_tables``; or a candidate that is named twice, or none.
        UnknownName: as ``compare_tables``.
    """
    question = question or Question()
    named = [os.fspath(candidate) for candidate in candidates]
    if not named or len(set(named)) < len(named):
        raise DataError(
            f"candidates: got {', '.join(named) or 'none'}, expected at least one, each once"
        )
    found = tuple(compare_tables(baseline, candidate, question) for candidate in named)
    answers, code = gate.across(found, question.alpha) if question.require else ((), 0)
    return all_written(Comparisons(exit_code=code, comparisons=found, answers=answers))


def _lower(metric: str, sides: tuple[_Read, _Read], question: Question) -> bool:
    """Whether lower is better: somebody said so, or both logs do."""
    stated = all(metric in side.table.lower_is_better for side in sides)
    return stated or metric in question.lower_is_better


def page(comparison: Comparison) -> str:
    """Return a comparison as one self-contained HTML page."""
    return render_comparison(plain(comparison))


def exported(comparison: Comparison, name: str, *, seconds: int) -> Mapping[str, bytes]:
    """Return a comparison in the format of another tool: file name -> content.

    Args:
        comparison: what was compared.
        name: of an exporter.
        seconds: since 1970, when it was.

    Raises:
        UnknownName: no exporter has the name.
        DataError: the comparison cannot be told in that format.
    """
    exporter: Exporter = plugins.load("exporters", name)
    return exporter(comparison, seconds=seconds, version=__version__)


def junit(comparisons: Comparisons) -> str:
    """Return the answers as JUnit XML, one test for each candidate and metric."""
    return junit_xml(comparisons)


def job_summary(comparisons: Comparisons) -> str:
    """Return the answers as Markdown, for the summary of a job."""
    return summary_markdown(comparisons)


def study_draft(comparison: Comparison, folder: Path) -> str:
    """Return a study file with the tables as its pilot and its systems left to fill in.

    Args:
        comparison: what was compared.
        folder: where the file will stand.
    """
    return draft(comparison, folder)


def _answered(
    matched: Matched, sides: tuple[_Read, _Read], metrics: tuple[str, ...], question: Question
) -> Comparison:
    lower = tuple(metric for metric in metrics if _lower(metric, sides, question))
    answers = tuple(
        _answer(matched, metric, question, higher_is_better=metric not in lower)
        for metric in metrics
    )
    requirement, code = None, 0
    if question.require is not None:
        requirement, code = gate.requirement(answers, question.require, question.alpha)
    return Comparison(
        exit_code=code,
        question=question,
        baseline=_side(sides[0]),
        candidate=_side(sides[1]),
        metrics=answers,
        requirement=requirement,
        notes=(
            *notes(sides[0].table, sides[1].table, metrics, lower),
            *log_notes(sides[0].table, sides[1].table, matched.reworded, len(matched.items)),
        ),
    )


def _answer(
    matched: Matched, metric: str, question: Question, *, higher_is_better: bool
) -> MetricComparison:
    failure_score = _for(metric, question.failure_scores)
    bounds = _for(metric, question.ranges)
    scale = scale_of(
        matched,
        metric,
        higher_is_better=higher_is_better,
        bounds=bounds,
        failure_score=failure_score,
    )
    pairs = pairs_of(matched, metric, scale=scale, failure_score=failure_score)
    ask = gate.Ask(
        alpha=question.alpha,
        margin=_for(metric, question.margins),
        failure_score=failure_score,
        scale_guessed=bounds is None,
        require=question.require,
        notes=metric_notes(pairs),
    )
    return gate.judged(pairs, ask)


def _for(metric: str, given: Mapping[str, T]) -> T | None:
    return given.get(metric, given.get(ALL))


def _read(
    name: str,
    table: ForeignTable,
    system: str | None,
    metrics: tuple[str, ...],
    *,
    with_content: bool,
) -> _Read:
    rows = table.rows()
    return _Read(
        name=name,
        table=table,
        system=system,
        rows=collect(
            rows if with_content else _without_content(rows),
            metrics=metrics,
            place=name,
            has_repeats=table.columns.repeat is not None,
        ),
    )


def _without_content(rows: Iterator[Row]) -> Iterator[Row]:
    return (replace(row, content=None) if row.content is not None else row for row in rows)


def _metrics(
    baseline: ForeignTable, candidate: ForeignTable, question: Question
) -> tuple[str, ...]:
    """Return the metrics that both sides have, in the baseline's order."""
    before, after = baseline.columns.metrics, candidate.columns.metrics
    common = tuple(metric for metric in before if metric in after)
    if not common:
        raise DataError(
            f"{baseline.path} has the metrics {', '.join(map(repr, before))}, {candidate.path} has "
            f"{', '.join(map(repr, after))}; expected at least one in common",
            hint="give the columns of one metric the same name in both tables",
        )
    given = {
        "--lower-is-better": question.lower_is_better,
        "--margin": question.margins,
        "--range": question.ranges,
        "--failure-score": question.failure_scores,
    }
    for option, keys in given.items():
        for metric in keys:
            if metric not in {*common, ALL}:
                raise UnknownName(f"compared metric for {option}", metric, common)
    if question.require is Want.NOT_WORSE:
        _check_margins(common, question)
    return common


def _check_margins(metrics: tuple[str, ...], question: Question) -> None:
    bare = [metric for metric in metrics if _for(metric, question.margins) is None]
    if bare:
        raise DataError(
            f"not-worse is required and no margin given for {', '.join(map(repr, bare))}; no "
            "number of items shows that nothing at all was lost",
            hint="say how much worse would still do: --margin 0.02 (in the score's units), "
            f"--margin 2% (of the baseline), or for one metric --margin {bare[0]}=0.02",
        )


def _side(side: _Read) -> Side:
    table = side.table
    return Side(
        name=side.name,
        path=str(table.path),
        digest=table.digest,
        system=side.system,
        rows=int(side.rows.at.size),
        items=len(side.rows.items),
        columns=table.columns,
        guessed=table.guessed,
        left_out=dict(table.left_out),
        format=table.format,
        facts=dict(table.facts),
        checks=table.checks,
        notes=table.notes,
    )
