"""What must hold for any data: one object, one answer, and monotone in null and alpha."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.stats.kinds import Alternative, ScoreKind
from liftgate.stats.score import PairedScore

quick = settings(max_examples=150, deadline=None, derandomize=True)
ONE_SIDED = st.sampled_from([Alternative.GREATER, Alternative.LESS])
LEVELS = st.floats(0.5, 0.999)
SLACK = 1e-9


@st.composite
def binary(draw, most=60):
    n = draw(st.integers(6, most))
    bits = arrays(np.int8, n, elements=st.integers(0, 1))
    return {"candidate": draw(bits), "baseline": draw(bits), "kind": ScoreKind.BINARY}


@st.composite
def graded(draw):
    n = draw(st.integers(6, 40))
    low, width = draw(st.sampled_from([(0.0, 1.0), (-1.0, 2.0), (1.0, 4.0), (0.0, 100.0)]))
    grid = arrays(np.float64, n, elements=st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1]))
    return {
        "candidate": low + width * draw(grid),
        "baseline": low + width * draw(grid),
        "kind": ScoreKind.GRADED,
        "score_range": (low, low + width),
    }


@st.composite
def clustered(draw):
    data = draw(st.one_of(binary(), graded()))
    n = len(data["candidate"])
    labels = arrays(np.int64, n, elements=st.integers(0, 15))
    return {**data, "cluster": draw(labels)}


@st.composite
def unbounded(draw):
    n = draw(st.integers(6, 40))
    values = arrays(np.float64, n, elements=st.integers(-500, 500).map(lambda x: x / 7))
    return {"candidate": draw(values), "baseline": draw(values), "kind": ScoreKind.UNBOUNDED}


ANY = st.one_of(binary(), graded(), clustered(), unbounded())


def estimate(data, **options):
    """Refusals are right answers too; a property speaks only of data that got a number."""
    try:
        return stats.paired_difference(**data, **options)
    except NotEnoughData:
        assume(False)


def width(data):
    if data["kind"] is ScoreKind.UNBOUNDED:
        return 200.0
    low, high = data.get("score_range", (0, 1))
    return high - low


@quick
@given(ANY, st.floats(-0.99, 0.99), LEVELS)
def test_a_null_is_rejected_exactly_when_it_lies_outside_the_limit(data, share, level):
    null = share * width(data)
    tail = (1 - level) / 2
    for alternative in (Alternative.GREATER, Alternative.LESS):
        found = estimate(data, null=null, level=level, alternative=alternative)
        outside = null - found.low if alternative is Alternative.GREATER else found.high - null
        if abs(outside) > SLACK * width(data):
            assert (found.p_value <= tail) == (outside < 0)


@quick
@given(ANY, st.floats(-0.99, 0.99), LEVELS)
def test_the_two_sided_p_value_agrees_with_the_interval(data, share, level):
    null = share * width(data)
    found = estimate(data, null=null, level=level)
    distance = min(null - found.low, found.high - null)
    if abs(distance) > SLACK * width(data):
        assert (found.p_value <= 1 - level) == (distance < 0)


@quick
@given(ANY, st.floats(0, 0.98), st.floats(0, 0.98))
def test_a_larger_margin_never_loses(data, one, other):
    small, large = sorted((one, other))
    p_small = estimate(data, null=-small * width(data), alternative=Alternative.GREATER).p_value
    p_large = estimate(data, null=-large * width(data), alternative=Alternative.GREATER).p_value
    assert p_large <= p_small + SLACK


@quick
@given(ANY, st.floats(0, 0.98), st.floats(0.001, 0.4))
def test_superior_implies_non_inferior_for_every_margin(data, margin, alpha):
    superior = estimate(data, level=1 - 2 * alpha, alternative=Alternative.GREATER)
    assume(superior.p_value <= alpha - SLACK)
    options = {**data, "margin": margin * width(data), "level": 1 - 2 * alpha}
    assert stats.paired_noninferiority(**options).p_value <= alpha


@quick
@given(ANY, LEVELS, LEVELS)
def test_a_smaller_alpha_never_gains(data, one, other):
    narrow, wide = sorted((one, other))
    inner, outer = estimate(data, level=narrow), estimate(data, level=wide)
    slack = SLACK * width(data)
    assert outer.low <= inner.low + slack
    assert outer.high >= inner.high - slack


@quick
@given(ANY, ONE_SIDED)
def test_swapping_the_arms_mirrors_the_answer(data, alternative):
    swapped = {**data, "candidate": data["baseline"], "baseline": data["candidate"]}
    other = {"greater": Alternative.LESS, "less": Alternative.GREATER}[alternative]
    here = estimate(data, alternative=alternative)
    there = estimate(swapped, alternative=other)
    assert here.p_value == pytest.approx(there.p_value, abs=1e-9)
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low), abs=1e-7)


@quick
@given(ANY)
def test_the_interval_holds_the_estimate_and_stays_in_the_range(data):
    found = estimate(data)
    assert found.low <= found.value + SLACK
    assert found.high >= found.value - SLACK
    if data["kind"] is not ScoreKind.UNBOUNDED:
        assert -width(data) <= found.low
        assert found.high <= width(data)
    # Records hold no NaN and no numpy scalar.
    assert all(type(v) in {int, float, str, list, type(None)} for v in plain(found).values())


@quick
@given(graded(), st.randoms(use_true_random=False))
def test_neither_order_nor_cluster_names_matter(data, random):
    n = len(data["candidate"])
    cluster = [random.randrange(9) for _ in range(n)]
    order = random.sample(range(n), n)
    shuffled = {
        **data,
        "candidate": data["candidate"][order],
        "baseline": data["baseline"][order],
        "cluster": [f"c{9 - cluster[i]}" for i in order],
    }
    here, there = estimate({**data, "cluster": cluster}), estimate(shuffled)
    assert here.p_value == pytest.approx(there.p_value, abs=1e-9)
    assert (here.low, here.high, here.df) == pytest.approx((there.low, there.high, there.df))


@quick
@given(st.one_of(graded(), clustered()), st.floats(-0.5, 0.9), st.floats(0.001, 0.3))
def test_the_lift_and_the_contrast_give_one_answer(data, ratio, alpha):
    assume(float(np.mean(data["baseline"])) > 0.01 * width(data))
    low, high = data.get("score_range", (0, 1))
    assume(low - (1 - ratio) * high < 0 < high - (1 - ratio) * low)
    level = 1 - 2 * alpha
    try:
        lift = stats.relative_lift(**data, level=level)
        contrast = stats.paired_contrast(
            **data, ratio=ratio, level=level, alternative=Alternative.GREATER
        )
    except NotEnoughData:
        assume(False)
    low = -math.inf if lift.low is None else lift.low
    if abs(low + ratio) > 1e-6:
        assert (contrast.p_value <= alpha) == (-ratio < low)


@quick
@given(
    st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=40),
    st.floats(0.05, 0.95),
    st.floats(-6, 6),
    LEVELS,
)
def test_order_statistics_reject_exactly_what_lies_outside_their_limits(values, q, null, level):
    tail = (1 - level) / 2
    for alternative in (Alternative.GREATER, Alternative.LESS):
        found = stats.quantile(values, q, null=null, level=level, alternative=alternative)
        if alternative is Alternative.GREATER:
            outside = found.low is not None and null < found.low
        else:
            outside = found.high is not None and null > found.high
        assert (found.p_value <= tail) == outside


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_stepping_down_rejects(p_values, alpha):
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] * (len(p_values) - rank) > alpha:
            break
        rejected.add(place)
    adjusted = stats.holm(p_values)
    assert {i for i, p in enumerate(adjusted) if p <= alpha} == rejected


def test_the_paired_score_statistic_falls_in_the_null_for_every_small_table():
    grid = np.linspace(-0.999, 0.999, 121)
    for n in range(6, 16):
        for gained in range(n + 1):
            for lost in range(n + 1 - gained):
                family = PairedScore(n, gained, lost)
                z = np.array([family.statistic(float(null)) for null in grid])
                assert (np.diff(z) <= 1e-9).all(), (n, gained, lost)


@st.composite
def looked_at(draw):
    """Data of items or whole clusters, with the options that an e-process declares before them."""
    data = draw(st.one_of(binary(), graded(), clustered()))
    options = {"kind": data["kind"], "score_range": data.get("score_range")}
    if "cluster" in data:
        options["largest_cluster"] = int(np.bincount(data["cluster"]).max())
    return data, options


@quick
@given(looked_at(), ONE_SIDED, st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), LEVELS)
def test_an_e_process_is_one_test_and_monotone_in_the_null(pair, side, one, other, level):
    data, options = pair
    low, high = options["score_range"] or (0.0, 1.0)
    nulls = sorted(null * (high - low) for null in (one, other))

    def fed(**more):
        process = stats.EProcess(level=level, **{**options, **more})
        process.update(data["candidate"], data["baseline"], cluster=data.get("cluster"))
        return process

    p = [fed(null=null, alternative=side).status.p_value for null in nulls]
    towards = p if side is Alternative.GREATER else p[::-1]
    assert towards[0] <= towards[1] + SLACK
    try:
        found = fed().estimate
    except NotEnoughData as error:
        assert "excluded everything" in str(error)  # noqa: PT017
        return
    assert found.low <= found.value <= found.high
    limit = found.low if side is Alternative.GREATER else found.high
    for null, tail in zip(nulls, p, strict=True):
        if abs(null - limit) > 1e-6 * (high - low):
            beyond = null < limit if side is Alternative.GREATER else null > limit
            assert (tail <= (1 - level) / 2) is beyond
