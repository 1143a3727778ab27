"""Weights, strata, ratios and set metrics: one object, one answer, monotone in null and level."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liftgate import stats
from liftgate.errors import NotEnoughData

quick = settings(max_examples=100, deadline=None, derandomize=True)
GRID = st.sampled_from([0.0, 0.25, 0.5, 1.0])
SLACK = 1e-7


@st.composite
def means(draw):
    n = draw(st.integers(12, 40))
    values = arrays(np.float64, n, elements=GRID)
    design = {}
    if draw(st.booleans()):
        design["weight"] = draw(arrays(np.float64, n, elements=st.floats(0.5, 2)))
    if draw(st.booleans()):
        design["stratum"] = np.arange(n) % draw(st.integers(1, 3))
    elif draw(st.booleans()):
        design["cluster"] = np.arange(n) // 2
    ours, theirs = draw(values), draw(values)
    return lambda **o: stats.paired_difference(ours, theirs, score_range=(0, 1), **design, **o)


@st.composite
def ratios(draw):
    n = draw(st.integers(12, 40))
    below = draw(arrays(np.int64, n, elements=st.integers(1, 9)))
    above = (below * draw(arrays(np.float64, n, elements=st.floats(0, 1)))).round()
    if draw(st.booleans()):
        return lambda **o: stats.ratio(above, below, ratio_range=(0, 1), **o)
    other = (below * draw(arrays(np.float64, n, elements=st.floats(0, 1)))).round()
    return lambda **o: stats.ratio_difference(above, below, other, below, ratio_range=(0, 1), **o)


@st.composite
def areas(draw):
    scores = arrays(np.int64, 40, elements=st.integers(0, 6))
    ours, theirs = draw(scores), draw(scores)
    truth = np.arange(40) % 2
    if draw(st.booleans()):
        return lambda **o: stats.auroc(truth, ours, **o)
    return lambda **o: stats.auroc_difference(truth, ours, theirs, **o)


ANY = st.one_of(means(), ratios(), areas())


def ask(call, **options):
    try:
        return call(**options)
    except NotEnoughData:
        return assume(False)


@quick
@given(ANY, st.floats(0.01, 0.99), st.sampled_from(["greater", "less"]), st.floats(0.6, 0.99))
def test_a_null_is_rejected_exactly_where_it_lies_outside_the_limit(call, null, side, level):
    found = ask(call, null=null, alternative=side, level=level)
    rejected = found.p_value <= (1 - level) / 2
    if side == "greater":
        outside = found.low is not None and null <= found.low
        near = found.low is not None and abs(null - found.low) < SLACK
    else:
        outside = found.high is not None and null >= found.high
        near = found.high is not None and abs(null - found.high) < SLACK
    assert near or rejected == outside


@quick
@given(ANY, st.floats(0.01, 0.98), st.floats(0.001, 0.9))
def test_a_null_that_asks_less_is_never_harder_to_reject(call, null, step):
    lower = max(null - step, 0.005)
    asked = ask(call, null=null, alternative="greater").p_value
    assert ask(call, null=lower, alternative="greater").p_value <= asked + SLACK


@quick
@given(ANY)
def test_more_confidence_never_narrows_an_interval(call):
    narrow, wide = ask(call, level=0.8), ask(call, level=0.95)
    assert wide.low is None or (narrow.low is not None and wide.low <= narrow.low + SLACK)
    assert wide.high is None or (narrow.high is not None and wide.high >= narrow.high - SLACK)
    assert wide.low is None or wide.low <= wide.value + SLACK
    for number in (narrow.value, narrow.low, narrow.df, narrow.se):
        assert number is None or type(number) is float


@quick
@given(means())
def test_limits_stay_inside_what_the_scores_allow(call):
    found = ask(call, level=0.99)
    assert -1 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_a_ratio_scales_with_its_unit(scale):
    rng = np.random.default_rng(1)
    above, below = rng.lognormal(0, 1, 40), rng.random(40) + 0.1
    one, other = stats.ratio(above, below), stats.ratio(scale * above, below)
    assert [other.low, other.high] == pytest.approx([scale * one.low, scale * one.high], rel=1e-9)
