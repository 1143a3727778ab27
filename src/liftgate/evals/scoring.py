"""Scoring one answer: a value, or the reason why there is none. Never a guess, never 0 for lack."""

from __future__ import annotations

import asyncio
import inspect
import math
from typing import Any

from liftgate.errors import SystemFailed
from liftgate.evals.plan import BoundScorer
from liftgate.records import (
    Answer,
    Failure,
    Item,
    Json,
    Missing,
    Outcome,
    Scale,
    Score,
    ScoreKind,
    Trial,
)

Scored = tuple[Outcome, float | None, str]
LONGEST_REASON = 500


def shown(item: Item) -> Item:
    """Return an item as scorers see it: id, input and target only.

    A score is kept for (trial, scorer, target), so nothing else may decide it.
    """
    return Item(id=item.id, input=item.input, target=item.target)


def score_row(
    bound: BoundScorer, trial: Trial, target_digest: str, found: Scored, *, run: str
) -> Score:
    """Return the row of a score."""
    outcome, value, reason = found
    return Score(
        trial_key=trial.key,
        trial_attempt=trial.attempt,
        trial_run=trial.run,
        scorer=bound.fingerprint,
        target_digest=target_digest,
        run=run,
        outcome=outcome,
        value=value,
        reason=reason[:LONGEST_REASON],
    )


async def scored(bound: BoundScorer, answer: Answer, item: Item, timeout_s: float) -> Scored:
    """Score an answer for one item as ``shown``. Nothing that a scorer does comes out as raised."""
    try:
        found: Any = bound.scorer.score(answer, item)
        if type(found) is not float and inspect.isawaitable(found):
            async with asyncio.timeout(timeout_s):
                found = await found
    except SystemFailed as error:
        if error.kind == Failure.UNPARSABLE:
            return Outcome.UNPARSABLE, None, str(error)
        return Outcome.FAILED, None, f"SystemFailed: {error}"
    except TimeoutError:
        return Outcome.FAILED, None, f"no score within {timeout_s:g} s"
    except Exception as error:  # noqa: BLE001 - a scorer's failure is data: missing, with a reason
        return Outcome.FAILED, None, f"{type(error).__name__}: {error}"
    if isinstance(found, Missing):
        return Outcome.ABSTAINED, None, found.reason
    return _checked(found, bound.scale)


def _checked(found: Any, scale: Scale) -> Scored:
    """Accept a value of the declared scale; anything else is the scorer's failure."""
    number = found.item() if hasattr(found, "item") else found
    if isinstance(number, bool):
        number = float(number)
    if not isinstance(number, (int, float)):
        name = type(found).__name__
        return Outcome.FAILED, None, f"got {name}, expected a number or Missing(reason)"
    if not math.isfinite(number):
        return Outcome.FAILED, None, f"got {number}, expected a finite number"
    low = -math.inf if scale.low is None else scale.low
    high = math.inf if scale.high is None else scale.high
    inside = number in (low, high) if scale.kind is ScoreKind.BINARY else low <= number <= high
    if not inside:
        expected = f"{low:g} or {high:g}" if scale.kind is ScoreKind.BINARY else f"{low:g}…{high:g}"
        return Outcome.FAILED, None, f"got {number:g}, expected {expected} as its scale declares"
    return Outcome.VALUE, float(number), ""


def stored_answer(trial: Trial, output: Json) -> Answer:
    """Return a trial's answer from its row and its output in the store."""
    return Answer(output, trial.tokens_in, trial.tokens_out, trial.cost, trial.reported)
