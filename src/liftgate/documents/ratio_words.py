"""A ratio of two sums in words, for the terminal, the page, JUnit and a job summary alike."""

from __future__ import annotations

from collections.abc import Iterator

from liftgate.documents.numbers import count
from liftgate.records import Estimate, RatioComparison


def ratio_lines(ratio: RatioComparison) -> Iterator[str]:
    """Yield what is known of a ratio: its sums, both sides, their difference, what is left out."""
    yield f"{ratio.name}: Σ {ratio.numerator} / Σ {ratio.denominator}, {count(ratio.items)} items"
    sides = {
        "baseline": ratio.baseline,
        "candidate": ratio.candidate,
        "candidate − baseline": ratio.difference,
    }
    for side, found in sides.items():
        if found is not None:
            yield f"{side} {found.value:.4g}, 95 % interval {_ends(found)}"
    if ratio.left_out:
        yield f"{count(ratio.left_out)} items lack one of the metrics and are left out"
    yield from (f"no number for the {reason}" for reason in ratio.reasons)


def _ends(found: Estimate) -> str:
    low, high = ("unbounded" if end is None else f"{end:.4g}" for end in (found.low, found.high))
    return f"{low} … {high}"
