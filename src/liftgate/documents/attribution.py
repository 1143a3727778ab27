"""In words which stage of a retrieval system its wrong answers come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from liftgate.documents.numbers import POINTS, EstimateText, count, fixed

WORDS = {
    "retrieval": "right with the gold passages, which had not all been retrieved",
    "generation": "wrong even with the gold passages",
    "between": "right with the gold passages alone, though all had been retrieved",
}


def lines(arm: str, metric: str, one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was found of one arm.

    Args:
        arm: its name.
        metric: by which an answer is right.
        one: the arm's part of an attribution's body.
    """
    yield f"{arm}: {count(one['wrong'])} of {count(one['trials'])} answers are wrong ({metric})"
    for stage, number in one["failed"].items():
        yield f"  {count(number)} calls failed in the stage: {stage}"
    if one["not_scored"]:
        yield f"  {count(one['not_scored'])} answers could not be scored"
    for cause, found in one["causes"].items():
        share = _share(found["share"])
        yield f"  {cause:<11} {count(found['count']):>5}  {share}  {WORDS[cause]}"
    if one["generation_missed_too"]:
        missed = count(one["generation_missed_too"])
        yield f"  Of those in generation {missed} had missed a gold passage, too: both stages fail."
    if one["right_despite_a_miss"]:
        lucky = count(one["right_despite_a_miss"])
        yield f"  {lucky} answers are right although a gold passage had not been retrieved."
    yield from _mended(one["mended"])
    for said in one["not_identifiable"]:
        yield f"  Not known: {said}"


def _mended(found: Mapping[str, Any] | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"  Gold passages put {count(found['gold'])} of {count(found['n'])} right, asking again "
        f"{count(found['again'])}: {_points(found['difference'])} beyond chance."
    )


def _share(number: Mapping[str, Any]) -> str:
    estimate = number["estimate"]
    if number["value"] is None:
        return f"({number['reason']})"
    shown = f"{fixed(100 * number['value'], 0)} %"
    if estimate is None:
        return f"{shown} (no interval: {number['reason']})"
    low, high = (fixed(100 * estimate[end], 0) for end in ("low", "high"))
    return f"{shown} (95 %: {low} to {high})"


def _points(number: Mapping[str, Any]) -> str:
    if number["estimate"] is None:
        shown = fixed(100 * number["value"], 0, signed=True)
        return f"{shown} points (no interval: {number['reason']})"
    return EstimateText(number["estimate"], POINTS).text
