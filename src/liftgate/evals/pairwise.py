"""Judges of pairs: two arms' answers to one item, shown in both orders, each order its own row.

What both orders say becomes one preference for the candidate, so that a judge's liking for the
first place cancels; how strong that liking is, is measured all the same (Wang et al. 2024, "Large
language models are not fair evaluators").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from liftgate.canon import canonical, sha256
from liftgate.errors import Unavailable
from liftgate.evals.judging import OutOfMoney
from liftgate.evals.plan import BoundScorer, Job
from liftgate.evals.scoring import LONGEST_REASON, shown
from liftgate.protocols import Ask, PairJudge
from liftgate.records import (
    Answer,
    Failure,
    Item,
    Missing,
    Observation,
    Outcome,
    Role,
    Score,
    Trial,
)

Row = tuple[str, str, int]
PairKey = tuple[Row, Row, str]
"""(first trial, second trial, target digest)."""
Stored = Callable[[Trial], Answer]


@dataclass(frozen=True)
class Pair:
    """A candidate's and the baseline's counted answers to one item."""

    item: Item
    candidate: Trial
    baseline: Trial

    @property
    def orders(self) -> tuple[tuple[Trial, Trial], tuple[Trial, Trial]]:
        """First and second, both ways: the candidate's answer first, then last."""
        return (self.candidate, self.baseline), (self.baseline, self.candidate)


@dataclass(frozen=True)
class Ordered:
    """Two answers to one item in the order in which they are shown."""

    item: Item
    trials: tuple[Trial, Trial]


@dataclass(frozen=True)
class Made:
    """A score, and the canonical bytes of what its detail digest names."""

    score: Score
    detail: bytes = b""


def pairs_of(jobs: Iterable[Job], counted: Mapping[str, Trial]) -> Iterator[Pair]:
    """Yield every pair of answers that are both there, item by item, repeat by repeat."""
    base: dict[tuple[str, int], Trial] = {}
    others: list[tuple[Item, int, Trial]] = []
    for job in jobs:
        trial = counted.get(job.key)
        if trial is None or trial.failure is not None:
            continue
        for item in job.items:
            if job.arm.arm.role is Role.BASELINE:
                base[item.id, job.repeat] = trial
            else:
                others.append((item, job.repeat, trial))
    for item, repeat, trial in others:
        if (item.id, repeat) in base:
            yield Pair(item, trial, base[item.id, repeat])


def known_pairs(scores: Iterable[Score]) -> dict[PairKey, Score]:
    """Return the rows about ordered pairs; of several about one the first that is final."""
    found: dict[PairKey, Score] = {}
    for score in sorted(scores, key=lambda score: score.run):
        if score.other_key is None:
            continue
        key = _key(score)
        if key not in found or found[key].outcome is Outcome.FAILED:
            found[key] = score
    return found


def key_of(first: Trial, second: Trial, item: Item) -> PairKey:
    """Return what a score of an ordered pair is about."""
    return _row(first), _row(second), item.target_digest


async def score_pair(
    bound: BoundScorer,
    pair: tuple[Trial, Trial],
    item: Item,
    stored: Stored,
    *,
    run: str,
    ask: Ask,
) -> Made:
    """Judge an ordered pair.

    Raises:
        Unavailable: a judge's system cannot be asked at all.
        OutOfMoney: a judge's next call is not allowed.
    """
    assert isinstance(bound.scorer, PairJudge)
    first, second = pair
    detail = b""
    outcome, value, reason = Outcome.FAILED, None, ""
    try:
        judged = await bound.scorer.judge_pair(stored(first), stored(second), shown(item), ask)
        detail = canonical(judged.detail)
    except (Unavailable, OutOfMoney):
        raise
    except Exception as error:  # noqa: BLE001 - a judge's failure is data: missing, with a reason
        reason = f"{type(error).__name__}: {error}"
    else:
        if isinstance(judged.found, Missing):
            outcome, reason = Outcome.ABSTAINED, judged.found.reason
        elif judged.found is None:
            reason = judged.failed
        else:
            outcome, value = Outcome.VALUE, judged.found
    score = Score(
        trial_key=first.key,
        trial_attempt=first.attempt,
        trial_run=first.run,
        scorer=bound.fingerprint,
        target_digest=item.target_digest,
        run=run,
        outcome=outcome,
        value=value,
        reason=reason[:LONGEST_REASON],
        detail_digest=sha256(detail) if detail else None,
        other_key=second.key,
        other_attempt=second.attempt,
        other_run=second.run,
    )
    return Made(score, detail)


def preference(pair: Pair, known: Mapping[PairKey, Score]) -> Score | None:
    """Return what both orders say together: the candidate's preference, 1 where it is preferred.

    None: an order was never judged. One that failed or abstained leaves the preference so.
    """
    (first, second), (third, fourth) = pair.orders
    ahead = known.get(key_of(first, second, pair.item))
    behind = known.get(key_of(third, fourth, pair.item))
    if ahead is None or behind is None:
        return None
    lacking = next((one for one in (ahead, behind) if one.value is None), None)
    if lacking is not None:
        return replace(lacking, reason=f"one order: {lacking.reason}")
    assert ahead.value is not None
    assert behind.value is not None
    return replace(ahead, value=fmean((ahead.value, 1 - behind.value)))


def preferences(
    rows: Sequence[Observation], metric: str, *, baseline: str, candidate: str
) -> list[Observation]:
    """Return two arms' observations with the preference as both arms' score.

    The candidate's score is its preference, the baseline's is 1 less that. Where one trial failed
    the other is preferred; where both did, neither.
    """
    base = {(row.item, row.repeat): row for row in rows if row.arm == baseline}
    found: list[Observation] = []
    for row in rows:
        other = base.get((row.item, row.repeat))
        if row.arm != candidate or other is None:
            continue
        value = _by_failure(row.trial.failure, other.trial.failure)
        score = row.scores.get(metric)
        if value is not None:
            score = _stated(row.trial, value)
        ours = None if score is None else score.value
        turned = None if ours is None else 1 - ours
        for side, own in ((row, ours), (other, turned)):
            shown = score if score is None else replace(score, value=own)
            trial = replace(side.trial, failure=None)
            found.append(
                replace(side, trial=trial, scores={} if shown is None else {metric: shown})
            )
    return found


def order_effect(pairs: Iterable[Pair], known: Mapping[PairKey, Score]) -> dict[str, float | int]:
    """Return how a judge of pairs likes the first place: measured on pairs judged both ways.

    ``first_place`` is the mean preference for whichever answer stands first, less one half;
    ``inconsistent`` the share of pairs of which the two orders do not say the same.
    """
    both = []
    for pair in pairs:
        values = [
            None if (score := known.get(key_of(a, b, pair.item))) is None else score.value
            for a, b in pair.orders
        ]
        if values[0] is not None and values[1] is not None:
            both.append((values[0], values[1]))
    if not both:
        return {"pairs": 0}
    return {
        "pairs": len(both),
        "first_place": fmean((a + b) / 2 for a, b in both) - 0.5,
        "inconsistent": fmean(float(a != 1 - b) for a, b in both),
    }


def _by_failure(candidate: Failure | None, baseline: Failure | None) -> float | None:
    if candidate is None and baseline is None:
        return None
    if candidate is not None and baseline is not None:
        return 0.5
    return float(candidate is None)


def _stated(trial: Trial, value: float) -> Score:
    return Score(trial.key, trial.attempt, trial.run, "", "", trial.run, Outcome.VALUE, value)


def _row(trial: Trial) -> Row:
    return trial.key, trial.run, trial.attempt


def _key(score: Score) -> PairKey:
    assert score.other_key is not None
    assert score.other_run is not None
    assert score.other_attempt is not None
    first = (score.trial_key, score.trial_run, score.trial_attempt)
    second = (score.other_key, score.other_run, score.other_attempt)
    return first, second, score.target_digest
