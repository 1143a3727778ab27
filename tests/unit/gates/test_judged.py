"""Evidence of a judged metric: people's labels decide, everything else is refused or noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.judged import JudgedEvidence, LabelledPairs, Standing, labelled_pairs
from liftgate.gates.sequence import looks_of
from liftgate.records import (
    Alternative,
    Design,
    Failure,
    Item,
    Observation,
    Pairing,
    Pairs,
    Scale,
    ScoreKind,
    Trial,
)

N, LABELS = 300, 90
ITEMS = tuple(f"i{n}" for n in range(N))
RNG = np.random.default_rng(5)
PEOPLE = (RNG.random((2, N)) < [[0.5], [0.65]]).astype(float)
JUDGE = np.where(RNG.random((2, N)) < 0.1, 1 - PEOPLE, PEOPLE)
DRAWN = [int(at) for at in RNG.choice(N, LABELS, replace=False)]
CHANCES = {ITEMS[at]: LABELS / N for at in DRAWN}
SCALE = Scale(ScoreKind.BINARY, 0.0, 1.0)


def labels(side=1, people=PEOPLE):
    return {ITEMS[at]: float(people[side][at]) for at in DRAWN}


def evidence(*, judge=JUDGE, candidate=None, baseline=None, scale=SCALE, **changes):
    pairs = Pairs(
        metric="good",
        items=ITEMS,
        candidate=judge[1].copy(),
        baseline=judge[0].copy(),
        cluster=None,
        scale=scale,
        slices={"half": np.array(["a" if n % 2 else "b" for n in range(N)], dtype=object)},
        pairing=Pairing(N),
    )
    labelled = LabelledPairs(
        labels(1) if candidate is None else candidate,
        labels(0) if baseline is None else baseline,
        CHANCES,
    )
    made = JudgedEvidence(pairs, alpha=0.05, labelled=labelled)
    return replace(made, **changes)


def told(found):
    return " ".join(found.warnings)


def test_the_difference_is_that_of_people_with_the_judge_as_covariate() -> None:
    found = evidence().difference()

    direct = stats.judged_difference(
        PEOPLE[1][DRAWN],
        PEOPLE[0][DRAWN],
        DRAWN,
        candidate_judge=JUDGE[1],
        baseline_judge=JUDGE[0],
        kind=ScoreKind.GRADED,
        score_range=(0, 1),
        level=0.9,
        alternative=Alternative.GREATER,
    )
    # The folds are by position, so that the order of the labels moves it a little.
    assert found.value == pytest.approx(direct.value, abs=0.01)
    assert found.high - found.low == pytest.approx(direct.high - direct.low, rel=0.05)
    assert (found.n, found.method) == (LABELS, "paired cross-fitted PPI")
    alone = PairsEvidence(evidence().pairs, alpha=0.05).difference()
    assert f"the judge alone would have claimed {alone.value:.4g}" in told(found)


def test_a_useless_judge_leaves_the_labels() -> None:
    noise = (np.random.default_rng(8).random((2, N)) < 0.5).astype(float)

    found = evidence(judge=noise).difference()

    direct = stats.paired_difference(
        PEOPLE[1][DRAWN], PEOPLE[0][DRAWN], kind=ScoreKind.GRADED, score_range=(0, 1), level=0.9
    )
    assert found.value == pytest.approx(direct.value, abs=0.02)
    assert found.high - found.low < 1.06 * (direct.high - direct.low)


def test_lower_is_better_turns_labels_and_judge_round() -> None:
    low = Scale(ScoreKind.BINARY, 0.0, 1.0, higher_is_better=False)

    found = evidence(scale=low).difference()

    assert found.value == pytest.approx(-evidence().difference().value, abs=1e-9)


def test_labels_drawn_where_answers_differ_tell_a_difference_and_not_a_mean() -> None:
    same = frozenset(item for n, item in enumerate(ITEMS) if PEOPLE[0][n] == PEOPLE[1][n])
    apart = [item for item in ITEMS if item not in same]
    people = [{item: float(side[ITEMS.index(item)]) for item in apart[:60]} for side in PEOPLE]
    chances = dict.fromkeys(apart[:60], 60 / len(apart))
    labelled = LabelledPairs(people[1], people[0], chances, same=same)

    found = evidence(labelled=labelled).difference()

    assert found.n == 60
    even = evidence().difference()
    assert found.high - found.low < even.high - even.low, "with two thirds of the labels"
    assert "60 items labelled by people" in told(found)
    assert f"{len(same)} items count 0 without a label" in told(found)
    half = evidence(labelled=labelled, by_slice="half").slices()["a"]
    with pytest.raises(NotEnoughData, match=r"labels of the .* items whose answers differ"):
        half.difference()
    with pytest.raises(NotEnoughData, match="only where the arms' answers differ"):
        evidence(labelled=labelled).mean(limit=0.5)


@pytest.mark.parametrize("alternative", [Alternative.GREATER, Alternative.LESS])
def test_a_drawn_answer_without_a_label_is_worst_for_the_question(alternative) -> None:
    lacking = labels(1)
    for item in list(lacking)[:10]:
        del lacking[item]

    found = evidence(candidate=lacking).difference(alternative=alternative)
    whole = evidence().difference(alternative=alternative)

    assert found.p_value > whole.p_value
    assert "10 drawn answers of the candidate have no label" in told(found)


def test_a_judge_without_a_score_costs_width_and_not_the_claim() -> None:
    judge = JUDGE.copy()
    judge[1][:40] = np.nan

    found = evidence(judge=judge).difference()

    assert found.value == pytest.approx(evidence().difference().value, abs=0.04)
    assert "the judge has no score of 40 answers" in told(found)
    with pytest.raises(NotEnoughData, match="the judge has no score of the candidate"):
        evidence(judge=np.array([JUDGE[0], np.full(N, np.nan)])).difference()


def test_a_limit_is_about_peoples_labels_of_the_candidate() -> None:
    found = evidence().mean(limit=0.4, alternative=Alternative.GREATER)

    assert found.value == pytest.approx(PEOPLE[1].mean(), abs=0.1)
    assert found.p_value < 0.05


def test_slices_have_their_own_labels_and_too_few_are_refused() -> None:
    slices = evidence(by_slice="half").slices()

    assert sorted(slices) == ["a", "b"]
    for one in slices.values():
        with pytest.raises(NotEnoughData, match="labels, expected at least 50"):
            one.difference()


def test_what_has_no_method_is_refused() -> None:
    items = [Item(name, {"text": name}) for name in ITEMS]
    looks = looks_of(Design.PLANNED_LOOKS, items, 3)
    weighted = replace(evidence().pairs, weight=np.ones(N))

    with pytest.raises(NotEnoughData, match="looked at once"):
        evidence(looks=looks).difference()
    with pytest.raises(NotEnoughData, match="takes weights"):
        evidence(pairs=weighted).difference()
    with pytest.raises(NotEnoughData, match="guaranteed"):
        evidence(guarantee=True).difference()
    with pytest.raises(NotEnoughData, match="relative margin"):
        evidence().relative_difference(0.1)
    with pytest.raises(NotEnoughData, match="cannot pass"):
        evidence().difference(null=-1.0)


def test_a_standing_says_why_nothing_may_rest_on_the_judge() -> None:
    assert Standing(None).refusal.startswith("judge not calibrated")
    assert Standing(3).refusal.startswith("judge alone")
    assert Standing(3, 4, CHANCES, {}).refusal.startswith("judge alone")
    assert Standing(3, 4, CHANCES, {"k": 1.0}).refusal == ""
    refused = evidence(refusal="judge not calibrated: …")
    for ask in (
        refused.difference,
        lambda: refused.mean(limit=0.5),
    ):
        with pytest.raises(NotEnoughData, match="good: judge not calibrated"):
            ask()
    assert refused.descriptive() is None


def test_a_failed_trial_counts_its_declared_score_and_repeats_are_averaged() -> None:
    def row(item, arm, repeat, failure=None):
        key = f"{item}-{arm}-{repeat}"
        now = datetime(2026, 1, 1, tzinfo=UTC)
        trial = Trial(key, 1, "r", arm, "d", repeat, now, 1.0, "o", failure)
        return Observation(item, arm, repeat, trial, {})

    rows = [
        row("i0", "new", 0),
        row("i0", "new", 1, Failure.CRASH),
        row("i0", "old", 0),
        row("i0", "old", 1),
        row("i1", "new", 0),
        row("i9", "new", 0),
    ]
    standing = Standing(1, 2, {"i0": 0.5, "i1": 0.5}, {"i0-new-0": 1.0, "i0-old-0": 1.0})

    found = labelled_pairs(
        rows, standing, baseline="old", candidate="new", failure_scores=dict.fromkeys(Failure, 0.0)
    )

    assert found.candidate == {"i0": 0.5}
    assert found.baseline == {}


def test_further_signals_narrow_the_interval_and_gaps_in_them_do_no_harm() -> None:
    rng = np.random.default_rng(3)
    weak = np.where(rng.random((2, N)) < 0.3, 1 - PEOPLE, PEOPLE)
    other = np.where(rng.random((2, N)) < 0.1, 1 - PEOPLE, PEOPLE)

    def signals(side):
        return {
            item: (float("nan"), float("nan")) if n % 50 == 0 else (5.0, float(other[side][n]))
            for n, item in enumerate(ITEMS)
        }

    def asked(**more):
        made = evidence(judge=weak)
        return replace(made, labelled=replace(made.labelled, **more))

    alone = asked().difference()
    together = asked(signals={"candidate": signals(1), "baseline": signals(0)}).difference()

    assert together.high - together.low < 0.95 * (alone.high - alone.low)
    assert abs(together.value - (PEOPLE[1] - PEOPLE[0]).mean()) < 0.1
    one = asked(signals={"candidate": signals(1)}).mean(limit=0.2, alternative=Alternative.GREATER)
    assert abs(one.value - PEOPLE[1].mean()) < 0.1
