"""Scoring one answer: a value, or the reason why there is none. Never a guess, never 0 for lack."""

from __future__ import annotations

import asyncio
import inspect
import math
from dataclasses import replace
from typing import Any, NamedTuple

from liftgate.canon import canonical, sha256
from liftgate.errors import SystemFailed, Unavailable
from liftgate.evals.judging import OutOfMoney
from liftgate.evals.plan import BoundScorer
from liftgate.protocols import Ask, Judge, Scorer
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
from liftgate.store import Store

LONGEST_REASON = 500


class Scored(NamedTuple):
    """What a scorer made of an answer."""

    outcome: Outcome
    value: float | None
    reason: str = ""
    detail: bytes = b""
    """Canonical bytes of what a judge says beside it; its row names their digest."""


def shown(item: Item) -> Item:
    """Return an item as scorers see it: id, input and target only.

    A score is kept for (trial, scorer, target), so nothing else may decide it.
    """
    if not (item.slices or item.metadata or item.cluster or item.weight != 1.0):
        return item
    return Item(id=item.id, input=item.input, target=item.target)


def score_row(
    bound: BoundScorer, trial: Trial, target_digest: str, found: Scored, *, run: str
) -> Score:
    """Return the row of a score."""
    return Score(
        trial_key=trial.key,
        trial_attempt=trial.attempt,
        trial_run=trial.run,
        scorer=bound.fingerprint,
        target_digest=target_digest,
        run=run,
        outcome=found.outcome,
        value=found.value,
        reason=found.reason[:LONGEST_REASON],
        detail_digest=sha256(found.detail) if found.detail else None,
    )


async def scored(bound: BoundScorer, answer: Answer, item: Item, timeout_s: float) -> Scored:
    """Score an answer for one item as ``shown``. Nothing that a scorer does comes out as raised."""
    scorer: Scorer = bound.scorer  # type: ignore[assignment]  # a check of each call is dear
    try:
        found: Any = scorer.score(answer, item)
        if type(found) is not float and inspect.isawaitable(found):
            async with asyncio.timeout(timeout_s):
                found = await found
    except SystemFailed as error:
        if error.kind == Failure.UNPARSABLE:
            return Scored(Outcome.UNPARSABLE, None, str(error))
        return Scored(Outcome.FAILED, None, f"SystemFailed: {error}")
    except TimeoutError:
        return Scored(Outcome.FAILED, None, f"no score within {timeout_s:g} s")
    except Exception as error:  # noqa: BLE001 - a scorer's failure is data: missing, with a reason
        return Scored(Outcome.FAILED, None, f"{type(error).__name__}: {error}")
    if isinstance(found, Missing):
        return Scored(Outcome.ABSTAINED, None, found.reason)
    return _checked(found, bound.scale)


async def judged(bound: BoundScorer, answer: Answer, item: Item, ask: Ask) -> Scored:
    """Let a judge judge an answer to an item as ``shown``. A fault of its own is its failure.

    Raises:
        Unavailable: a judge's system cannot be asked at all, which is no outcome.
        OutOfMoney: the judge's next call is not allowed.
    """
    judge = bound.scorer
    assert isinstance(judge, Judge)
    try:
        told = await judge.judge(answer, item, ask)
        detail = canonical(told.detail)
    except (Unavailable, OutOfMoney):
        raise
    except Exception as error:  # noqa: BLE001 - a judge's failure is data: missing, with a reason
        return Scored(Outcome.FAILED, None, f"{type(error).__name__}: {error}")
    if told.found is None:
        return Scored(Outcome.FAILED, None, told.failed, detail)
    if isinstance(told.found, Missing):
        return Scored(Outcome.ABSTAINED, None, told.found.reason, detail)
    return _checked(told.found, bound.scale)._replace(detail=detail)


def _checked(found: Any, scale: Scale) -> Scored:
    """Accept a value of the declared scale; anything else is the scorer's failure."""
    number = found.item() if hasattr(found, "item") else found
    if isinstance(number, bool):
        number = float(number)
    if not isinstance(number, (int, float)):
        name = type(found).__name__
        return Scored(Outcome.FAILED, None, f"got {name}, expected a number or Missing(reason)")
    if not math.isfinite(number):
        return Scored(Outcome.FAILED, None, f"got {number}, expected a finite number")
    low = -math.inf if scale.low is None else scale.low
    high = math.inf if scale.high is None else scale.high
    inside = number in (low, high) if scale.kind is ScoreKind.BINARY else low <= number <= high
    if not inside:
        expected = f"{low:g} or {high:g}" if scale.kind is ScoreKind.BINARY else f"{low:g}…{high:g}"
        return Scored(
            Outcome.FAILED, None, f"got {number:g}, expected {expected} as its scale declares"
        )
    return Scored(Outcome.VALUE, float(number))


def seen_by(bound: BoundScorer, answer: Answer) -> Answer:
    """Return an answer as a scorer sees it: with the trace if it has ``needs_trace``, else without.

    Whether the answer has just come or is read again makes no difference to any scorer.
    """
    if answer.trace is None or getattr(bound.scorer, "needs_trace", False):
        return answer
    return replace(answer, trace=None)


def shown_to(bound: BoundScorer, answer: Answer, trial: Trial, store: Store) -> Answer:
    """Return a stored answer as a scorer sees it; its trace is read only for one that asks.

    Raises:
        DataError: the trace was erased.
    """
    wanted = trial.trace_digest is not None and getattr(bound.scorer, "needs_trace", False)
    if wanted and answer.trace is None:
        return replace(answer, trace=store.trace(str(trial.trace_digest)))
    return seen_by(bound, answer)


def stored_answer(trial: Trial, output: Json) -> Answer:
    """Return a trial's answer, without its trace, from its row and its output in the store."""
    return Answer(output, trial.tokens_in, trial.tokens_out, trial.cost, trial.reported)
