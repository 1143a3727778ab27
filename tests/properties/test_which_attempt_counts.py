"""The selection rule: what counts is decided by a prefix, so that later attempts change nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.evals.plan import BoundArm, OutcomeRules
from liftgate.evals.select import answered_of, counting, is_usable
from liftgate.records import Arm, Failure, Role, Trial
from liftgate.store import Attempt, microseconds

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FAILURES = st.one_of(st.none(), st.sampled_from(Failure))
ATTEMPTS = st.lists(FAILURES, max_size=8)
RETRIES = st.dictionaries(st.sampled_from(Failure), st.integers(0, 4))


def trials(failures, seconds=1.0):
    return [
        Trial("k", n, "r", "a", "i", 0, BEGIN + timedelta(seconds=n), seconds, None, failure)
        for n, failure in enumerate(failures, 1)
    ]


@settings(deadline=None, derandomize=True)
@given(ATTEMPTS, ATTEMPTS, RETRIES)
def test_later_attempts_never_change_what_counts(first, later, retries) -> None:
    rules = OutcomeRules(5.0, retries)
    counted = counting(trials(first), rules)
    if counted is not None:
        assert counting(trials(first + later), rules) == counted


@settings(deadline=None, derandomize=True)
@given(ATTEMPTS, RETRIES)
def test_attempts_end_with_the_first_answer_or_when_retries_are_used_up(failures, retries) -> None:
    rules = OutcomeRules(5.0, retries)
    counted = counting(trials(failures), rules)
    if counted is None:
        assert len(failures) <= max([0, *retries.values()])
        assert None not in failures
    elif counted.failure is None:
        assert failures[: counted.attempt - 1].count(None) == 0
    else:
        assert counted.attempt >= 1 + retries.get(counted.failure, 0)


@settings(deadline=None, derandomize=True)
@given(FAILURES, st.floats(0, 10), st.floats(0.1, 10))
def test_no_trial_is_usable_that_the_time_out_could_not_have_given(failure, seconds, limit) -> None:
    bound = BoundArm(Arm("a", Role.BASELINE, "s", {}, "f"), None)
    (trial,) = trials([failure], seconds)
    usable = is_usable(trial, bound, OutcomeRules(limit, {}))
    if failure is Failure.TIMEOUT:
        assert usable == (seconds >= limit)
    else:
        assert usable == (seconds <= limit)


def test_a_trial_that_began_with_the_lock_is_usable_and_one_before_is_not() -> None:
    (trial,) = trials([None])
    rules = OutcomeRules(5.0, {})
    arm = Arm("a", Role.CANDIDATE, "s", {}, "f")
    assert is_usable(trial, BoundArm(arm, None, trial.started_at), rules)
    after = trial.started_at + timedelta(microseconds=1)
    assert not is_usable(trial, BoundArm(arm, None, after), rules)


INPUT = "sha256:" + "00" * 32
ROWS = st.lists(st.tuples(FAILURES, st.sampled_from([1.0, 5.0, 9.0])), max_size=8)


@settings(deadline=None, derandomize=True)
@given(ROWS, RETRIES, st.integers(0, 4))
def test_what_a_run_reads_of_rows_says_the_same_as_whole_trials(rows, retries, locked) -> None:
    rules = OutcomeRules(5.0, retries)
    after = BEGIN + timedelta(seconds=locked)
    bound = BoundArm(Arm("a", Role.CANDIDATE, "s", {}, "f"), None, after)
    whole = [
        Trial("k", n, "r", "a", INPUT, 0, BEGIN + timedelta(seconds=n), seconds, None, failure)
        for n, (failure, seconds) in enumerate(rows, 1)
    ]
    short = [
        Attempt(t.attempt, INPUT, 0, microseconds(t.started_at), t.seconds, t.failure)
        for t in whole
    ]
    found = answered_of(short, bound, rules)
    usable = [trial for trial in whole if is_usable(trial, bound, rules)]
    counts = counting(usable, rules) is not None
    assert found.counted == ({bytes(32)} if counts else set())
    assert found.tried == ({} if counts or not usable else {bytes(32): len(usable)})
