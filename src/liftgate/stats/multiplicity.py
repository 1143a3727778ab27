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
    for place, p in enumerate(p_values):
        if not _is_probability(p):
            raise DataError(f"p_values: got {p!r} at position {place}, expected a number in 0 … 1")
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(order)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = float(largest)
    return tuple(adjusted)


def _is_probability(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value <= 1
