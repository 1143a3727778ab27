"""Door one: two tables in, one comparison out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from liftgate.canon import plain
from liftgate.documents.comparison import comparison_figures, render_comparison
from liftgate.documents.comparison_notes import log_notes, metric_notes, notes
from liftgate.documents.comparison_words import all_written, written
from liftgate.documents.job_summary import summary_markdown
from liftgate.documents.junit import junit_xml
from liftgate.documents.ratio_words import ratio_lines
from liftgate.errors import DataError, UnknownName
from liftgate.figures import Figure
from liftgate.flow.compare_traces import counted, with_scores
from liftgate.gates import compare as gate
from liftgate.gates import ratios
from liftgate.gates.foreign import Collected, Matched, collect, match
from liftgate.gates.foreign_scores import pairs_of, scale_of
from liftgate.gates.tries import is_right_or_wrong
from liftgate.importers.log import many_small_objects
from liftgate.importers.place import open_table
from liftgate.protocols import ForeignTable, Row
from liftgate.records import (
    Comparison,
    Comparisons,
    Joined,
    MetricComparison,
    Pairs,
    Question,
    Scale,
    Side,
    Tries,
    Want,
)
from liftgate.study.draft import draft

T = TypeVar("T")
ALL = "*"


@dataclass(frozen=True)
class Read:
    """One side, read."""

    name: str
    table: ForeignTable
    system: str | None
    rows: Collected


@dataclass(frozen=True)
class ReadTables:
    """Two tables, read and matched."""

    sides: tuple[Read, Read]
    matched: Matched
    metrics: tuple[str, ...]
    question: Question

    def answered(self) -> Comparison:
        """Return the whole answer."""
        return written(_answered(self.matched, self.sides, self.metrics, self.question))

    def pairs(self, metric: str) -> Pairs:
        """Return one metric's pairs, as the answer rests on them."""
        lower = (metric,) if _lower(metric, self.sides, self.question) else ()
        return _pairs(self.matched, metric, self.question, lower)


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
    return read_tables(baseline, candidate, question).answered()


def read_tables(
    baseline: str | os.PathLike[str],
    candidate: str | os.PathLike[str],
    question: Question | None = None,
) -> ReadTables:
    """Read and match what ``compare_tables`` compares; raises as it does."""
    question = question or Question()
    tables, counts = _opened((os.fspath(baseline), os.fspath(candidate)), question)
    metrics = _metrics(tables[0][0], tables[1][0], question)
    with_content = tables[0][0].columns.content == tables[1][0].columns.content
    same = tables[0][0].digest == tables[1][0].digest and tables[0][1] == tables[1][1]
    if same:
        raise DataError(
            f"{baseline} and {candidate} are the same rows; expected two runs",
            hint="name two files, or two systems of one file: FILE@SYSTEM",
        )
    with many_small_objects():
        before, after = (
            _read(os.fspath(name), table, system, metrics, with_content=with_content, counts=counts)
            for name, (table, system) in zip((baseline, candidate), tables, strict=True)
        )
        matched = match(before.rows, after.rows)
    return ReadTables((before, after), matched, metrics, question)


def _opened(
    names: Sequence[str], question: Question
) -> tuple[list[tuple[ForeignTable, str | None]], frozenset[str]]:
    """Open both sides, with the scores of their traces; return which metrics are counts, too."""
    if not question.trace_rules:
        return [open_table(name, question.columns) for name in names], frozenset()
    # Here, because what reads studies takes a tenth of a second to import.
    from liftgate.study.trace_scorers import load_trace_scorers

    scorers = load_trace_scorers(Path(question.trace_rules))
    named = question.columns.metrics
    own = replace(question.columns, metrics=tuple(m for m in named if m not in scorers))
    wanted = {name: one for name, one in scorers.items() if not named or name in named}
    opened = [open_table(name, own) for name in names]
    tables = [(_named(with_scores(table, wanted), named), system) for table, system in opened]
    return tables, counted(wanted)


def _named(table: ForeignTable, metrics: Sequence[str]) -> ForeignTable:
    """Keep the metrics that were named, scores of traces among them; none named: all."""
    if not metrics:
        return table
    kept = tuple(metric for metric in table.columns.metrics if metric in metrics)
    return replace(table, columns=replace(table.columns, metrics=kept))


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
    return together(
        [compare_tables(baseline, candidate, question) for candidate in named], question
    )


def together(found: Sequence[Comparison], question: Question) -> Comparisons:
    """Return comparisons of one baseline with what they say together.

    Args:
        found: one for each candidate.
        question: that was asked of each.
    """
    answers, code = gate.across(found, question.alpha) if question.require else ((), 0)
    return all_written(Comparisons(exit_code=code, comparisons=tuple(found), answers=answers))


def _lower(metric: str, sides: tuple[Read, Read], question: Question) -> bool:
    """Whether lower is better: somebody said so, or both logs do."""
    stated = all(metric in side.table.lower_is_better for side in sides)
    return stated or metric in question.lower_is_better


def page(comparison: Comparison) -> str:
    """Return a comparison as one self-contained HTML page."""
    return render_comparison(plain(comparison), [[*ratio_lines(one)] for one in comparison.ratios])


def pictures(comparison: Comparison) -> tuple[Figure, ...]:
    """Return the pictures of a comparison's page."""
    return comparison_figures([plain(one) for one in comparison.metrics])


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
    matched: Matched, sides: tuple[Read, Read], metrics: tuple[str, ...], question: Question
) -> Comparison:
    lower = tuple(metric for metric in metrics if _lower(metric, sides, question))
    answers = tuple(
        answer
        for metric in metrics
        for answer in _answers(matched, metric, question, higher_is_better=metric not in lower)
    )
    if question.pass_at is not None and len(answers) == len(metrics):
        raise DataError(
            f"--pass-at {question.pass_at}: none of {', '.join(map(repr, metrics))} is right or "
            "wrong, 1 the better"
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
        ratios=tuple(
            ratios.compared(name, *(_pairs(matched, part, question, lower) for part in parts))
            for name, parts in question.ratios.items()
        ),
        notes=(
            *notes(sides[0].table, sides[1].table, tuple(one.metric for one in answers), lower),
            *log_notes(sides[0].table, sides[1].table, matched.reworded, len(matched.items)),
        ),
    )


def _answers(
    matched: Matched, metric: str, question: Question, *, higher_is_better: bool
) -> Iterator[MetricComparison]:
    """Yield a metric's answer, and those about k tries of it where they are asked."""
    failure_score = _for(metric, question.failure_scores)
    scale = _scale(matched, metric, question, higher_is_better=higher_is_better)
    asked: list[Tries | None] = [None]
    if question.pass_at is not None and is_right_or_wrong(scale):
        asked += [Tries(question.pass_at, joined) for joined in Joined]
    for tries in asked:
        pairs = pairs_of(matched, metric, scale=scale, failure_score=failure_score, tries=tries)
        name = metric if tries is None else f"{metric}:{tries.text}"
        margin = question.margins.get(name, _for(metric, question.margins))
        ask = gate.Ask(
            alpha=question.alpha,
            margin=margin,
            failure_score=failure_score,
            scale_guessed=_for(metric, question.ranges) is None,
            require=question.require,
            notes=metric_notes(pairs),
        )
        yield gate.judged(replace(pairs, metric=name), ask)


def _pairs(matched: Matched, metric: str, question: Question, lower: Sequence[str]) -> Pairs:
    scale = _scale(matched, metric, question, higher_is_better=metric not in lower)
    failure_score = _for(metric, question.failure_scores)
    return pairs_of(matched, metric, scale=scale, failure_score=failure_score)


def _scale(matched: Matched, metric: str, question: Question, *, higher_is_better: bool) -> Scale:
    return scale_of(
        matched,
        metric,
        higher_is_better=higher_is_better,
        bounds=_for(metric, question.ranges),
        failure_score=_for(metric, question.failure_scores),
    )


def _for(metric: str, given: Mapping[str, T]) -> T | None:
    return given.get(metric, given.get(ALL))


def _read(
    name: str,
    table: ForeignTable,
    system: str | None,
    metrics: tuple[str, ...],
    *,
    with_content: bool,
    counts: frozenset[str],
) -> Read:
    rows = table.rows()
    return Read(
        name=name,
        table=table,
        system=system,
        rows=collect(
            rows if with_content else _without_content(rows),
            metrics=metrics,
            place=name,
            has_repeats=table.columns.repeat is not None,
            counted=counts,
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
    _check_names(common, question)
    if question.require is Want.NOT_WORSE:
        _check_margins(common, question)
    return common


def _check_names(common: tuple[str, ...], question: Question) -> None:
    of_tries = [
        f"{metric}:{Tries(question.pass_at, joined).text}"
        for metric in common
        for joined in Joined
        if question.pass_at is not None
    ]
    given = {
        "--lower-is-better": (question.lower_is_better, common),
        "--margin": (question.margins, (*common, *of_tries)),
        "--range": (question.ranges, common),
        "--failure-score": (question.failure_scores, common),
        "--ratio": ([part for parts in question.ratios.values() for part in parts], common),
    }
    for option, (keys, known) in given.items():
        for metric in keys:
            if metric not in {*known, ALL} or (option == "--ratio" and metric == ALL):
                raise UnknownName(f"compared metric for {option}", metric, known)


def _check_margins(metrics: tuple[str, ...], question: Question) -> None:
    bare = [metric for metric in metrics if _for(metric, question.margins) is None]
    if bare:
        raise DataError(
            f"not-worse is required and no margin given for {', '.join(map(repr, bare))}; no "
            "number of items shows that nothing at all was lost",
            hint="say how much worse would still do: --margin 0.02 (in the score's units), "
            f"--margin 2% (of the baseline), or for one metric --margin {bare[0]}=0.02",
        )


def _side(side: Read) -> Side:
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
