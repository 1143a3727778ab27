"""Run experiments and say which figures lie in their bands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from liftgate.errors import UnknownName
from liftgate.stats.shown import Shown
from liftgate.stats.verify.cell import Bench, Cell, Experiment, Found
from liftgate.stats.verify.real import RealData

_FEWEST_RUNS = 100


class Outcome(StrEnum):
    """What became of a cell."""

    PASS = "pass"  # noqa: S105
    MISS = "miss"
    KNOWN_MISS = "known miss"
    """Outside its band, for a reason that the cell gives."""
    GAP_CLOSED = "gap closed"
    """Inside its band although the cell says that it is not: the reason must go."""
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Line:
    """One cell with its figure; None: not measured."""

    cell: Cell
    experiment: Experiment
    outcome: Outcome
    found: Found | None = None
    why: str = ""
    """Why nothing was measured."""

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        cell, experiment, found = self.cell, self.experiment, self.found
        return {
            "name": cell.name,
            "outcome": self.outcome.value,
            "what": cell.what.value,
            "methods": list(experiment.methods),
            "mark": experiment.mark.value,
            "world": experiment.world,
            "n": experiment.n,
            "domain": experiment.domain,
            "nominal": cell.nominal,
            "at_least": cell.low,
            "at_most": cell.high,
            "measured": None if found is None else found.value,
            "se": None if found is None else found.se(),
            "runs": None if found is None else found.runs,
            "refused": None if found is None else found.refused,
            "note": "" if found is None else found.note,
            "gap": cell.gap,
            "seed": experiment.seed,
            "why_not": self.why,
        }


@dataclass(frozen=True)
class Report(Shown):
    """What was measured."""

    lines: tuple[Line, ...]
    long: bool
    seconds: float
    """Processor time in all."""
    slowest: tuple[tuple[str, float], ...]
    """The first cell of each experiment with its processor seconds, slowest first."""
    interrupted: bool = False

    def of(self, *outcomes: Outcome) -> tuple[Line, ...]:
        """Return the lines with some outcomes."""
        return tuple(line for line in self.lines if line.outcome in outcomes)

    def failures(self, *, accept_known: bool = False) -> tuple[Line, ...]:
        """Return the lines that must not be."""
        bad = [Outcome.MISS, Outcome.GAP_CLOSED]
        return self.of(*bad, *([] if accept_known else [Outcome.KNOWN_MISS]))

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "liftgate": 1,
            "form": "long" if self.long else "short",
            "interrupted": self.interrupted,
            "cpu_seconds": round(self.seconds, 1),
            "slowest": [{"name": name, "cpu_seconds": round(s, 1)} for name, s in self.slowest],
            "cells": [line.as_json() for line in self.lines],
        }


Show = Callable[[int, int], None]
"""Told how many experiments are done, of how many."""


def chosen(experiments: Iterable[Experiment], only: Sequence[str]) -> list[Experiment]:
    """Return the experiments of which a method or a cell's name holds one of some words.

    Raises:
        UnknownName: a word that none of them holds.
    """
    listed = list(experiments)
    if not only:
        return listed
    for word in only:
        if not any(_holds(experiment, word) for experiment in listed):
            methods = sorted({method for one in listed for method in one.methods})
            raise UnknownName("cell or method", word, methods)
    return [one for one in listed if any(_holds(one, word) for word in only)]


def _holds(experiment: Experiment, word: str) -> bool:
    texts = (*experiment.methods, *(cell.name for cell in experiment.cells))
    return any(word.casefold() in text.casefold() for text in texts)


def run(
    experiments: Sequence[Experiment],
    real: RealData,
    *,
    long: bool = False,
    share: float = 1.0,
    show: Show | None = None,
) -> Report:
    """Measure; an interruption keeps what is done.

    Args:
        experiments: what is measured.
        real: the real scores at hand.
        long: take the long form's samples and grids.
        share: of the samples to take, for a quick look.
        show: told of progress.
    """
    lines: list[Line] = []
    taken: list[tuple[str, float]] = []
    interrupted = False
    for done, experiment in enumerate(experiments):
        if show is not None:
            show(done, len(experiments))
        start = time.process_time()
        try:
            lines += _measured(experiment, real, long=long, share=share)
        except KeyboardInterrupt:
            interrupted = True
            for rest in experiments[done:]:
                lines += _unmeasured(rest, "interrupted")
            break
        taken.append((experiment.cells[0].name, time.process_time() - start))
    if show is not None and not interrupted:
        show(len(experiments), len(experiments))
    taken.sort(key=lambda one: -one[1])
    total = sum(seconds for _, seconds in taken)
    return Report(tuple(lines), long, total, tuple(taken[:10]), interrupted)


def _measured(
    experiment: Experiment, real: RealData, *, long: bool, share: float
) -> Iterable[Line]:
    if not real.has(experiment.needs):
        return _unmeasured(experiment, f"{experiment.needs} is not at hand")
    runs = experiment.long if long else experiment.short
    runs = max(_FEWEST_RUNS, round(runs * share)) if runs else 0
    found = experiment.measure(Bench(runs, experiment.seed, long=long))
    pairs = zip(experiment.cells, found, strict=True)
    return [Line(cell, experiment, _outcome(cell, one, long=long), one) for cell, one in pairs]


def _outcome(cell: Cell, found: Found, *, long: bool) -> Outcome:
    if not cell.passes(found):
        return Outcome.KNOWN_MISS if cell.gap else Outcome.MISS
    # Short samples and coarse grids may miss a gap by chance.
    return Outcome.GAP_CLOSED if cell.gap and long else Outcome.PASS


def _unmeasured(experiment: Experiment, why: str) -> Iterable[Line]:
    return [Line(cell, experiment, Outcome.NOT_MEASURED, None, why) for cell in experiment.cells]
