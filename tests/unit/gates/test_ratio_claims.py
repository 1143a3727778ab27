"""What a rule may ask about a ratio of sums: missing amounts, failures, direction, refusals."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.ratio_claims import RatioEvidence, complete, counts, own_ratio
from liftgate.gates.ratio_rows import RatioPairs, Tries, ratio_scale, sums, taken, tries_of
from liftgate.records import Alternative, Item, Ratio, Scale, ScoreKind

GREATER, LESS = Alternative.GREATER, Alternative.LESS
LOWER = Scale(ScoreKind.UNBOUNDED, higher_is_better=False)
SHARE = Scale(ScoreKind.GRADED, 0.0, 1.0)


def known(above, below, failed=None):
    over, under = (np.asarray(one, dtype=float).reshape(len(above), -1) for one in (above, below))
    fails = np.zeros(over.shape, dtype=bool) if failed is None else failed
    return Tries(over, over, under, under, fails)


def pairs(candidate, baseline, scale=LOWER, **ratio):
    made = Ratio("cost_per_right", "cost", "right", **ratio)
    items = tuple(f"i{n}" for n in range(candidate.failed.shape[0]))
    return RatioPairs(made, items, candidate, baseline, None, scale, {})


def costs(seed=1, n=60, rise=1.0):
    rng = np.random.default_rng(seed)
    return rng.lognormal(0, 0.4, n) * rise, (rng.random(n) < 0.7).astype(float)


def evidence(**options):
    return RatioEvidence(pairs(known(*costs(1)), known(*costs(2))), 0.05, **options)


def test_where_lower_is_better_the_difference_is_turned_round():
    ours, theirs = costs(1), costs(2)
    found = evidence().difference(null=-0.2)
    plain = stats.ratio_difference(*ours, *theirs, level=0.9, alternative="less", null=0.2)
    assert (found.value, found.low, found.high) == (-plain.value, -plain.high, -plain.low)
    assert (found.null, found.alternative, found.p_value) == (-0.2, GREATER, plain.p_value)


def test_a_relative_margin_takes_a_share_of_the_baselines_ratio():
    ours, theirs = costs(1), costs(2)
    found = evidence().relative_difference(0.1)
    ratios = [side[0].sum() / side[1].sum() for side in (ours, theirs)]
    assert found.value == pytest.approx(1.1 * ratios[1] - ratios[0])
    assert found.null == 0


@pytest.mark.parametrize("scale", [LOWER, SHARE])
@pytest.mark.parametrize("up", [True, False])
def test_missing_amounts_are_filled_in_for_the_most_extreme_ratio_that_there_can_be(scale, up):
    rng = np.random.default_rng(3)
    below = rng.integers(2, 6, 8).astype(float)
    above = rng.binomial(below.astype(int), 0.6).astype(float)
    least, most = above.copy(), above.copy()
    lower, upper = below.copy(), below.copy()
    least[0], most[0] = 0, 4  # What is above the line is missing.
    lower[1], upper[1] = 0, 6  # What is below it.
    least[2], most[2], lower[2], upper[2] = 0, 5, 0, 5  # Both.
    tries = Tries(
        least[:, None],
        most[:, None],
        lower[:, None],
        upper[:, None],
        np.zeros((8, 1), dtype=bool),
    )
    over, under = sums(pairs(tries, tries, scale), "candidate", up=up, failed_up=up)
    tried = []
    for a, b, c, d in itertools.product(range(5), range(7), range(6), range(6)):
        one, other = above.copy(), below.copy()
        one[0], other[1], one[2], other[2] = a, b, c, d
        if scale is LOWER or bool((one <= other).all()):
            tried.append(one.sum() / other.sum())
    extreme = max(tried) if up else min(tried)
    assert over.sum() / under.sum() == pytest.approx(extreme)


def test_a_failure_counts_against_its_arm_whichever_way_is_asked():
    ours = known(*costs(1))
    failed = ours.failed.copy()
    failed[0] = True
    ours = replace(
        ours,
        of_low=np.where(failed, 0, ours.of_low),
        of_high=np.where(failed, 9, ours.of_high),
        per_low=np.where(failed, 0, ours.per_low),
        per_high=np.where(failed, 1, ours.per_high),
        failed=failed,
    )
    asked = RatioEvidence(pairs(ours, known(*costs(2))), 0.05)
    for found in (asked.difference(), asked.difference(alternative=LESS)):
        over = (ours.of_low[1:].sum() + 9) / ours.per_low[1:].sum()
        assert found.value == pytest.approx(costs(2)[0].sum() / costs(2)[1].sum() - over)
        assert "1 failed tries of the candidate entered at the ratio's worst" in found.warnings


def test_missing_tries_lie_inside_the_limits_of_both_questions():
    ours = known(*costs(1))
    low, high = ours.of_low.copy(), ours.of_high.copy()
    low[:3], high[:3] = 0, 5
    gaps = RatioEvidence(
        pairs(replace(ours, of_low=low, of_high=high), known(*costs(2)), most=5.0), 0.05
    )
    whole = evidence()
    assert gaps.difference().low < whole.difference().low
    assert gaps.difference(alternative=LESS).high > whole.difference(alternative=LESS).high
    described = gaps.descriptive()
    assert described.n == 57
    assert described.p_value is None
    assert counts(gaps.pairs, "candidate")["missing"] == 3
    assert len(complete(gaps.pairs).items) == 57
    assert own_ratio(gaps.pairs, "candidate").n == 57


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"guarantee": True}, "no method for a ratio of sums is guaranteed"),
        ({"refusal": "judge not calibrated"}, "cost_per_right: judge not calibrated"),
    ],
)
def test_what_has_no_method_is_refused_with_a_sentence(change, said):
    with pytest.raises(NotEnoughData, match=said):
        evidence(**change).difference()


def test_weights_no_items_and_missing_ends_are_refused():
    one = evidence().pairs
    weighted = replace(one, weight=np.ones(60))
    with pytest.raises(NotEnoughData, match="the items carry weights"):
        RatioEvidence(weighted, 0.05).difference()
    nothing = one.take(np.zeros(60, dtype=bool))
    with pytest.raises(NotEnoughData, match="there are no items"):
        RatioEvidence(nothing, 0.05).difference()
    open_ = replace(one.candidate, of_high=one.candidate.of_high + np.inf)
    with pytest.raises(NotEnoughData, match="cost is not known of 60 tries of the candidate"):
        RatioEvidence(replace(one, candidate=open_), 0.05).difference()
    assert RatioEvidence(nothing, 0.05).descriptive() is None
    assert own_ratio(nothing, "candidate") is None


def test_a_missing_amount_of_what_may_be_negative_has_no_worst():
    ours = known(*costs(1))
    gap = replace(ours, of_low=ours.of_low - 9, of_high=ours.of_high)
    with pytest.raises(NotEnoughData, match="may be negative"):
        RatioEvidence(pairs(gap, ours), 0.05).difference()


def test_no_success_at_all_is_refused_and_never_divided_by():
    ours = costs(1)
    with pytest.raises(NotEnoughData, match="candidate_denominator: got a mean of 0"):
        RatioEvidence(pairs(known(ours[0], 0 * ours[1]), known(*costs(2))), 0.05).difference()


def test_what_breaks_a_declaration_admits_nothing():
    ours = known(*costs(1))
    with pytest.raises(NotEnoughData, match="expected at most the declared most of 1"):
        RatioEvidence(pairs(ours, ours, most=1.0), 0.05).difference()
    with pytest.raises(NotEnoughData, match="outside the declared range of 0 to 1"):
        RatioEvidence(pairs(ours, ours, SHARE), 0.05).difference()


def test_a_margin_as_wide_as_the_range_needs_no_data_to_be_met():
    below = np.full(40, 4.0)
    above = np.random.default_rng(1).binomial(4, 0.8, 40).astype(float)
    one = pairs(known(above, below), known(above[::-1], below), SHARE)
    with pytest.raises(NotEnoughData, match="the tested value -1 is one that the ratio cannot"):
        RatioEvidence(one, 0.05).difference(null=-1.0)


def test_two_sided_questions_passes_and_measures_are_refused():
    asked = evidence()
    with pytest.raises(DataError, match="got two-sided"):
        asked.difference(alternative=Alternative.TWO_SIDED)
    with pytest.raises(DataError, match="ratio: got 1"):
        asked.relative_difference(1.0)
    for refuse in (lambda: asked.passes(limit=1.0), asked.measured):
        with pytest.raises(NotEnoughData, match="ratio of sums"):
            refuse()


def test_a_limit_is_asked_of_the_candidates_own_ratio():
    found = evidence().mean(limit=5.0)
    over, under = costs(1)
    assert found.value == pytest.approx(over.sum() / under.sum())
    assert found.p_value < 0.05


def test_repeats_are_added_up_try_by_try():
    over, under = costs(1, n=120)
    two = pairs(known(over.reshape(60, 2), under.reshape(60, 2)), known(*costs(2)))
    assert own_ratio(two, "candidate").value == pytest.approx(over.sum() / under.sum())


def test_a_trial_that_was_not_planned_is_refused(make_row):
    items = [Item("a", {"text": "x"})]
    amounts = (taken("cost", "of", None), taken("seconds", "per", None))
    row = make_row(items[0])
    found = tries_of(items, [row], "arm", amounts, repeats=1, failed=lambda _: False)
    assert (found.of_low[0, 0], found.per_low[0, 0]) == (0.5, 2.0)
    for wrong, said in (
        ([replace(row, item="b")], "a trial of 'b' #0, not planned"),
        ([row, row], "two counted trials"),
    ):
        with pytest.raises(DataError, match=said):
            tries_of(items, wrong, "arm", amounts, repeats=1, failed=lambda _: False)
    other = replace(row, trial=replace(row.trial, input_digest="sha256:0"))
    gone = tries_of(items, [other], "arm", amounts, repeats=1, failed=lambda _: False)
    assert not gone.known.any()


@pytest.fixture
def make_row():
    """Return what makes the observation of a trial that cost a half and took two seconds."""
    from datetime import UTC, datetime

    from liftgate.records import Observation, Trial

    def make(item):
        trial = Trial(
            key="k",
            attempt=1,
            run="r",
            arm="arm",
            input_digest=item.input_digest,
            repeat=0,
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            seconds=2.0,
            output_digest=None,
            cost=0.5,
        )
        return Observation(item.id, "arm", 0, trial, {})

    return make


def test_a_ratios_scale_follows_what_stands_above_the_line():
    cost = Ratio("r", "cost", "right")
    assert not ratio_scale(cost, None, statements=False).higher_is_better
    said = ratio_scale(Ratio("r", "faithful", "statements"), SHARE, statements=True)
    assert (said.low, said.high, said.higher_is_better) == (0.0, 1.0, True)
    declared = ratio_scale(replace(cost, span=(0.0, 2.0)), None, statements=False)
    assert (declared.kind, declared.high) == (ScoreKind.GRADED, 2.0)
