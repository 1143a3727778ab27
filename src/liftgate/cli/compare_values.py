"""The values of compare's options: ``[METRIC=]VALUE`` and ``NAME=ABOVE/BELOW``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

from liftgate.errors import DataError
from liftgate.records import Margin

T = TypeVar("T")

ALL = "*"
"""The key that stands for all metrics that are not named."""


def ratios(texts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Read NAME=ABOVE/BELOW, several times. Raises DataError: one cannot be read."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        name, _, parts = text.partition("=")
        above, slash, below = parts.partition("/")
        if not name or not slash or not above or not below:
            raise DataError(f"--ratio {text}: expected NAME=ABOVE/BELOW, each a compared metric")
        if name in found:
            raise DataError(f"--ratio: got two ratios named {name!r}, expected one")
        found[name] = above, below
    return found


def by_metric(option: str, texts: Iterable[str], read: Callable[[str], T]) -> dict[str, T]:
    """Read [METRIC=]VALUE, several times. Raises DataError: unreadable, or given twice."""
    found: dict[str, T] = {}
    for text in texts:
        metric, equals, value = text.rpartition("=")
        key = metric if equals else ALL
        if key in found:
            whose = f"the metric {key!r}" if equals else "all metrics"
            raise DataError(f"{option}: got two values for {whose}, expected one")
        try:
            found[key] = read(value.strip())
        except ValueError as error:
            raise DataError(f"{option} {text}: {error}") from error
    return found


def number(text: str) -> float:
    """Read a finite number. Raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"got {text!r}, expected a number such as 0.02") from None
    if not math.isfinite(value):
        raise ValueError(f"got {text!r}, expected a finite number")
    return value


def margin(text: str) -> Margin:
    """Read a margin, in points or in % of the baseline. Raises ValueError."""
    relative = text.endswith("%")
    value = number(text.removesuffix("%").strip())
    if value <= 0 or (relative and value >= 100):
        raise ValueError(
            f"got {text!r}, expected a positive number of points such as 0.02, or a share of the "
            "baseline below 100 such as 2%"
        )
    return Margin(value=value / 100 if relative else value, relative=relative)


def value_range(text: str) -> tuple[float, float]:
    """Read LOW:HIGH. Raises ValueError."""
    low, colon, high = text.partition(":")
    if not colon:
        raise ValueError(f"got {text!r}, expected LOW:HIGH such as 1:5")
    bounds = number(low), number(high)
    if bounds[0] >= bounds[1]:
        raise ValueError(f"got {text!r}, expected LOW below HIGH")
    return bounds
