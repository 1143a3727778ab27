"""What must hold of the guaranteed modes for any data: one object, one answer, and monotone."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liftgate import stats
from liftgate.canon import plain
from liftgate.stats.exact import GRID
from liftgate.stats.kinds import Alternative, ScoreKind

quick = settings(max_examples=40, deadline=None, derandomize=True)
GREATER, LESS = Alternative.GREATER, Alternative.LESS
ONE_SIDED = st.sampled_from([GREATER, LESS])
LEVELS = st.floats(0.5, 0.999)
SLACK = 1e-9
"""For the betting bound; the exact test's answers are compared without any."""


@st.composite
def binary(draw):
    n = draw(st.integers(1, 40))
    bits = arrays(np.int8, n, elements=st.integers(0, 1))
    return {"candidate": draw(bits), "baseline": draw(bits), "kind": ScoreKind.BINARY}


@st.composite
def graded(draw):
    n = draw(st.integers(1, 40))
    low, width = draw(st.sampled_from([(0.0, 1.0), (-1.0, 2.0), (1.0, 4.0), (0.0, 100.0)]))
    grid = arrays(np.float64, n, elements=st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1]))
    return {
        "candidate": low + width * draw(grid),
        "baseline": low + width * draw(grid),
        "kind": ScoreKind.GRADED,
        "score_range": (low, low + width),
    }


ANY = st.one_of(binary(), graded())


def estimate(data, **options):
    return stats.paired_difference(**data, guarantee=True, **options)


def width(data):
    low, high = data.get("score_range", (0, 1))
    return high - low


def slack(data):
    return 0.0 if data["kind"] is ScoreKind.BINARY else SLACK * width(data)


@quick
@given(ANY, st.floats(-0.99, 0.99), LEVELS)
def test_a_null_is_rejected_exactly_when_it_lies_outside_the_limit(data, share, level):
    null = share * width(data)
    for alternative in (GREATER, LESS):
        found = estimate(data, null=null, level=level, alternative=alternative)
        outside = null - found.low if alternative is GREATER else found.high - null
        if abs(outside) >= slack(data):
            assert (found.p_value <= (1 - level) / 2) == (outside < 0)


@quick
@given(binary(), st.integers(1 - GRID, GRID - 1), LEVELS)
def test_at_a_grid_value_limits_and_p_value_agree_without_slack(data, step, level):
    for alternative in (GREATER, LESS):
        found = estimate(data, null=step / GRID, level=level, alternative=alternative)
        outside = found.low > found.null if alternative is GREATER else found.high < found.null
        assert (found.p_value <= (1 - level) / 2) == outside


@quick
@given(ANY, st.floats(0, 0.98), st.floats(0, 0.98))
def test_a_larger_margin_never_loses(data, one, other):
    small, large = sorted((one, other))
    p_small = estimate(data, null=-small * width(data), alternative=GREATER).p_value
    p_large = estimate(data, null=-large * width(data), alternative=GREATER).p_value
    assert p_large <= p_small + (0 if data["kind"] is ScoreKind.BINARY else SLACK)


@quick
@given(ANY, st.floats(0, 0.98), st.floats(0.001, 0.4))
def test_superior_implies_non_inferior_for_every_margin(data, margin, alpha):
    superior = estimate(data, level=1 - 2 * alpha, alternative=GREATER)
    assume(superior.p_value <= alpha - SLACK)
    found = stats.paired_noninferiority(**data, margin=margin * width(data), guarantee=True)
    assert found.p_value <= alpha


@quick
@given(ANY, LEVELS, LEVELS)
def test_a_smaller_alpha_never_gains(data, one, other):
    narrow, wide = sorted((one, other))
    inner, outer = estimate(data, level=narrow), estimate(data, level=wide)
    assert outer.low <= inner.low + slack(data)
    assert outer.high >= inner.high - slack(data)


@quick
@given(ANY, ONE_SIDED, st.floats(-0.9, 0.9))
def test_swapping_the_arms_mirrors_the_answer(data, alternative, share):
    swapped = {**data, "candidate": data["baseline"], "baseline": data["candidate"]}
    other = {GREATER: LESS, LESS: GREATER}[alternative]
    null = share * width(data)
    here = estimate(data, alternative=alternative, null=null)
    there = estimate(swapped, alternative=other, null=-null)
    assert here.p_value == pytest.approx(there.p_value, abs=1e-9)
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low), abs=slack(data))


@quick
@given(ANY)
def test_the_interval_holds_the_estimate_and_stays_in_the_range(data):
    found = estimate(data)
    assert -width(data) <= found.low <= found.value <= found.high <= width(data)
    assert 0 < found.p_value <= 1
    # Records hold no NaN and no numpy scalar.
    assert all(type(v) in {int, float, str, list, type(None)} for v in plain(found).values())


@quick
@given(binary(), st.randoms(use_true_random=False))
def test_the_order_of_binary_pairs_does_not_matter(data, random):
    order = random.sample(range(len(data["candidate"])), len(data["candidate"]))
    shuffled = {k: data[k][order] for k in ("candidate", "baseline")}
    assert estimate({**data, **shuffled}) == estimate(data)


@quick
@given(st.integers(1, 300), st.data(), st.floats(0.001, 0.999), LEVELS)
def test_a_proportion_is_rejected_exactly_when_it_lies_outside_the_limit(n, data, null, level):
    ones = data.draw(st.integers(0, n))
    values = np.arange(n) < ones
    for alternative in (GREATER, LESS):
        found = stats.proportion(
            values, null=null, level=level, alternative=alternative, guarantee=True
        )
        assert 0 <= found.low <= found.value <= found.high <= 1
        outside = null - found.low if alternative is GREATER else found.high - null
        if abs(outside) > SLACK:
            assert (found.p_value <= (1 - level) / 2) == (outside < 0)
