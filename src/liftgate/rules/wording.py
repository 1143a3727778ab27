"""Numbers as words: the same in a rule's reason and in a decision's sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from liftgate.records import Estimate, Scale

MINUS = "−"
_MOST_DECIMALS = 6


@dataclass(frozen=True)
class Telling:
    """How one metric's numbers are told.

    Scores from 0 to 1 are told in points, a hundredth each; anything else in its own unit.
    """

    in_points: bool

    def amount(self, value: float, *, decimals: int | None = None, signed: bool = False) -> str:
        """Return a number without its unit, e.g. ``+11.2``."""
        shown = value * 100 if self.in_points else value
        return number(shown, decimals=decimals, signed=signed)

    def named(self, value: float, *, decimals: int | None = None, signed: bool = False) -> str:
        """Return a number with its unit, e.g. ``+11.2 points``; a plain 0 needs none."""
        text = self.amount(value, decimals=decimals, signed=signed)
        return f"{text} points" if self.in_points and text != "0" else text

    def decimals(self, estimate: Estimate) -> int:
        """Return the decimals that an interval makes meaningful: two digits of its half-width.

        More where a limit would otherwise seem to touch the tested value that it does not touch.
        """
        factor = 100 if self.in_points else 1
        ends = [end * factor for end in (estimate.low, estimate.high) if end is not None]
        half = (max(ends) - min(ends)) / 2 if len(ends) == 2 else 0.0
        digits = 1 if half <= 0 else min(max(1 - math.floor(math.log10(half)), 0), _MOST_DECIMALS)
        line = estimate.null * factor
        while digits < _MOST_DECIMALS and any(
            end != line and round(end, digits) == round(line, digits) for end in ends
        ):
            digits += 1
        return digits

    def interval(self, estimate: Estimate, *, signed: bool = True) -> str:
        """Return ``+11.2 points (90 % limits 8.9 to 13.5; n 1,560 in 227 clusters)``."""
        digits = self.decimals(estimate)
        low, high = (
            "unbounded" if end is None else self.amount(end, decimals=digits)
            for end in (estimate.low, estimate.high)
        )
        value = self.named(estimate.value, decimals=digits, signed=signed)
        return f"{value} ({percent(estimate.level)} limits {low} to {high}; {size(estimate)})"


def telling(scale: Scale | None) -> Telling:
    """Return how a scale's numbers are told."""
    return Telling(scale is not None and scale.low == 0 and scale.high == 1)


def number(value: float, *, decimals: int | None = None, signed: bool = False) -> str:
    """Return a number with thousands separated and a true minus.

    Args:
        value: a finite number.
        decimals: how many; None: as many as four significant digits need, without trailing zeros.
        signed: whether a positive number carries a plus.
    """
    text = _significant(abs(value)) if decimals is None else f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def _significant(size: float) -> str:
    if size == 0:
        return "0"
    decimals = min(max(3 - math.floor(math.log10(size)), 0), 12)
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Return a share as a percentage, e.g. ``90 %``."""
    return f"{round(share * 100, 4):g} %"


def size(estimate: Estimate) -> str:
    """Return how much entered, e.g. ``n 1,560 in 227 clusters``."""
    if estimate.clusters == estimate.n:
        return f"n {estimate.n:,}"
    return f"n {estimate.n:,} in {estimate.clusters:,} clusters"


def listed(names: list[str]) -> str:
    """Return names as people list them: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
