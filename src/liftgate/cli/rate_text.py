"""The state of a batch, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 20


def status_lines(view: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a batch's state.

    Args:
        view: what the lead's page shows, as JSON values.
    """
    rubric = view["rubric"]
    yield f"Batch {view['batch']}: {view['rated']} of {view['total']} done, entry {view['entry']}"
    yield f"Rubric {rubric['name']}, version {rubric['version']}: {rubric['question']}"
    yield "Raters:"
    for one in view["raters"]:
        pace = one["median_seconds"]
        yield (
            f"  {one['rater']}: {one['done']} of {one['total']}, {one['skipped']} skipped, "
            f"{one['left_out']} left out"
            + (f", {pace:.1f} s each" if pace is not None else "")
            + (f", {one['consistent']} of {one['repeats']} repeats alike" if one["repeats"] else "")
        )
    yield from _agreement(view["agreement"])
    yield "Gold items, the most suspicious rater first:"
    for one in view["gold"]:
        yield f"  {one['rater']}: {_gold(one)}"
    yield f"To be settled: {len(view['queue'])}; settled: {view['settled']}"
    for one in view["queue"][:_SHOWN]:
        said = "; ".join(f"{rater}: {value}" for rater, value in one["values"].items())
        yield f"  {one['short']}  {said}"
    if len(view["queue"]) > _SHOWN:
        yield f"  … and {len(view['queue']) - _SHOWN} more"


def _agreement(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["rows"]:
        yield f"Agreement: {found['reason']}"
        return
    yield f"Agreement on {found['subjects']} subjects:"
    for row in found["rows"]:
        if row["value"] is None:
            yield f"  {row['coefficient']}: {row['reason']}"
            continue
        interval = (
            "no interval can be told"
            if row["low"] is None
            else f"{row['level']:.0%} interval {row['low']:.2f} to {row['high']:.2f}"
        )
        warned = "".join(f" ({warning})" for warning in row["warnings"])
        yield f"  {row['coefficient']}: {row['value']:.2f}, {interval}{warned}"


def _gold(one: Mapping[str, Any]) -> str:
    if one["mean_error"] is None:
        return "none rated"
    right = f"{one['exact']} of {one['gold']} right, mean error {one['mean_error']:+.2f}"
    if one["reason"]:
        return f"{right}; {one['reason']}"
    word = "drifted" if one["drifted"] else "no drift shown"
    return (
        f"{word} (adjusted p {one['adjusted']:.3f}), likeliest after gold item {one['after']}: "
        f"{one['before_change']:+.2f}, then {one['after_change']:+.2f}; {right}"
    )
