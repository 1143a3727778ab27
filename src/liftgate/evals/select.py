"""Which rows count: from all that the store knows to what one study may use.

The same rule decides what a run still has to call and what an analysis sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from liftgate.evals.pairwise import (
    Ordered,
    PairKey,
    key_of,
    known_pairs,
    pairs_of,
    preference,
)
from liftgate.evals.plan import (
    Agenda,
    BoundArm,
    BoundScorer,
    Job,
    OutcomeRules,
    Plan,
    jobs,
    raw,
    slot,
)
from liftgate.records import Failure, Item, Observation, Outcome, Score, Trial
from liftgate.records.packed import labels_of
from liftgate.store import Attempt, Store, microseconds

_FEW = 10_000
TrialRow = tuple[str, str, int]
"""(key, run, attempt)."""
ScoreKey = tuple[str, str]
"""(scorer's fingerprint, target digest): what a score of one trial row is about."""


@dataclass(frozen=True)
class Selection:
    """What is known of a plan."""

    counted: Mapping[str, Trial]
    """Key -> the trial that counts."""
    history: Mapping[str, Sequence[Trial]]
    """Key -> the usable attempts so far, where none counts yet."""
    scores: Mapping[TrialRow, Mapping[ScoreKey, Score]]

    def scores_of(self, trial: Trial) -> Mapping[ScoreKey, Score]:
        """Return the scores of a trial row."""
        return self.scores.get((trial.key, trial.run, trial.attempt), {})


def select(plan: Plan, store: Store, *, few: bool = False) -> tuple[Observation, ...]:
    """Return what counts: at most one observation for each item, arm and repeat.

    A trial may be used when it began after its arm's ``admissible_after`` and could have come about
    under the study's time-out: an answer that took longer is not used, nor a time-out after less.
    Of the usable attempts at a key, in the order of their beginning, the first counts that did not
    fail, or that failed when the retries of its kind were used up. Later attempts, by other
    studies, therefore change nothing.

    Args:
        plan: whose rows.
        store: holds them.
        few: whether the plan is a small part of what the store has of its arms; the rest is not
            read then, as it is not for a plan of few keys.

    Returns:
        Observations in the order of the data set, then of the arms, then of the repeats. One whose
        trial failed has no scores. A metric without a score was never scored.
    """
    few = few or Agenda(plan).total() <= _FEW
    known = look(plan, store, jobs(plan) if few else None)
    by_place: dict[tuple[str, str, int], Observation] = {}
    preferred = _preferences(plan, store, known)
    for job in jobs(plan):
        if job.key not in known.counted:
            continue
        for item in job.items:
            place = (item.id, job.arm.arm.fingerprint, job.repeat)
            trial = known.counted[job.key]
            made = observed(plan, job, item, trial, known.scores_of(trial))
            compared = preferred.get((trial.key, item.id))
            if compared:
                made = replace(made, scores={**made.scores, **compared})
            by_place[place] = made
    places = (
        (name, bound.arm.fingerprint, repeat)
        for name, _ in labels_of(plan.dataset.items)
        for bound in plan.arms
        for repeat in range(plan.repeats)
    )
    return tuple(by_place[place] for place in places if place in by_place)


def unfinished(plan: Plan, store: Store) -> tuple[Job, ...]:
    """Return the keys that must still be called, in the order of their calls."""
    known = look(plan, store)
    return tuple(job for job in jobs(plan) if job.key not in known.counted)


def lacking_pairs(
    plan: Plan, store: Store, scorer: BoundScorer, asked: Iterable[Job]
) -> list[Ordered]:
    """Return the ordered pairs that a judge of pairs has not judged, or whose judging failed."""
    known = look(plan, store, asked)
    judged = known_pairs(store.scores(scorer.fingerprint))
    found: dict[PairKey, Ordered] = {}
    for pair in pairs_of(asked, known.counted):
        for order in pair.orders:
            key = key_of(*order, pair.item)
            if key not in judged or not is_final(judged[key]):
                found.setdefault(key, Ordered(pair.item, order))
    return list(found.values())


def look(plan: Plan, store: Store, asked: Iterable[Job] | None = None) -> Selection:
    """Read from the store all that it knows of a plan, or of some of its jobs.

    Args:
        plan: what is to be run.
        store: holds the rows.
        asked: some of the plan's jobs; None: all.
    """
    counted: dict[str, Trial] = {}
    history: dict[str, Sequence[Trial]] = {}
    wanted: dict[str, list[str]] = {}
    inputs: dict[str, set[str]] = {}
    for arm, key in Agenda(plan).keys() if asked is None else ():
        wanted.setdefault(arm, []).append(key)
    for job in asked or ():
        wanted.setdefault(job.arm.arm.fingerprint, []).append(job.key)
        inputs.setdefault(job.arm.arm.fingerprint, set()).add(job.input_digest)
    for bound in plan.arms:
        keys = wanted.get(bound.arm.fingerprint)
        if keys is None:
            continue
        among, present = None if asked is None else keys, set(keys)
        of = None if asked is None else sorted(inputs[bound.arm.fingerprint])
        for key, rows in store.known(bound.arm.fingerprint, among, of).items():
            if key not in present:
                continue
            usable = [row for row in rows if is_usable(row, bound, plan.outcomes)]
            trial = counting(usable, plan.outcomes)
            if trial is not None:
                counted[key] = trial
            elif usable:
                history[key] = usable
    among = None if asked is None else list(counted)
    return Selection(counted, history, _scores(plan, store, counted, among))


@dataclass(frozen=True)
class Answered:
    """Which keys of one arm need no call, and how often the others were tried."""

    counted: set[bytes]
    """The slots of the keys that have a trial that counts."""
    tried: Mapping[bytes, int]
    """Slot -> usable attempts, of which none counts yet."""


def answered(plan: Plan, store: Store) -> dict[str, Answered]:
    """Return what is answered of each arm, by fingerprint: ``look`` for a plan of any size."""
    return {
        bound.arm.fingerprint: answered_of(
            store.attempts(bound.arm.fingerprint), bound, plan.outcomes
        )
        for bound in plan.arms
    }


def answered_of(rows: Iterable[Attempt], bound: BoundArm, rules: OutcomeRules) -> Answered:
    """Return what is answered by an arm's rows, in any order."""
    after = bound.admissible_after
    earliest = None if after is None else microseconds(after)
    counted: set[bytes] = set()
    tried: dict[bytes, int] = {}
    failures: list[tuple[int, int, bytes, Failure]] = []
    limit_s = rules.timeout_s
    for attempt, input_digest, repeat, started_at, seconds, failure in rows:
        if earliest is not None and started_at < earliest:
            continue
        at = slot(raw(input_digest), repeat)
        if failure is None:
            # Whatever came before it: one that counted counts still.
            if seconds <= limit_s:
                counted.add(at)
            continue
        kind = Failure(failure)
        if _fits(kind, seconds, rules):
            failures.append((started_at, attempt, at, kind))
    for _, _, at, kind in sorted(failures):
        tried[at] = tried.get(at, 0) + 1
        if tried[at] >= rules.allowed(kind):
            counted.add(at)
    return Answered(counted, {at: n for at, n in tried.items() if at not in counted})


def is_usable(trial: Trial, bound: BoundArm, rules: OutcomeRules) -> bool:
    """Whether a study may use a trial at all."""
    return _began_in_time(trial.started_at, bound.admissible_after) and _fits(
        trial.failure, trial.seconds, rules
    )


def _fits(failure: Failure | None, seconds: float, rules: OutcomeRules) -> bool:
    """Whether it could have come about under the study's time-out."""
    if failure is Failure.TIMEOUT:
        return seconds >= rules.timeout_s
    return seconds <= rules.timeout_s


def counting(attempts: Iterable[Trial], rules: OutcomeRules) -> Trial | None:
    """Return the attempt that counts, or None when the key must be called (again).

    Args:
        attempts: the usable attempts at one key, in the order of their beginning.
        rules: the study's; retries are the same for all arms.
    """
    for number, trial in enumerate(attempts, 1):
        if trial.failure is None or number >= rules.allowed(trial.failure):
            return trial
    return None


def observed(
    plan: Plan, job: Job, item: Item, trial: Trial, scores: Mapping[ScoreKey, Score]
) -> Observation:
    """Return a counted trial as an observation of one of its items, with the scores known."""
    found = {}
    if trial.failure is None and scores:
        target = item.target_digest
        for scorer in plan.single:
            score = scores.get((scorer.fingerprint, target))
            if score is not None:
                found[scorer.name] = score
    return Observation(item.id, job.arm.arm.fingerprint, job.repeat, trial, found)


def is_final(score: Score) -> bool:
    """Whether a score needs no second try; only a failure of the scorer itself does."""
    return score.outcome is not Outcome.FAILED


def _preferences(
    plan: Plan, store: Store, known: Selection
) -> dict[tuple[str, str], dict[str, Score]]:
    """Return (candidate's trial, item) -> metric -> preference, of every judge of pairs."""
    found: dict[tuple[str, str], dict[str, Score]] = {}
    for scorer in plan.pairwise:
        judged = known_pairs(store.scores(scorer.fingerprint))
        for pair in pairs_of(jobs(plan), known.counted):
            score = preference(pair, judged)
            if score is not None:
                found.setdefault((pair.candidate.key, pair.item.id), {})[scorer.name] = score
    return found


def _scores(
    plan: Plan, store: Store, counted: Mapping[str, Trial], among: Sequence[str] | None
) -> dict[TrialRow, dict[ScoreKey, Score]]:
    """Of several scores of one thing take the first that is final; runs' ids sort by time."""
    found: dict[TrialRow, dict[ScoreKey, Score]] = {
        (trial.key, trial.run, trial.attempt): {} for trial in counted.values()
    }
    for fingerprint in {scorer.fingerprint for scorer in plan.single}:
        for score in sorted(store.scores(fingerprint, among), key=lambda score: score.run):
            row = found.get((score.trial_key, score.trial_run, score.trial_attempt))
            key = score.scorer, score.target_digest
            if row is not None and (key not in row or not is_final(row[key])):
                row[key] = score
    return found


def _began_in_time(started_at: datetime, after: datetime | None) -> bool:
    return after is None or started_at >= after
