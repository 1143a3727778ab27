"""A comparison on a terminal: the answer first, then its numbers, then what it rests on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import get_terminal_size

import click

from liftgate.canon import plain, short
from liftgate.cli.text import visible
from liftgate.documents.comparison_notes import LOWER, check_words
from liftgate.documents.comparison_words import (
    COLUMNS,
    amount,
    answer_lines,
    cells,
    items_to_add,
    margin_words,
    needed_words,
    requirement_words,
    rough,
    unit,
    word,
)
from liftgate.documents.numbers import EstimateText, count, p_value, percent
from liftgate.documents.ratio_words import ratio_lines
from liftgate.documents.words import contrast_words
from liftgate.figures import Unit
from liftgate.records import (
    Change,
    Comparison,
    Comparisons,
    MetricComparison,
    Pairing,
    RatioComparison,
    Scale,
    ScoreKind,
    Side,
    Verdict,
)

_WIDTH = 100
_LISTED = 10


def show(comparison: Comparison, *, written: Sequence[Path]) -> None:
    """Print a comparison; coloured on a terminal unless NO_COLOR is set."""
    click.secho(visible(comparison.sentence), bold=True, color=_colour())
    click.echo()
    _print_table(comparison)
    for line in _body(comparison):
        click.echo(visible(line))
    for path in written:
        click.echo(f"Written: {visible(str(path))}")


def show_each(found: Comparisons, *, written: Sequence[Path]) -> None:
    """Print several comparisons: the answer over all of them first, then each."""
    click.secho(visible(found.sentence), bold=True, color=_colour())
    for line in answer_lines(found):
        click.echo(visible(line))
    for comparison in found.comparisons:
        click.echo()
        title = f"{comparison.baseline.name} → {comparison.candidate.name}"
        click.secho(visible(title), bold=True, color=_colour())
        show(comparison, written=())
    for path in written:
        click.echo(f"Written: {visible(str(path))}")


def _colour() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None


def _print_table(comparison: Comparison) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(COLUMNS[0], overflow="fold")
    for name in COLUMNS[1:-1]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(COLUMNS[-1], overflow="fold")
    for metric in comparison.metrics:
        table.add_row(*(Text(visible(cell)) for cell in cells(metric)))
    # Never narrower than its numbers: a line that wraps is better than a limit that is cut.
    width = max(_WIDTH, get_terminal_size().columns) if sys.stdout.isatty() else _WIDTH
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=_colour())


def _body(comparison: Comparison) -> Iterator[str]:
    for metric in comparison.metrics:
        yield ""
        yield f"{metric.metric}"
        yield from (f"  {line}" for line in _metric(metric, comparison))
    for ratio in comparison.ratios:
        yield ""
        yield from _ratio(ratio)
    yield ""
    yield from _pairing(comparison)
    yield ""
    yield from _read(comparison)
    yield from (f"Note: {note}" for note in comparison.notes)
    yield ""
    yield from _next(comparison)


def _ratio(ratio: RatioComparison) -> Iterator[str]:
    first, *rest = ratio_lines(ratio)
    yield first
    yield from (f"  {line}" for line in rest)


def _metric(metric: MetricComparison, comparison: Comparison) -> Iterator[str]:
    shown = unit(metric)
    yield from _test(metric.verdict, metric, comparison.question.alpha, shown)
    if metric.worst_case is not None:
        said = word(metric.worst_case, metric.margin, shown)
        yield f"missing scores at their worst for the candidate: {said}"
        yield f"  {metric.worst_case.reason}"
    if comparison.requirement is not None:
        yield requirement_words(metric, comparison.requirement.want)
    yield from _moves(metric)
    yield from (f"to tell: {needed_words(needed)}" for needed in metric.needed)
    if metric.detectable is not None and metric.needed:
        power = amount(metric.detectable, shown)
        yield f"these items would tell a difference of {power} (80 % power)"
    yield from _slices(metric, shown)
    yield from metric.notes


def _test(verdict: Verdict, metric: MetricComparison, alpha: float, shown: Unit) -> Iterator[str]:
    yield f"scores: {_scale(metric.scale, guessed=metric.scale_guessed)}"
    estimate = verdict.estimate
    if estimate is None:
        yield f"no verdict: {verdict.reason}"
        return
    limits = EstimateText(plain(estimate), shown).limits
    better, worse, of = "better", "worse", ""
    if metric.margin is not None:
        if metric.margin.relative:
            higher = metric.scale.higher_is_better
            of = f" of {contrast_words(metric.margin.value, higher_is_better=higher)}"
        size = margin_words(metric.margin, shown)
        better, worse = f"not worse by {size} or more", f"worse by more than {size}"
    tests = [f"{_p(verdict.p_value, alpha)} for {better}"]
    if verdict.harm_p is not None:
        tests.append(f"{_p(verdict.harm_p, alpha)} for {worse}")
    yield f"decided at a one-sided {percent(alpha)}: limits{of} {limits}; {', '.join(tests)}"
    yield f"method: {estimate.method} ({estimate.mark.value})"
    yield from (f"warning: {warning}" for warning in estimate.warnings)


def _p(p: float | None, alpha: float) -> str:
    text = p_value(p, against=alpha)
    return f"p {text}" if text[:1] in "<>" else f"p = {text}"


def _scale(scale: Scale, *, guessed: bool) -> str:
    way = "larger is better" if scale.higher_is_better else LOWER
    known = {
        ScoreKind.BINARY: "0 or 1",
        ScoreKind.UNBOUNDED: "no known range",
    }.get(scale.kind, f"{scale.low:g} to {scale.high:g}" if scale.low is not None else "")
    return f"{known}{' (guessed)' if guessed else ''}, {way}"


def _moves(metric: MetricComparison) -> Iterator[str]:
    moves = metric.moves
    if moves.both_right is not None and moves.both_wrong is not None:
        yield (
            f"items: {count(moves.both_right)} right in both, {count(moves.gained)} gained, "
            f"{count(moves.lost)} lost, {count(moves.both_wrong)} wrong in both"
        )
    else:
        yield (
            f"items: {count(moves.gained)} better, {count(moves.same)} the same, "
            f"{count(moves.lost)} worse"
        )
    binary = moves.both_right is not None
    for name, changes in (("gained", moves.gains), ("lost", moves.losses)):
        if changes:
            listed = ", ".join(_change(change, binary=binary) for change in changes)
            yield f"  {name}, e.g. {listed}"


def _change(change: Change, *, binary: bool) -> str:
    if binary:
        return repr(change.item)
    return f"{change.item!r} ({change.baseline:g} → {change.candidate:g})"


def _slices(metric: MetricComparison, shown: Unit) -> Iterator[str]:
    if metric.slices:
        yield "slices (exploratory, corrected for nothing; 95 % intervals):"
    for part in metric.slices:
        where = f"{part.slice} = {part.value!r}"
        if part.estimate is None:
            yield f"  {where}: {part.reason} ({count(part.items)} items)"
        else:
            text = EstimateText(plain(part.estimate), shown)
            yield f"  {where}: {text.text}, {text.size}"


def _pairing(comparison: Comparison) -> Iterator[str]:
    first = comparison.metrics[0].pairing
    yield "Pairing"
    yield from (
        f"  {line}"
        for line in (
            *_listed("only in the baseline", first.only_baseline),
            *_listed("only in the candidate", first.only_candidate),
            *_listed("changed input under one id, not paired", first.changed),
        )
    )
    for metric in comparison.metrics:
        yield f"  {metric.metric}: {_counts(metric.pairing, metric)}"


def _listed(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        shown = ", ".join(repr(name) for name in names[:_LISTED])
        rest = len(names) - _LISTED
        more = f" and {count(rest)} more (all in --json)" if rest > 0 else ""
        yield f"{count(len(names))} {what}: {shown}{more}"


def _counts(pairing: Pairing, metric: MetricComparison) -> str:
    parts = [f"{count(pairing.paired)} items paired"]
    sides = (
        ("failed", pairing.failed_baseline, pairing.failed_candidate),
        ("without a score", pairing.missing_baseline, pairing.missing_candidate),
    )
    parts += [
        f"{what}: {count(a)} baseline, {count(b)} candidate" for what, a, b in sides if a or b
    ]
    if metric.failure_score is not None:
        parts.append(f"a failure scores {metric.failure_score:g}")
    if max(pairing.repeats_baseline, pairing.repeats_candidate) > 1:
        parts.append(
            f"repeats averaged in the item: {pairing.repeats_baseline} baseline, "
            f"{pairing.repeats_candidate} candidate"
        )
    return "; ".join(parts)


def _read(comparison: Comparison) -> Iterator[str]:
    yield "Read"
    for role, side in (("baseline", comparison.baseline), ("candidate", comparison.candidate)):
        yield f"  {role}: {side.name} ({_rows(side)}, sha256 {short(side.digest)})"
        if side.format:
            yield f"    recognised as: {side.format}"
        yield f"    columns: {'; '.join(_columns(side))}"
        yield from (f"    {line}" for line in check_words(plain(side.checks)))
        if side.left_out:
            left = "; ".join(f"{name!r} ({why})" for name, why in side.left_out.items())
            yield f"    not used: {left}"


def _rows(side: Side) -> str:
    same = "" if side.items == side.rows else f", {count(side.items)} items"
    return f"{count(side.rows)} rows{same}"


def _columns(side: Side) -> Iterator[str]:
    columns = side.columns
    named = {
        "item": columns.item,
        "metrics": ", ".join(columns.metrics),
        "system": columns.system,
        "repeat": columns.repeat,
        "cluster": columns.cluster,
        "slices": ", ".join(columns.slices),
        "error": columns.error,
        "content": columns.content,
    }
    words = {"content": "input", "metrics": "metric" if len(columns.metrics) == 1 else "metrics"}
    for part, name in named.items():
        if name:
            guessed = " (guessed)" if part in side.guessed else ""
            yield f"{words.get(part, part)} = {name}{guessed}"


def _next(comparison: Comparison) -> Iterator[str]:
    *again, plan = comparison.next
    more = items_to_add(comparison)
    many = "more items" if more is None else f"about {rough(more)} more items"
    for command in again:
        yield f"Next: score {many} with both systems, then: {command}"
    yield f"Next: plan it as a study: {plan}"
