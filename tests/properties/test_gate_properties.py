"""What must hold for any data: monotone verdicts, and missing data that can only cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.protocols import Evidence
from liftgate.records import (
    Alternative,
    Claim,
    DecisionWord,
    Pairing,
    Pairs,
    Part,
    Population,
    Reading,
    Scale,
    ScoreKind,
    Verdict,
)
from liftgate.rules.equivalent import equivalent
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.superior import superior

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)
NEW = Population.NEW_ITEMS


@st.composite
def pairs(draw: st.DrawFn) -> Pairs:
    """Small paired data sets of every kind, near enough to a difference that verdicts vary."""
    kind = draw(st.sampled_from([ScoreKind.BINARY, ScoreKind.GRADED]))
    higher = draw(st.booleans())
    n = draw(st.integers(8, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shift = draw(st.sampled_from([-0.3, -0.1, 0.0, 0.05, 0.1, 0.3])) * (1 if higher else -1)
    if kind is ScoreKind.BINARY:
        before = (rng.uniform(size=n) < 0.5).astype(float)
        flips = rng.uniform(size=n) < abs(shift) + 0.05
        after = np.where(flips, float(shift > 0), before)
    else:
        before = rng.uniform(size=n)
        after = np.clip(before + rng.normal(shift, 0.15, n), 0, 1)
    cluster = np.arange(n) // 2 if draw(st.booleans()) and n >= 24 else None
    return Pairs(
        metric="quality",
        items=tuple(f"i{k}" for k in range(n)),
        candidate=after,
        baseline=before,
        cluster=cluster,
        scale=Scale(kind, 0.0, 1.0, higher),
        slices={},
        pairing=Pairing(n),
    )


def judged(rule: str, made: Any, data: Pairs, alpha: float = 0.05) -> Verdict:
    claim = Claim("c", Part.PRIMARY, "quality", rule, {}, NEW)
    verdict: Verdict = made.judge(claim, "new", PairsEvidence(data, alpha=alpha))
    return verdict


MARGINS = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3, 0.8])
ALPHAS = st.sampled_from([0.001, 0.01, 0.025, 0.05, 0.1, 0.2])


@SETTINGS
@given(pairs(), MARGINS)
def test_superior_implies_non_inferior_for_every_margin(data: Pairs, margin: float) -> None:
    if judged("superior", superior(), data).rejected:
        assert judged("non_inferior", non_inferior(margin=margin), data).rejected


@SETTINGS
@given(pairs(), MARGINS, MARGINS)
def test_a_larger_margin_never_loses_a_pass(data: Pairs, one: float, two: float) -> None:
    small, large = sorted((one, two))
    for name, make in (("non_inferior", non_inferior), ("equivalent", equivalent)):
        if judged(name, make(margin=small), data).rejected:
            assert judged(name, make(margin=large), data).rejected


@SETTINGS
@given(pairs(), MARGINS, ALPHAS, ALPHAS)
def test_a_smaller_alpha_never_gains_a_pass(
    data: Pairs, margin: float, one: float, two: float
) -> None:
    small, large = sorted((one, two))
    for name, made in (
        ("superior", superior()),
        ("non_inferior", non_inferior(margin=margin)),
        ("equivalent", equivalent(margin=margin)),
    ):
        if judged(name, made, data, small).rejected:
            assert judged(name, made, data, large).rejected


@SETTINGS
@given(pairs(), MARGINS)
def test_the_p_value_the_limit_and_the_reading_agree(data: Pairs, margin: float) -> None:
    verdict = judged("non_inferior", non_inferior(margin=margin), data)
    if verdict.estimate is None:
        assert verdict.reading is Reading.INADMISSIBLE
        return
    assert verdict.p_value is not None
    assert verdict.estimate.low is not None
    assert verdict.rejected == (verdict.p_value <= 0.05 and verdict.estimate.low > -margin)
    assert verdict.rejected == (
        verdict.reading in {Reading.SUPERIOR, Reading.NON_INFERIOR, Reading.EQUIVALENT}
        and verdict.estimate.low > -margin
    )


def with_gap(data: Pairs, draw: st.DataObject) -> Pairs:
    at = draw.draw(st.integers(0, len(data.items) - 1))
    side = draw.draw(st.sampled_from(["candidate", "baseline"]))
    gap: NDArray[np.float64] = getattr(data, side).copy()
    gap[at] = np.nan
    return replace(data, **{side: gap})


@SETTINGS
@given(pairs(), MARGINS, st.data())
def test_a_missing_value_never_turns_not_rejected_into_rejected(
    data: Pairs, margin: float, draw: st.DataObject
) -> None:
    """Right-or-wrong scores, one item a cluster: the score test falls with every lost item.

    A t statistic does not: a worse value in an outlying cluster can make the clusters more alike.
    There the filled data are those of a worse candidate, which the test rejects at alpha at most
    (tests/coverage/test_false_ship.py).
    """
    single = replace(
        data,
        cluster=None,
        candidate=np.round(data.candidate),
        baseline=np.round(data.baseline),
        scale=replace(data.scale, kind=ScoreKind.BINARY),
    )
    gapped = with_gap(single, draw)
    for name, made in (("superior", superior()), ("non_inferior", non_inferior(margin=margin))):
        before, after = judged(name, made, single), judged(name, made, gapped)
        assert before.p_value is not None
        assert after.p_value is not None
        assert after.p_value >= before.p_value - 1e-12
        assert not (after.rejected and not before.rejected)
        assert before.harm_p is not None
        assert after.harm_p is not None
        assert after.harm_p >= before.harm_p - 1e-12


@SETTINGS
@given(pairs(), st.data())
def test_a_missing_value_never_looks_better_for_the_question_asked(
    data: Pairs, draw: st.DataObject
) -> None:
    before, after = (PairsEvidence(d, alpha=0.05) for d in (data, with_gap(data, draw)))
    assert after.difference().value <= before.difference().value + 1e-12
    less = Alternative.LESS
    harm = after.difference(alternative=less).value
    assert harm >= before.difference(alternative=less).value - 1e-12


@SETTINGS
@given(pairs())
def test_swapping_the_arms_turns_every_answer_round(data: Pairs) -> None:
    swapped = replace(data, candidate=data.baseline, baseline=data.candidate)
    one = PairsEvidence(data, alpha=0.05)
    two = PairsEvidence(swapped, alpha=0.05)
    greater, less = one.difference(), two.difference(alternative=Alternative.LESS)
    assert greater.p_value is not None
    assert less.p_value is not None
    assert greater.low is not None
    assert less.high is not None
    np.testing.assert_allclose(greater.p_value, less.p_value, atol=1e-12)
    np.testing.assert_allclose(greater.low, -less.high, atol=1e-12)
    np.testing.assert_allclose(greater.value, -less.value, atol=1e-12)


@SETTINGS
@given(pairs())
def test_ship_and_hold_exclude_each_other_and_swapped_arms_never_both_ship(data: Pairs) -> None:
    claim = Claim("primary", Part.PRIMARY, "quality", "superior", {}, NEW)
    swapped = replace(data, candidate=data.baseline, baseline=data.candidate)
    found: dict[str, dict[str, Evidence]] = {
        "a": {"primary": PairsEvidence(data, alpha=0.05)},
        "b": {"primary": PairsEvidence(swapped, alpha=0.05)},
    }
    one, two = decide((claim,), found, {"primary": superior()}, alpha=0.05, alpha_hold=0.05)
    assert {one.word, two.word} != {DecisionWord.SHIP}
    for decision in (one, two):
        assert not (decision.word is DecisionWord.SHIP and decision.harms)


@SETTINGS
@given(st.lists(pairs(), min_size=1, max_size=4))
def test_another_candidate_never_helps_the_first(found: list[Pairs]) -> None:
    claim = Claim("primary", Part.PRIMARY, "quality", "superior", {}, NEW)
    evidence: dict[str, dict[str, Evidence]] = {
        f"c{k}": {"primary": PairsEvidence(data, alpha=0.05)} for k, data in enumerate(found)
    }
    rules = {"primary": superior()}
    together = decide((claim,), evidence, rules, alpha=0.05, alpha_hold=0.05)
    for decision in together:
        own = {decision.candidate: evidence[decision.candidate]}
        (alone,) = decide((claim,), own, rules, alpha=0.05, alpha_hold=0.05)
        if decision.word is DecisionWord.SHIP:
            assert alone.word is DecisionWord.SHIP
        assert (decision.word is DecisionWord.HOLD) == (alone.word is DecisionWord.HOLD)
