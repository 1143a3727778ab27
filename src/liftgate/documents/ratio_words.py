"""A ratio of two sums in words, for the terminal, the page, JUnit and a job summary alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.documents.numbers import count, significant
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


def claimed_ratio_lines(body: Mapping[str, Any], candidate: str) -> Iterator[str]:
    """Yield what each ratio of a study added up, the baseline's and a candidate's.

    Args:
        body: the decision.
        candidate: its name.
    """
    baseline = next(arm["name"] for arm in body["arms"] if arm["role"] == "baseline")
    for name, ratio in body.get("ratios", {}).items():
        sides = "; ".join(f"{arm} {_sums(ratio['arms'][arm])}" for arm in (baseline, candidate))
        yield f"{name} is Σ {ratio['of']} / Σ {ratio['per']}: {sides}."


def _sums(side: Mapping[str, Any]) -> str:
    told = [f"{count(side['failed'])} failed"] if side["failed"] else []
    told += [f"{count(side['missing'])} with an amount not known"] if side["missing"] else []
    noted = f" ({', '.join(told)})" if told else ""
    if side["of"] is None:
        return f"nothing known of {count(side['tries'])} tries"
    over, under = significant(side["of"]), significant(side["per"])
    return f"{over} / {under} over {count(side['tries'])} tries{noted}"


def _ends(found: Estimate) -> str:
    low, high = ("unbounded" if end is None else f"{end:.4g}" for end in (found.low, found.high))
    return f"{low} … {high}"
