"""The one place where a number becomes text in a document.

A number never shows more digits than its interval makes meaningful, and never so few that it
seems to touch a limit which it does not touch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from liftgate.figures import Figure, Unit
from liftgate.figures.looks import HEADER as LOOKS_HEADER

MINUS = "−"
POINTS = Unit("points", 100.0)
_SUFFIXES = {"ms": "ms", "s": "s", "seconds": "s", "mb": "MB", "gb": "GB", "kb": "kB"}
_MOST_DECIMALS = 6


def unit_of(metric: str, scale: Mapping[str, Any] | None) -> Unit:
    """Return how a metric is shown: points for scores from 0 to 1, else its own unit.

    The engine's metrics and measures carry their unit as the last word of the name, for instance
    ``latency_p95_ms`` and ``index_mb``.
    """
    if scale is not None and scale.get("low") == 0 and scale.get("high") == 1:
        return POINTS
    return Unit(_SUFFIXES.get(metric.rpartition("_")[2].lower(), ""))


def fixed(value: float, decimals: int, *, signed: bool = False) -> str:
    """Return a number with a fixed number of decimals, thousands separated, and a true minus."""
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def decimals_for(width: float | None, *, digits: int = 2) -> int:
    """Return the decimals that show an interval's half-width with some significant digits."""
    if not width or not math.isfinite(width):
        return 1
    half = abs(width) / 2
    return min(max(digits - 1 - math.floor(math.log10(half)), 0), _MOST_DECIMALS)


def apart(decimals: int, values: tuple[float | None, ...], line: float | None) -> int:
    """Return enough decimals that no value looks equal to a line it does not touch."""
    if line is None:
        return decimals
    near = [v for v in values if v is not None and not math.isclose(v, line, abs_tol=1e-9)]
    while decimals < _MOST_DECIMALS and any(
        round(v, decimals) == round(line, decimals) for v in near
    ):
        decimals += 1
    return decimals


def significant(value: float, digits: int = 4) -> str:
    """Return an exact quantity with a few significant digits, without trailing zeros."""
    if value == 0:
        return "0"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = fixed(value, min(decimals, 12))
    return text.rstrip("0").rstrip(".") if "." in text else text


def alike(values: Sequence[float], digits: int = 3) -> str:
    """Return some values of one quantity, all with the decimals that the largest needs."""
    largest = max((abs(value) for value in values), default=0.0)
    decimals = max(digits - 1 - math.floor(math.log10(largest)), 0) if largest else 0
    return ", ".join(fixed(value, decimals) for value in values)


def quantity(value: float | None, unit: Unit) -> str:
    """Return a value without an interval in its unit, or that there is none."""
    if value is None:
        return "not measured"
    return named(significant(value * unit.factor), unit)


def named(text: str, unit: Unit) -> str:
    """Return a number's text with its unit behind it."""
    return f"{text} {unit.name}" if unit.name else text


def count(value: int | float | None) -> str:
    """Return a count with thousands separated."""
    return "not measured" if value is None else f"{int(value):,}"


def percent(share: float, decimals: int = 0) -> str:
    """Return a share as a percentage, e.g. a level of 0.95 as ``95 %``."""
    shown = share * 100
    whole = f"{shown:.{decimals}f}"
    return f"{whole if math.isclose(float(whole), shown, abs_tol=1e-9) else f'{shown:g}'} %"


def p_value(p: float | None, *, against: float | None = None) -> str:
    """Return a p-value with three decimals, more where it would seem to equal the level."""
    if p is None:
        return ""
    if p < 0.001:
        return "< 0.001"
    if p > 0.999:
        return "> 0.999"
    return fixed(p, apart(3, (p,), against))


def moment(text: str) -> str:
    """Return an ISO time as ``2026-11-23 14:05 UTC``; what is no time is returned as it is."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return text
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def plot_rows(figure: Figure) -> tuple[tuple[str, ...], ...]:
    """Return the data rows of a plot as texts, in the unit of its axis."""
    make = _look_row if figure.header == LOOKS_HEADER else _plot_row
    return tuple(make(row, figure.unit) for row in figure.rows)


def _look_row(row: tuple[str | float | None, ...], unit: Unit) -> tuple[str, ...]:
    look, items, value, low, high, shown = row
    if not isinstance(value, float | int):
        return (str(look), str(items), "too early", "", "", str(shown))
    _, *numbers, _ = _plot_row(("", value, low, high, None, None, ""), unit)
    return (str(look), str(items), *numbers[:3], str(shown))


def _plot_row(row: tuple[str | float | None, ...], unit: Unit) -> tuple[str, ...]:
    label, value, low, high, wide_low, wide_high, margin = row
    if not isinstance(value, float | int):
        return (str(label), str(value), "", "", "", "", str(margin))
    width = None
    if isinstance(low, float | int) and isinstance(high, float | int):
        width = (high - low) * unit.factor

    def text(number: str | float | None) -> str:
        if not isinstance(number, float | int):
            return "unbounded"
        if not width:
            return significant(number * unit.factor)
        return fixed(number * unit.factor, decimals_for(width))

    wide = ("", "") if wide_low is wide_high is None else (text(wide_low), text(wide_high))
    return (str(label), text(value), text(low), text(high), *wide, str(margin))


class EstimateText:
    """The words of one estimate: all its numbers share one number of decimals.

    Args:
        estimate: plain(Estimate).
        unit: how the quantity is shown.
        signed: whether it is a difference, which always shows its sign.
        decimals: of an estimate beside which this one stands; None: what its interval makes
            meaningful.
    """

    def __init__(
        self,
        estimate: Mapping[str, Any],
        unit: Unit,
        *,
        signed: bool = True,
        decimals: int | None = None,
    ) -> None:
        self._estimate = estimate
        self.unit = unit
        self._signed = signed
        low, high, value = (self._shown(estimate[k]) for k in ("low", "high", "value"))
        ends = [end for end in (low, high) if end is not None]
        width = abs(ends[1] - ends[0]) if len(ends) == 2 else None
        if len(ends) == 1 and value is not None:
            width = 2 * abs(ends[0] - value)
        line = self._shown(estimate.get("null"))
        own = decimals_for(width) if decimals is None else decimals
        self.decimals = apart(own, (low, high), line)

    def number(self, value: float | None, *, signed: bool | None = None) -> str:
        """Return a number in stored units with this estimate's decimals."""
        if value is None:
            return "unbounded"
        signs = self._signed if signed is None else signed
        return fixed(value * self.unit.factor, self.decimals, signed=signs)

    @property
    def value(self) -> str:
        """Return the point estimate, without its unit."""
        return self.number(self._estimate["value"])

    @property
    def limits(self) -> str:
        """Return the interval, e.g. ``+1.4 to +4.8`` or ``unbounded to +3.0``."""
        return f"{self.number(self._estimate['low'])} to {self.number(self._estimate['high'])}"

    @property
    def level(self) -> str:
        """Return the two-sided confidence of the interval."""
        return percent(self._estimate["level"])

    @property
    def text(self) -> str:
        """Return value, unit and interval in one phrase."""
        return f"{named(self.value, self.unit)} ({self.level}: {self.limits})"

    @property
    def size(self) -> str:
        """Return n and, where they differ, the clusters."""
        n, clusters = self._estimate["n"], self._estimate["clusters"]
        return f"n {count(n)}" if n == clusters else f"n {count(n)} in {count(clusters)} clusters"

    def _shown(self, value: float | None) -> float | None:
        return None if value is None else value * self.unit.factor
