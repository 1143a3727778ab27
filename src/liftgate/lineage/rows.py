"""The rows behind a number: one line an item and repeat, with every failure marked.

Takes observations that were selected already and measures that were read already; which rows count
is decided elsewhere, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from liftgate.records import Failure, Measure, Observation, first_token_s


@dataclass(frozen=True)
class Cell:
    """One arm's side of a line."""

    value: float | None
    """The score, milliseconds or measure; a failure's declared score; None: missing."""
    mark: str = ""
    """A failure's kind and words, or why a score is missing; empty for an ordinary value."""
    run: str = ""
    attempt: int = 1
    output: str | None = None
    """Digest of the answer."""


@dataclass(frozen=True)
class Line:
    """One item (or one pass) with every arm concerned."""

    item: str
    """The item's id; ``pass 3`` or ``whole`` for a measure."""
    repeat: int
    cells: Mapping[str, Cell]
    """Arm name -> its side; an arm without an observation is absent."""


def arm_of(column: str) -> str:
    """Return the arm of a column: a ratio has two of each, and an arm's name holds no blank."""
    return column.split(maxsplit=1)[0]


def item_lines(
    observations: Iterable[Observation],
    metric: str,
    arms: Mapping[str, str],
    items: Sequence[str],
    *,
    failure_scores: Mapping[Failure, float | None] | None = None,
) -> tuple[Line, ...]:
    """Return the lines of a metric, in the order of ``items``, then by repeat.

    Args:
        observations: selected ones, of any arms and items.
        metric: a metric's name; one that begins with ``latency_`` shows the calls' times in
            ms, with ``ttft_`` those to the first token, with ``cost_`` what they cost.
        arms: arm name -> fingerprint, in the order of the columns.
        items: the ids of the items concerned.
        failure_scores: what each kind of failure counts as, by the study's outcome rules.
    """
    scored = failure_scores or {}
    names = {fingerprint: name for name, fingerprint in arms.items()}
    places = {item: place for place, item in enumerate(items)}
    lines: dict[tuple[int, int], dict[str, Cell]] = {}
    for seen in observations:
        if seen.arm in names and seen.item in places:
            cells = lines.setdefault((places[seen.item], seen.repeat), {})
            cells[names[seen.arm]] = _cell(seen, metric, scored)
    return tuple(
        Line(items[place], repeat, {name: cells[name] for name in arms if name in cells})
        for (place, repeat), cells in sorted(lines.items())
    )


def measure_lines(
    measures: Iterable[Measure], metric: str, arms: Mapping[str, str]
) -> tuple[Line, ...]:
    """Return the lines of a measure: one for each pass, or one for the whole.

    Of several rows of one arm and pass the last run's is shown, as it is the one that counts.

    Args:
        measures: of one study.
        metric: the measure's name.
        arms: arm name -> fingerprint, in the order of the columns.
    """
    latest: dict[tuple[int, str], Measure] = {}
    for name, fingerprint in arms.items():
        for measure in sorted(measures, key=lambda m: m.run):
            if measure.arm == fingerprint and measure.name == metric:
                latest[measure.pass_number or 0, name] = measure
    lines = []
    for number in sorted({number for number, _ in latest}):
        found = {name: latest[number, name] for name in arms if (number, name) in latest}
        cells = {name: Cell(measure.value, run=measure.run) for name, measure in found.items()}
        lines.append(Line(f"pass {number}" if number else "whole", 0, cells))
    return tuple(lines)


def largest_first(lines: Iterable[Line], baseline: str, candidate: str) -> Iterator[Line]:
    """Yield lines with a failure or without a value first, then by the size of the difference."""

    def place(line: Line) -> tuple[bool, float]:
        cells = [line.cells.get(name) for name in (baseline, candidate)]
        values = [cell.value for cell in cells if cell is not None and cell.value is not None]
        plain = len(values) == 2 and not any(cell.mark for cell in cells if cell is not None)
        return plain, -abs(values[1] - values[0]) if len(values) == 2 else 0.0

    yield from sorted(lines, key=place)


def _cell(seen: Observation, metric: str, scored: Mapping[Failure, float | None]) -> Cell:
    trial = seen.trial
    value, mark = _value(seen, metric, scored)
    return Cell(value, mark, trial.run, trial.attempt, trial.output_digest)


def _value(
    seen: Observation, metric: str, scored: Mapping[Failure, float | None]
) -> tuple[float | None, str]:
    trial = seen.trial
    said = f": {trial.message}" if trial.message else ""
    failure = f"{trial.failure.value}{said}" if trial.failure is not None else ""
    if metric.startswith("latency_"):
        return trial.seconds * 1000, failure
    if metric.startswith("ttft_") and metric not in seen.scores:
        first = first_token_s(trial.reported)
        return (None, failure or "not streamed") if first is None else (1000 * first, failure)
    if metric.startswith("cost_") and metric not in seen.scores:
        return trial.cost, failure or ("" if trial.cost is not None else "cost not known")
    if trial.failure is not None:
        return scored.get(trial.failure), failure
    score = seen.scores.get(metric)
    if score is None:
        return None, "not scored"
    if score.value is None:
        return None, f"{score.outcome.value}: {score.reason}"
    return score.value, ""
