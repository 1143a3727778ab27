"""Several claims at once."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import DataError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's adjusted p-values, in the order given.

    Rejecting where the adjusted value is at most alpha keeps the chance of any false rejection at
    alpha under every dependence (Holm 1979, Scandinavian Journal of Statistics 6, 65–70):
    ``max over i ≤ j of min(1, (m − i + 1) · p_(i))`` for the j-th smallest of m.

    Raises:
        DataError: a value that is not a probability, None included: a claim without a p-value is
            not rejected, and leaving it out would make the others easier.
    """
    _check(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(order)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = float(largest)
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Benjamini and Hochberg's adjusted p-values, in the order given; for exploration only.

    Rejecting where the adjusted value is at most q keeps the expected share of false ones among the
    rejected at q, for independent or positively dependent tests (Benjamini & Hochberg 1995, JRSS B
    57, 289–300): ``min over i ≥ j of min(1, m·p_(i) / i)`` for the j-th smallest of m. It lets some
    false rejections pass on purpose, so that no gate uses it: it ranks what to look at next.

    Raises:
        DataError: as ``holm``.
    """
    _check(p_values)
    m = len(p_values)
    order = sorted(range(m), key=lambda i: p_values[i])
    adjusted = [0.0] * m
    least = 1.0
    for rank, index in reversed(list(enumerate(order, start=1))):
        least = min(least, m * p_values[index] / rank)
        adjusted[index] = float(least)
    return tuple(adjusted)


def _check(p_values: Sequence[float]) -> None:
    for place, p in enumerate(p_values):
        if not _is_probability(p):
            raise DataError(f"p_values: got {p!r} at position {place}, expected a number in 0 … 1")


def _is_probability(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value <= 1
