"""What a study of perturbed items says of the noise, and of every family, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.documents.numbers import EstimateText, count, fixed, named, percent, unit_of
from liftgate.perturbations.families import IDENTITY


def robustness_lines(body: Mapping[str, Any], candidate: str) -> Iterator[str]:
    """Yield what to print of one candidate on perturbed items; nothing on others.

    Args:
        body: the decision.
        candidate: its name.
    """
    found = body.get("robustness", {}).get(candidate)
    if found is None:
        return
    for row in found["families"]:
        yield _line(body, found["metric"], row)
    kept, origins = found["all_kept"], found["origins"]
    if origins:
        yield (
            f"In no family worse: {count(kept)} of {count(origins)} clusters of variants "
            f"({fixed(100 * kept / origins, 1)} %)."
        )


def _line(body: Mapping[str, Any], metric: str, row: Mapping[str, Any]) -> str:
    floor = row["family"] == IDENTITY
    name = "Noise floor (identity)" if floor else f"Family {row['family']}"
    changed = row["worse"] + row["better"]
    share = f"{fixed(100 * changed / row['n'], 1)} %" if row["n"] else "none"
    what = "changed although nothing was changed" if floor else "changed"
    return (
        f"{name}: {_difference(body, metric, row)}; {share} of {count(row['n'])} scores {what} "
        f"({count(row['worse'])} worse, {count(row['better'])} better)."
    )


def _difference(body: Mapping[str, Any], metric: str, row: Mapping[str, Any]) -> str:
    if row["estimate"] is None:
        return f"no interval: {row['reason']}"
    unit = unit_of(metric, body["scales"].get(metric))
    words = EstimateText(row["estimate"], unit, signed=True)
    level = percent(row["estimate"]["level"])
    return f"{metric} {named(words.value, unit)} ({words.limits}, {level})"
