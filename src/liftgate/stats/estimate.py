"""The one result type of every statistical method."""

from __future__ import annotations

from dataclasses import dataclass

from liftgate.stats.kinds import Alternative, Design, Mark, Population
from liftgate.stats.shown import html_table


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value, its interval and the test from which both come.

    ``value``, ``low`` and ``high`` are in the units of the score. ``low`` and ``high`` invert the
    same test that gives ``p_value``. With ``alternative="two-sided"`` they are the two ends of a
    ``level`` interval; a one-sided estimate still carries both ends, each the one-sided limit at
    confidence ``1 - (1 - level) / 2``, so that one object answers every question.
    """

    value: float
    low: float | None
    """None: unbounded below."""
    high: float | None
    """None: unbounded above."""
    level: float
    """Two-sided confidence of (low, high), e.g. 0.95; 0.90 gives the one-sided 5 % limits."""
    alternative: Alternative
    null: float
    """The tested value."""
    p_value: float | None
    method: str
    """The name of the row in the method table."""
    n: int
    """Items that entered."""
    clusters: int
    """Independent units; equals ``n`` when every item is its own."""
    design: Design = Design.FIXED
    population: Population = Population.NEW_ITEMS
    mark: Mark = Mark.ASYMPTOTIC
    se: float | None = None
    """Standard error, where the method has one; for planning only."""
    df: float | None = None
    look: int | None = None
    """Looks taken so far; None: not a design with planned looks."""
    looks: int | None = None
    """Looks planned in all."""
    warnings: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return the table that a notebook shows; pictures belong to what holds an estimate."""
        ends = " to ".join("open" if end is None else f"{end:.4g}" for end in (self.low, self.high))
        rows = {
            "value": f"{self.value:.4g}",
            f"{self.level:.0%} interval": ends,
            "tested value": f"{self.null:.4g} ({self.alternative})",
            "p": "none" if self.p_value is None else f"{self.p_value:.3g}",
            "method": f"{self.method} ({self.mark})",
            "items": f"{self.n:,} in {self.clusters:,} clusters",
            "warnings": "; ".join(self.warnings),
        }
        return html_table(rows)
