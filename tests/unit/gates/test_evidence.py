from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.evidence import MeasureEvidence, PairsEvidence, measure_evidence
from liftgate.gates.sequence import Looks, looks_of
from liftgate.records import (
    Alternative,
    Bounds,
    Design,
    Item,
    Mark,
    Measure,
    Pairing,
    Pairs,
    Population,
    Scale,
    ScoreKind,
)

GREATER, LESS = Alternative.GREATER, Alternative.LESS
BINARY = Scale(ScoreKind.BINARY, 0.0, 1.0)
GRADED = Scale(ScoreKind.GRADED, 0.0, 1.0)
LOWER = Scale(ScoreKind.GRADED, 0.0, 1.0, higher_is_better=False)
NAN = float("nan")


def pairs_of(candidate: Any, baseline: Any, scale: Scale = GRADED, **rest: Any) -> Pairs:
    before, after = np.asarray(baseline, dtype=float), np.asarray(candidate, dtype=float)
    fields: dict[str, Any] = {
        "metric": "quality",
        "items": tuple(f"i{k}" for k in range(len(after))),
        "candidate": after,
        "baseline": before,
        "cluster": None,
        "scale": scale,
        "slices": {},
        "pairing": Pairing(len(after)),
        **rest,
    }
    return Pairs(**fields)


def evidence(candidate: Any, baseline: Any, scale: Scale = GRADED, **rest: Any) -> PairsEvidence:
    return PairsEvidence(pairs_of(candidate, baseline, scale, **rest), alpha=0.05)


def planned(design: Design, count: int, size: int = 1) -> Looks:
    """Looks at a plan of so many items, the last ones in a cluster of a size."""
    clusters = [f"c{k}" if k < count - size else "last" for k in range(count)]
    items = [Item(str(k), {}, cluster=cluster) for k, cluster in enumerate(clusters)]
    looks = looks_of(design, items, 4)
    assert looks is not None
    return looks


RNG = np.random.default_rng(7)
BEFORE = RNG.uniform(0.2, 0.6, 40)
AFTER = np.clip(BEFORE + RNG.normal(0.05, 0.1, 40), 0, 1)
RIGHT_BEFORE = (RNG.uniform(size=60) < 0.5).astype(float)
RIGHT_AFTER = np.where(RNG.uniform(size=60) < 0.3, 1.0, RIGHT_BEFORE)


def test_the_method_and_its_limits_are_those_of_the_table() -> None:
    found = evidence(AFTER, BEFORE).difference(null=-0.02)
    plain = stats.paired_difference(
        AFTER,
        BEFORE,
        kind=ScoreKind.GRADED,
        score_range=(0, 1),
        level=0.9,
        alternative=GREATER,
        null=-0.02,
    )
    assert found == plain
    assert found.level == 0.9
    assert found.design is Design.FIXED


def test_a_claim_about_this_set_says_so() -> None:
    fixed = replace(evidence(AFTER, BEFORE), population=Population.THIS_SET)
    assert fixed.difference().population is Population.THIS_SET


@pytest.mark.parametrize(
    ("after", "before", "kind"),
    [
        (AFTER, BEFORE, ScoreKind.GRADED),
        (RIGHT_AFTER, RIGHT_BEFORE, ScoreKind.BINARY),
    ],
)
def test_lower_is_better_turns_the_difference_round(after: Any, before: Any, kind: Any) -> None:
    up = evidence(after, before, Scale(kind, 0.0, 1.0)).difference()
    turned = evidence(after, before, Scale(kind, 0.0, 1.0, higher_is_better=False))
    down = turned.difference()
    assert down.method == up.method
    assert down.value == pytest.approx(-up.value)
    assert up.high is not None
    assert up.p_value is not None
    assert down.low == pytest.approx(-up.high)
    assert turned.difference(alternative=LESS).p_value == pytest.approx(up.p_value, abs=1e-12)


def test_an_unbounded_score_without_gaps_is_oriented_by_its_sign() -> None:
    scale = Scale(ScoreKind.UNBOUNDED, higher_is_better=False)
    found = evidence(AFTER, BEFORE, scale).difference()
    assert found.value == pytest.approx(float(np.mean(BEFORE - AFTER)))


def with_gaps(scale: Scale = GRADED, **rest: Any) -> PairsEvidence:
    after, before = AFTER.copy(), BEFORE.copy()
    after[:2], before[2:5] = NAN, NAN
    return evidence(after, before, scale, **rest)


@pytest.mark.parametrize("scale", [GRADED, LOWER])
@pytest.mark.parametrize("alternative", [GREATER, LESS])
def test_missing_scores_are_worst_for_the_question_asked(
    scale: Scale, alternative: Alternative
) -> None:
    found = with_gaps(scale).difference(alternative=alternative)
    against = alternative is GREATER
    bad, good = (0.0, 1.0) if scale.higher_is_better else (1.0, 0.0)
    after, before = AFTER.copy(), BEFORE.copy()
    after[:2], before[2:5] = (bad, good) if against else (good, bad)
    filled = evidence(after, before, scale).difference(alternative=alternative)
    assert found.value == filled.value
    assert found.p_value == filled.p_value
    assert found.warnings[-2:] == (
        "2 missing scores of the candidate entered at their worst for the claim",
        "3 missing scores of the baseline entered at their worst for the claim",
    )


def test_missing_right_or_wrong_answers_stay_right_or_wrong() -> None:
    after = RIGHT_AFTER.copy()
    after[:3] = NAN
    found = evidence(after, RIGHT_BEFORE, BINARY).difference()
    complete = evidence(RIGHT_AFTER, RIGHT_BEFORE, BINARY).difference()
    assert found.method == complete.method
    assert found.n == complete.n


def test_bounds_are_used_instead_of_the_whole_scale() -> None:
    after = AFTER.copy()
    after[0] = NAN
    low, high = AFTER.copy(), AFTER.copy()
    low[0], high[0] = 0.3, 0.7
    bounds = Bounds(low, high, BEFORE, BEFORE)
    found = evidence(after, BEFORE, bounds=bounds)
    assert found.difference().value == pytest.approx(float(np.mean(low - BEFORE)))
    assert found.difference(alternative=LESS).value == pytest.approx(float(np.mean(high - BEFORE)))


def test_a_missing_score_without_a_bound_gives_no_estimate_and_says_how_many() -> None:
    open_ended = Scale(ScoreKind.UNBOUNDED)
    with pytest.raises(NotEnoughData, match="2 of 40 scores of the candidate are missing") as hit:
        with_gaps(open_ended).difference()
    assert "needs a declared bound" in str(hit.value)


def test_one_declared_end_serves_the_question_that_needs_it() -> None:
    cost = Scale(ScoreKind.UNBOUNDED, 0.0, None, higher_is_better=False)
    before = BEFORE.copy()
    before[0] = NAN
    found = evidence(AFTER, before, cost)
    assert found.difference().value < 0  # a missing baseline cost counts as 0: best for it
    with pytest.raises(NotEnoughData, match="no highest value"):
        found.difference(alternative=LESS)


def test_the_descriptive_interval_leaves_missing_scores_out_and_cannot_decide() -> None:
    found = with_gaps().descriptive()
    assert found is not None
    assert (found.level, found.n, found.p_value) == (0.95, 35, None)
    assert found.alternative is Alternative.TWO_SIDED
    assert found.value == pytest.approx(float(np.mean(AFTER[5:] - BEFORE[5:])))
    assert "5 items left out" in found.warnings[-1]
    whole = evidence(AFTER, BEFORE).descriptive()
    assert whole is not None
    assert not any("left out" in warning for warning in whole.warnings)
    assert evidence([NAN], [0.5]).descriptive() is None


def test_a_relative_margin_is_a_contrast_and_never_a_ratio() -> None:
    found = evidence(AFTER, BEFORE).relative_difference(0.02)
    assert found.value == pytest.approx(float(np.mean(AFTER - 0.98 * BEFORE)))
    assert found.null == 0


def test_a_relative_margin_where_lower_is_better_allows_so_much_more() -> None:
    found = evidence(AFTER, BEFORE, LOWER).relative_difference(0.02)
    assert found.value == pytest.approx(float(np.mean(1.02 * BEFORE - AFTER)))
    gaps = with_gaps(LOWER).relative_difference(0.02)
    worst = np.concatenate([1.02 * BEFORE[:2] - 1.0, 0.0 - AFTER[2:5], (1.02 * BEFORE - AFTER)[5:]])
    assert gaps.value == pytest.approx(float(np.mean(worst)))


def test_a_relative_margin_needs_a_baseline_above_zero() -> None:
    with pytest.raises(NotEnoughData, match="baseline"):
        evidence(AFTER, np.zeros(40)).relative_difference(0.02)
    with pytest.raises(NotEnoughData, match="baseline"):
        evidence(AFTER, np.zeros(40), LOWER).relative_difference(0.02)
    with pytest.raises(DataError, match="between -1 and 1"):
        evidence(AFTER, BEFORE).relative_difference(1.0)


@pytest.mark.parametrize("scale", [GRADED, LOWER])
def test_the_mean_is_in_the_scores_own_units_and_missing_is_worst_for_the_limit(
    scale: Scale,
) -> None:
    below = with_gaps(scale).mean(limit=0.9)
    above = with_gaps(scale).mean(limit=0.9, alternative=GREATER)
    assert below.value == pytest.approx(float(np.mean(np.r_[1.0, 1.0, AFTER[2:]])))
    assert above.value == pytest.approx(float(np.mean(np.r_[0.0, 0.0, AFTER[2:]])))
    assert "baseline" not in " ".join(below.warnings)


def test_clusters_are_passed_on_unless_every_item_is_its_own() -> None:
    own = evidence(RIGHT_AFTER, RIGHT_BEFORE, BINARY, cluster=np.arange(60))
    none = evidence(RIGHT_AFTER, RIGHT_BEFORE, BINARY)
    grouped = evidence(RIGHT_AFTER, RIGHT_BEFORE, BINARY, cluster=np.arange(60) // 3)
    assert own.difference() == none.difference()
    assert grouped.difference().clusters == grouped.clusters == 20


def test_slices_split_items_and_keep_the_question() -> None:
    label = np.array(["de", "en"] * 20, dtype=object)
    whole = replace(evidence(AFTER, BEFORE, slices={"lang": label}), by_slice="lang")
    parts = whole.slices()
    assert list(parts) == ["de", "en"]
    assert parts["de"].difference().value == pytest.approx(float(np.mean((AFTER - BEFORE)[::2])))
    assert parts["en"].alpha == 0.05
    with pytest.raises(DataError, match="names no slice"):
        parts["en"].slices()


REFUSED = {
    "no items": (evidence([], []), "no items"),
    "too few": (evidence(AFTER[:5], BEFORE[:5]), "degrees of freedom"),
    "few clusters": (evidence(AFTER, BEFORE, cluster=np.arange(40) // 10), "degrees of freedom"),
    "before the first look": (
        replace(evidence(AFTER, BEFORE), looks=planned(Design.PLANNED_LOOKS, 400)),
        "no look was taken yet",
    ),
    "a guarantee over clusters": (
        replace(evidence(AFTER, BEFORE, cluster=np.arange(40) // 2), guarantee=True),
        "guarantee over clusters",
    ),
}


def test_weights_give_the_weighted_mean() -> None:
    weight = np.where(np.arange(40) < 10, 3.0, 1.0)
    found = evidence(AFTER, BEFORE, weight=weight).difference()
    assert found.value == pytest.approx(float(np.average(AFTER - BEFORE, weights=weight)))
    assert "Kish" in found.warnings[0]


def test_planned_looks_give_what_the_looks_so_far_show() -> None:
    looks = planned(Design.PLANNED_LOOKS, 80)
    found = replace(evidence(AFTER, BEFORE), looks=looks)
    estimate = found.difference()
    assert (estimate.design, estimate.look, estimate.looks) == (Design.PLANNED_LOOKS, 2, 4)
    assert found.design is Design.PLANNED_LOOKS
    once = evidence(AFTER, BEFORE).difference()
    assert estimate.low is not None
    assert once.low is not None
    assert estimate.low < once.low
    shown = found.descriptive()
    assert shown is not None
    assert shown.design is Design.FIXED
    assert "descriptive only" in shown.warnings[-1]


def test_a_planned_slice_without_items_yet_is_not_left_out() -> None:
    items = [Item(str(k), {}, slices={"lang": "de" if k < 40 else "en"}) for k in range(80)]
    looks = looks_of(Design.PLANNED_LOOKS, items, 4)
    labels = np.array(["de"] * 40, dtype=object)
    found = replace(evidence(AFTER, BEFORE, slices={"lang": labels}), looks=looks, by_slice="lang")
    parts = found.slices()
    assert list(parts) == ["de", "en"]
    assert parts["de"].difference().looks == 2
    with pytest.raises(NotEnoughData, match="no items"):
        parts["en"].difference()


def test_unlimited_looks_bet_on_the_largest_planned_cluster() -> None:
    found = replace(evidence(AFTER, BEFORE), looks=planned(Design.ANYTIME, 80))
    estimate = found.difference()
    assert (estimate.design, estimate.mark) == (Design.ANYTIME, Mark.ANYTIME_EXACT)
    wide = replace(found, looks=planned(Design.ANYTIME, 80, size=20)).difference()
    assert wide.p_value is not None
    assert estimate.p_value is not None
    assert wide.p_value > estimate.p_value


@pytest.mark.parametrize("case", REFUSED)
def test_evidence_that_no_method_serves_is_refused_with_the_reason(case: str) -> None:
    found, reason = REFUSED[case]
    asked = [found.difference, lambda: found.relative_difference(0.02)]
    asked.append(lambda: found.mean(limit=0.5))
    for ask in asked:
        with pytest.raises(NotEnoughData, match=reason):
            ask()


@pytest.mark.parametrize("null", [-1.0, 1.0, -3.0])
def test_a_margin_that_the_scores_cannot_pass_is_refused(null: float) -> None:
    with pytest.raises(NotEnoughData, match="cannot pass"):
        evidence(AFTER, BEFORE).difference(null=null)
    with pytest.raises(NotEnoughData, match="cannot pass"):
        evidence(AFTER, BEFORE).mean(limit=1.0)


def test_a_claim_asks_in_one_direction() -> None:
    with pytest.raises(DataError, match="two-sided"):
        evidence(AFTER, BEFORE).difference(alternative=Alternative.TWO_SIDED)
    with pytest.raises(DataError, match="two-sided"):
        evidence(AFTER, BEFORE).mean(limit=0.5, alternative=Alternative.TWO_SIDED)


def test_scores_are_neither_passes_nor_measures() -> None:
    with pytest.raises(NotEnoughData, match="item by item"):
        evidence(AFTER, BEFORE).passes(limit=1.0)
    with pytest.raises(NotEnoughData, match="item by item"):
        evidence(AFTER, BEFORE).measured()


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_a_level_that_is_none_is_refused(alpha: float) -> None:
    with pytest.raises(DataError, match="alpha"):
        PairsEvidence(pairs_of(AFTER, BEFORE), alpha=alpha)
    with pytest.raises(DataError, match="alpha"):
        MeasureEvidence("index_mb", alpha=alpha)


def measure(value: float, number: int | None = None, arm: str = "C", name: str = "p95") -> Measure:
    return Measure(arm, name, value, "study", "run", number)


def test_measures_of_an_arm_are_gathered_in_the_order_of_their_passes() -> None:
    rows = [measure(3.0, 2), measure(1.0, 0), measure(2.0, 1), measure(9.0, 0, arm="B")]
    found = measure_evidence(rows, arm="C", name="p95", alpha=0.05)
    assert found.per_pass == (1.0, 2.0, 3.0)
    assert found.clusters == 3
    with pytest.raises(NotEnoughData, match="was not measured"):
        found.measured()


def test_an_exact_measure_is_one_number() -> None:
    rows = [measure(12.5, name="index_mb"), measure(12.5, name="index_mb")]
    found = measure_evidence(rows, arm="C", name="index_mb", alpha=0.05)
    assert found.measured() == 12.5
    with pytest.raises(NotEnoughData, match="no pass"):
        found.passes(limit=1.0)
    with pytest.raises(DataError, match="expected one"):
        measure_evidence(
            [*rows, measure(13.0, name="index_mb")], arm="C", name="index_mb", alpha=0.05
        )
    with pytest.raises(NotEnoughData, match="finite"):
        replace(found, exact=NAN).measured()


def test_one_pass_measured_twice_is_refused() -> None:
    with pytest.raises(DataError, match="a pass was measured twice"):
        measure_evidence([measure(1.0, 0), measure(1.0, 0)], arm="C", name="p95", alpha=0.05)


def test_passes_are_judged_by_the_sign_test() -> None:
    found = MeasureEvidence("p95", alpha=0.05, per_pass=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0))
    estimate = found.passes(limit=10.0)
    assert estimate.p_value == pytest.approx(2**-7)
    assert (estimate.value, estimate.high) == (4.0, 7.0)
    with pytest.raises(NotEnoughData, match="under unlimited looks"):
        replace(found, design=Design.ANYTIME).passes(limit=10.0)
    looked = replace(found, design=Design.PLANNED_LOOKS).passes(limit=10.0)
    assert looked.design is Design.PLANNED_LOOKS


def test_a_measure_has_no_pairs_and_no_slices() -> None:
    found = MeasureEvidence("p95", alpha=0.05, per_pass=(1.0,) * 7)
    for ask in (found.difference, lambda: found.relative_difference(0.1)):
        with pytest.raises(NotEnoughData, match="no score for each item"):
            ask()
    with pytest.raises(NotEnoughData, match="no score for each item"):
        found.mean(limit=1.0)
    with pytest.raises(DataError, match="no slices"):
        found.slices()
    assert found.descriptive() is None
