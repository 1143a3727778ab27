"""Macro-F1, AUROC and calibration error: values and leave-one-out against brute force."""

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import left_out

N = 240


def brute_f1(truth, predicted, classes):
    found = []
    for k in classes:
        hits = np.sum((truth == k) & (predicted == k))
        found.append(2 * hits / (np.sum(truth == k) + np.sum(predicted == k)))
    return float(np.mean(found))


def brute_auroc(positive, score):
    ours, theirs = score[positive][:, None], score[~positive]
    return float(np.mean((ours > theirs) + (ours == theirs) / 2))


def brute_ece(gap, bins):
    return sum(abs(gap[bins == b].sum()) for b in range(bins.max() + 1)) / gap.size


def without_each(metric, units, *columns):
    return [metric(*(c[units != u] for c in columns)) for u in range(units.max() + 1)]


def units(kind, seed=2):
    if kind == "items":
        return np.arange(N)
    return np.unique(np.random.default_rng(seed).integers(0, 45, N), return_inverse=True)[1]


def labels(seed=1):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, N)
    return truth, np.where(rng.random(N) < 0.6, truth, rng.integers(-1, 4, N))


def ranked(seed=3):
    rng = np.random.default_rng(seed)
    positive = rng.random(N) < 0.3
    return positive, np.round(rng.normal(positive, 1), 1)


def confident(seed=4):
    rng = np.random.default_rng(seed)
    sure = rng.beta(5, 1, N)
    return (rng.random(N) < sure**4).astype(float), sure


BY = pytest.mark.parametrize("by", ["items", "clusters"])


@BY
def test_macro_f1_without_each_unit_is_that_of_the_rest(by):
    truth, predicted = labels()
    found = left_out.macro_f1(truth, predicted, units(by))
    assert found.value == pytest.approx(brute_f1(truth, predicted, range(4)))
    expected = without_each(lambda t, p: brute_f1(t, p, range(4)), units(by), truth, predicted)
    assert found.without == pytest.approx(expected, rel=1e-12)


@BY
def test_auroc_without_each_unit_is_that_of_the_rest(by):
    positive, score = ranked()
    found = left_out.auroc(positive, score, units(by))
    assert found.value == pytest.approx(brute_auroc(positive, score))
    expected = without_each(brute_auroc, units(by), positive, score)
    assert found.without == pytest.approx(expected, rel=1e-12)


@BY
def test_calibration_error_without_each_unit_is_that_of_the_rest(by):
    correct, sure = confident()
    gap, bins = sure - correct, np.minimum((sure * 10).astype(int), 9)
    found = left_out.calibration_error(gap, bins, units(by))
    assert found.value == pytest.approx(brute_ece(gap, bins))
    expected = without_each(brute_ece, units(by), gap, bins)
    assert found.without == pytest.approx(expected, rel=1e-10)


def test_the_standard_error_is_the_jackknifes():
    positive, score = ranked()
    other = ranked(9)[1]
    cluster = units("clusters")
    found = stats.auroc_difference(positive, score, other, cluster=cluster)
    values = np.array(without_each(brute_auroc, cluster, positive, score))
    values -= without_each(brute_auroc, cluster, positive, other)
    size = values.size
    assert found.se == pytest.approx(
        np.sqrt((size - 1) / size * np.sum((values - values.mean()) ** 2))
    )
    assert (found.n, found.clusters, found.method) == (N, size, "paired jackknife by cluster")


def test_classes_may_be_text_and_a_class_that_is_never_true_is_only_a_miss():
    truth, predicted = labels()
    words = np.array(["a", "b", "c", "d", "e"])
    found = stats.macro_f1(words[truth], words[predicted])
    plain = stats.macro_f1(truth, predicted)
    assert (found.value, found.low) == pytest.approx((plain.value, plain.low))
    assert stats.macro_f1(list(words[truth]), [*words[predicted]]).value == found.value


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_verdict_and_limits_invert_one_test(level):
    truth, predicted = labels()
    tail = (1 - level) / 2
    for call in (
        lambda **o: stats.macro_f1(truth, predicted, **o),
        lambda **o: stats.macro_f1_difference(truth, predicted, labels(8)[1], **o),
        lambda **o: stats.auroc(*ranked(), **o),
        lambda **o: stats.ece(*confident(), bins=[0.5, 0.7], **o),
    ):
        found = call(level=level)
        assert call(null=found.low, alternative="greater").p_value == pytest.approx(tail)
        assert call(null=found.high, alternative="less").p_value == pytest.approx(tail)


def test_swapping_the_arms_mirrors_a_difference():
    truth, one = labels()
    other = labels(8)[1]
    found = stats.macro_f1_difference(truth, one, other)
    mirrored = stats.macro_f1_difference(truth, other, one)
    assert (found.value, found.low) == pytest.approx((-mirrored.value, -mirrored.high))
    assert found.value == pytest.approx(
        stats.macro_f1(truth, one).value - stats.macro_f1(truth, other).value
    )


def test_auroc_does_not_care_for_the_units_of_the_score():
    positive, score = ranked()
    one, other = stats.auroc(positive, score), stats.auroc(positive, np.exp(3 * score))
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_degrees_of_freedom_follow_the_rare_class():
    rng = np.random.default_rng(1)
    positive = np.arange(2000) < 15
    found = stats.auroc(positive, rng.normal(positive, 1))
    assert found.df < 20


def test_equal_bins_and_their_inner_edges_are_the_same_bins():
    edges = [0.2, 0.4, 0.6, 0.8]
    assert stats.ece(*confident(), bins=5) == stats.ece(*confident(), bins=edges)
    correct = np.array([0.0, 1.0] * 30)
    found = stats.ece(correct, np.full(60, 0.9), bins=1)
    assert found.value == pytest.approx(0.4)


def test_a_difference_of_calibration_errors_is_that_of_the_arms():
    one, other = confident(), confident(6)
    found = stats.ece_difference(*one, *other, bins=3)
    assert found.value == pytest.approx(
        stats.ece(*one, bins=3).value - stats.ece(*other, bins=3).value
    )
    assert found.low < 0 < found.high


def test_a_calibrated_arm_has_no_interval_of_its_calibration_error():
    rng = np.random.default_rng(1)
    sure = rng.random(500)
    with pytest.raises(NotEnoughData, match="bins that are not clearly off may raise the error"):
        stats.ece((rng.random(500) < sure).astype(int), sure)


def few(count):
    truth = np.zeros(100, dtype=int)
    truth[:count] = 1
    return truth, np.random.default_rng(1).normal(truth, 1)


def test_nine_of_a_class_are_refused_and_ten_are_not():
    with pytest.raises(NotEnoughData, match="a class that only 9 independent units have, expected"):
        stats.auroc(*few(9))
    assert stats.auroc(*few(10)).value > 0.5
    with pytest.raises(NotEnoughData, match="a class that only 9 independent units"):
        stats.macro_f1(few(9)[0], few(20)[0])
    # Ten positives in five clusters are five independent units.
    with pytest.raises(NotEnoughData, match="a class that only 5 independent units"):
        stats.auroc(*few(10), cluster=np.arange(100) // 2)


def test_nothing_wrong_and_no_difference_are_refused():
    truth = labels()[0]
    with pytest.raises(NotEnoughData, match="the metric is 1, the same or at its end"):
        stats.macro_f1(truth, truth)
    with pytest.raises(NotEnoughData, match="the metric is 1, "):
        stats.auroc(truth > 1, truth)
    with pytest.raises(NotEnoughData, match="the metric is 0, "):
        stats.macro_f1_difference(truth, truth, truth)


def test_few_clusters_are_refused():
    positive = np.array([0, 1] * 60)
    score = np.random.default_rng(1).normal(size=120)
    with pytest.raises(NotEnoughData, match="only 4 independent units"):
        stats.auroc(positive, score, cluster=np.arange(120) // 30)
    with pytest.raises(NotEnoughData, match="4 units, the largest with 25 %"):
        stats.ece(positive, np.full(120, 0.9), cluster=np.arange(120) // 30)


T, P = labels()
BAD = {
    "no items": (lambda: stats.macro_f1([], []), NotEnoughData, "truth: got no items"),
    "one class": (
        lambda: stats.macro_f1(["a"] * 30, ["a"] * 30),
        NotEnoughData,
        "truth: got the one class 'a'",
    ),
    "lengths": (
        lambda: stats.macro_f1(T, P[1:]),
        DataError,
        r"predicted: got shape \(239,\), expected one label for each of 240",
    ),
    "missing label": (
        lambda: stats.macro_f1([None, *T[1:]], P),
        DataError,
        "truth: got a missing label",
    ),
    "text against numbers": (
        lambda: stats.macro_f1(T, P.astype(str)),
        DataError,
        "predicted: got labels of type <U.* where truth has int64",
    ),
    "truth not binary": (
        lambda: stats.auroc([0, 1, 2], [0, 1, 2]),
        DataError,
        "truth: got 2 at position 2, expected scores between 0 and 1",
    ),
    "score NaN": (
        lambda: stats.auroc([0, 1], [0, float("nan")]),
        DataError,
        "score: got nan at position 1",
    ),
    "scores too few": (
        lambda: stats.auroc_difference([0, 1], [0, 1], [0]),
        DataError,
        "baseline: got 1 values, expected one for each of 2 items",
    ),
    "correct not binary": (
        lambda: stats.ece([0.5], [0.5]),
        DataError,
        "correct: got 0.5 at position 0, expected 0 or 1",
    ),
    "confidence above 1": (
        lambda: stats.ece([1], [95]),
        DataError,
        "confidence: got 95 at position 0, expected scores between 0 and 1",
    ),
    "no bins": (lambda: stats.ece([1], [1], bins=0), DataError, "bins: got 0, expected at least 1"),
    "bins out of order": (
        lambda: stats.ece([1], [1], bins=[0.5, 0.4]),
        DataError,
        "bins: got .* expected edges inside 0 … 1 in rising order",
    ),
    "bins of text": (lambda: stats.ece([1], [1], bins="ab"), DataError, "bins: got values that"),
    "ragged truth": (
        lambda: stats.macro_f1([[1], [1, 2]], [1, 2]),
        DataError,
        "truth: got values that make no array",
    ),
    "sides": (
        lambda: stats.ece_difference([1], [1], [1, 0], [1, 1]),
        DataError,
        "candidate_correct: got 1 items and baseline_correct 2",
    ),
    "null": (
        lambda: stats.auroc(*ranked(), null=1.0),
        DataError,
        "null: got 1, expected a value strictly between 0 and 1",
    ),
    "level": (lambda: stats.auroc(*ranked(), level=0), DataError, "level: got 0"),
    "alternative": (
        lambda: stats.auroc(*ranked(), alternative="up"),
        DataError,
        "alternative: got 'up'",
    ),
}


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD)
def test_a_wrong_argument_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
