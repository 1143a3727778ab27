"""What replays showed: a figure for each kind and claim, with limits, beside what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftgate.gates.calibrate.characteristics import Rate
from liftgate.gates.calibrate.engine import HOLD, SHIP
from liftgate.gates.calibrate.replay import Harm, Kind, Material
from liftgate.gates.calibrate.replayed import Gate, Replayed
from liftgate.records import Alternative
from liftgate.stats.exact import ClopperPearson

ERROR = 0.05
FLAGGED = 0.2
"""A gate that ships more often than this where nothing is better is flagged."""


@dataclass(frozen=True)
class Figure:
    """One kind of replay, of one set of rows, and at most one claim with planted harm."""

    kind: Kind
    of: str
    base: Kind
    """Of the rows: planted harm needs rows of one of the other kinds."""
    independent: int
    runs: int
    ship: Rate
    """Runs in which any candidate shipped; with planted harm, the harmed one."""
    hold: Rate
    """Runs in which the first candidate was held."""
    open: Rate
    alone: Rate | None
    """Runs in which the harmed claim passed, everything else counted as passed."""
    naive: Rate
    alpha: float
    alpha_hold: float
    claim: str | None = None
    title: str = ""
    harmless: bool = True
    """Whether a hold would be false: the planted harm is none for any other claim."""
    by_engine: bool = True
    checked: int = 0

    @property
    def declared(self) -> tuple[tuple[Rate, float], ...]:
        """Each rate that the gate bounds, with its bound."""
        found = [(self.ship, self.alpha)]
        if self.harmless:
            found.append((self.hold, self.alpha_hold))
        if self.alone is not None:
            found.append((self.alone, self.alpha))
        return tuple(found)


def figure(
    kind: Kind, material: Material, harm: Harm | None, found: Replayed, gate: Gate
) -> Figure:
    """Count what became of the runs."""
    runs = found.words.shape[0]
    first = found.words[:, 0]
    shipped = (first == SHIP) if harm is not None else (found.words == SHIP).any(axis=1)
    held = first == HOLD

    def rate(mask: Any) -> Rate:
        return Rate(int(np.count_nonzero(mask)), runs)

    return Figure(
        kind=kind,
        of=material.of,
        base=material.kind,
        independent=material.independent,
        runs=runs,
        ship=rate(shipped),
        hold=rate(held),
        open=rate(~shipped & ~held),
        alone=None if found.alone is None else rate(found.alone),
        naive=rate(found.naive),
        alpha=gate.alpha,
        alpha_hold=gate.alpha_hold,
        claim=None if harm is None else harm.tests.claim.id,
        title="" if harm is None else harm.title,
        harmless=harm is None or not _harms_others(harm, gate),
        by_engine=found.by_engine,
        checked=found.checked,
    )


def _harms_others(harm: Harm, gate: Gate) -> bool:
    """Whether another claim reads the metric, for which the planted loss may be real harm."""
    metric, own = harm.test.quantity.metric, harm.tests.claim.id
    return any(c.metric == metric and c.id != own for c in gate.claims)


def exceeded(figures: Sequence[Figure]) -> bool:
    """Whether a rate is above what was declared, beyond Monte-Carlo error.

    All exact one-sided limits (Clopper & Pearson 1934) hold together with 95 % (Bonferroni).
    """
    return any(_beyond(figures))


def _beyond(figures: Sequence[Figure]) -> Iterator[bool]:
    every = [pair for one in figures for pair in one.declared]
    for rate, bound in every:
        yield lowest(rate, ERROR / len(every)) > bound


def lowest(rate: Rate, error: float) -> float:
    """Return the exact lower limit."""
    return ClopperPearson(rate.runs, rate.count).limit(Alternative.GREATER, error)


def highest(rate: Rate, error: float) -> float:
    """Return the exact upper limit."""
    return ClopperPearson(rate.runs, rate.count).limit(Alternative.LESS, error)


def body(figures: Sequence[Figure], *, naive: bool) -> list[dict[str, Any]]:
    """Return the figures as plain JSON values; limits are two-sided at 95 %."""
    count = sum(len(one.declared) for one in figures)
    return [
        {
            "kind": one.kind.value,
            "of": one.of,
            "rows": one.base.value,
            "independent": one.independent,
            "runs": one.runs,
            "claim": one.claim,
            "title": one.title,
            "ship": _rate(one.ship, one.alpha, count),
            "hold": _rate(one.hold, one.alpha_hold if one.harmless else None, count),
            "inconclusive": _rate(one.open),
            "alone": None if one.alone is None else _rate(one.alone, one.alpha, count),
            "naive": _naive(one.naive) if naive else None,
            "by_engine": one.by_engine,
            "decided_again": one.checked,
        }
        for one in figures
    ]


def _rate(rate: Rate, declared: float | None = None, count: int = 1) -> dict[str, Any]:
    return {
        "count": rate.count,
        "rate": rate.value,
        "lower": lowest(rate, ERROR / 2),
        "upper": highest(rate, ERROR / 2),
        "declared": declared,
        "exceeded": declared is not None and lowest(rate, ERROR / count) > declared,
    }


def _naive(rate: Rate) -> dict[str, Any]:
    return {**_rate(rate), "flagged": rate.value > FLAGGED}
