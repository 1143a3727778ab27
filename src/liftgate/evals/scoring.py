"""Scoring one answer: a value, or the reason why there is none. Never a guess, never 0 for lack."""

from __future__ import annotations

import asyncio
import inspect
import math
from dataclasses import dataclass, replace
from typing import Any

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

Scored = tuple[Outcome, float | None, str]
LONGEST_REASON = 500


@dataclass(frozen=True)
class Made:
    """A score, and the canonical bytes of what its detail digest names."""

    score: Score
    detail: bytes = b""


async def score(
    bound: BoundScorer,
    answer: Answer,
    item: Item,
    trial: Trial,
    *,
    run: str,
    timeout_s: float,
    ask: Ask | None = None,
) -> Made:
    """Score a trial's answer for one item. Nothing that a scorer does comes out as an exception.

    The scorer sees the item's id, input and target only: a score is kept for (trial, scorer,
    target), so nothing else may decide it.

    Args:
        bound: the scorer.
        answer: of the trial.
        item: the answer is scored for it.
        trial: the score is about it.
        run: which makes the score.
        timeout_s: for a scorer; each call of a judge has its own.
        ask: the handle of a judge.

    Raises:
        Unavailable: a judge's system cannot be asked at all, which is no outcome.
        OutOfMoney: a judge's next call is not allowed.
    """
    shown = Item(id=item.id, input=item.input, target=item.target)
    detail = b""
    if isinstance(bound.scorer, Judge):
        assert ask is not None
        (outcome, value, reason), detail = await _judged(bound.scorer, bound, answer, shown, ask)
    else:
        assert isinstance(bound.scorer, Scorer)
        outcome, value, reason = await _scored(bound.scorer, bound, answer, shown, timeout_s)
    made = Score(
        trial_key=trial.key,
        trial_attempt=trial.attempt,
        trial_run=trial.run,
        scorer=bound.fingerprint,
        target_digest=item.target_digest,
        run=run,
        outcome=outcome,
        value=value,
        reason=reason[:LONGEST_REASON],
        detail_digest=sha256(detail) if detail else None,
    )
    return Made(made, detail)


async def _judged(
    judge: Judge, bound: BoundScorer, answer: Answer, item: Item, ask: Ask
) -> tuple[Scored, bytes]:
    """Let a judge judge. A fault of its own is its failure; what the handle raises ends the run."""
    try:
        judged = await judge.judge(answer, item, ask)
        detail = canonical(judged.detail)
    except (Unavailable, OutOfMoney):
        raise
    except Exception as error:  # noqa: BLE001 - a judge's failure is data: missing, with a reason
        return (Outcome.FAILED, None, f"{type(error).__name__}: {error}"), b""
    if judged.found is None:
        return (Outcome.FAILED, None, judged.failed), detail
    if isinstance(judged.found, Missing):
        return (Outcome.ABSTAINED, None, judged.found.reason), detail
    return _checked(judged.found, bound.scale), detail


async def _scored(
    scorer: Scorer, bound: BoundScorer, answer: Answer, item: Item, timeout_s: float
) -> Scored:
    try:
        found: Any = scorer.score(answer, item)
        if inspect.isawaitable(found):
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


def shown_to(bound: BoundScorer, answer: Answer, trial: Trial, store: Store) -> Answer:
    """Return an answer as a scorer sees it: with the trace if it has ``needs_trace``, else without.

    Whether the answer has just come or is read again makes no difference to any scorer, and a trace
    is read from the store only for one that asks.

    Raises:
        DataError: the trace was erased.
    """
    if not getattr(bound.scorer, "needs_trace", False):
        return answer if answer.trace is None else replace(answer, trace=None)
    if answer.trace is None and trial.trace_digest is not None:
        return replace(answer, trace=store.trace(trial.trace_digest))
    return answer


def stored_answer(trial: Trial, output: Json) -> Answer:
    """Return a trial's answer, without its trace, from its row and its output in the store."""
    return Answer(output, trial.tokens_in, trial.tokens_out, trial.cost, trial.reported)
