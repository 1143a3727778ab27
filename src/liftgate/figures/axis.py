"""A linear axis: from values to positions, with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """Maps ``low``…``high`` to the positions ``start``…``end``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the position of a value; values beyond the ends stay at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def span(values: Iterable[float], *, padding: float = 0.08) -> tuple[float, float]:
    """Return ends that hold all values with some air; never of zero width."""
    finite = list(values) or [0.0]
    low, high = min(finite), max(finite)
    width = high - low or abs(low) or 1.0
    return low - padding * width, high + padding * width


def ticks(low: float, high: float, *, about: int = 5) -> tuple[tuple[float, str], ...]:
    """Return round values between two ends with their texts, roughly ``about`` of them."""
    raw = (high - low) / about
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(m * scale for m in (1, 2, 5, 10) if m * scale >= raw * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple((i * step, _text(i * step, decimals)) for i in range(first, last + 1))


def _text(value: float, decimals: int) -> str:
    shown = f"{value:,.{decimals}f}"
    return shown.replace("-", "−")
