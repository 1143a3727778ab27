"""A judge's yes or no, corrected by how often it errs."""

import numpy as np
import pytest
from scipy.optimize import brentq

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.stats.kinds import Alternative
from liftgate.stats.rogan_gladen import Detected, rogan_gladen

LABEL = np.repeat([1, 0], 100)
FLAGS = np.concatenate([np.repeat([1, 0], [80, 20]), np.repeat([1, 0], [10, 90])])
FLAGGED = np.repeat([1, 0], [310, 690])


def corrected(**changes):
    given = {"calibration_flagged": FLAGS, "calibration_label": LABEL, **changes}
    return stats.corrected_rate(given.pop("flagged", FLAGGED), **given)


def test_the_rate_is_rogans_and_gladens_and_lies_inside_its_interval():
    found = corrected()
    # (0.31 + 0.90 − 1) / (0.80 + 0.90 − 1) = 0.30, before one success and failure more.
    assert found.value == pytest.approx(0.30, abs=0.01)
    assert found.low < found.value < found.high
    assert found.p_value is None
    assert found.n == 1000
    assert "finds 80 of 100 (sensitivity 0.80) and passes 90 of 100" in found.warnings[0]


def test_limits_are_the_rates_that_the_test_keeps():
    family = rogan_gladen(Detected(310, 1000, 80, 100, 90, 100, 0.95))
    found = corrected()
    for end, alternative, inner in (
        (found.low, Alternative.GREATER, 1e-6),
        (found.high, Alternative.LESS, 1 - 1e-6),
    ):
        root = brentq(lambda p, a=alternative: family.tail(p, a) - 0.025, found.value, inner)
        assert end == pytest.approx(root, abs=1e-6)
    assert corrected(null=found.low).p_value == pytest.approx(0.05, abs=1e-6)


def test_errors_known_from_more_labels_narrow_the_interval_down_to_that_of_the_flags():
    widths = []
    for times in (1, 10, 1000):
        found = corrected(
            calibration_flagged=np.tile(FLAGS, times), calibration_label=np.tile(LABEL, times)
        )
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    known = 2 * 1.96 * np.sqrt(0.31 * 0.69 / 1000) / 0.7
    assert widths[-1] == pytest.approx(known, rel=0.02)


def test_limits_stay_between_zero_and_one():
    found = corrected(flagged=np.repeat([1, 0], [110, 890]))
    assert found.low == 0
    assert 0 < found.value < found.high < 1


def test_a_judge_that_guesses_is_refused():
    with pytest.raises(NotEnoughData, match="not clearly above 0"):
        corrected(calibration_flagged=np.tile([1, 0], 100))


def test_a_judge_that_is_always_wrong_is_refused():
    with pytest.raises(NotEnoughData, match="not clearly above 0"):
        corrected(calibration_flagged=1 - LABEL)


def test_fewer_flags_than_false_alarms_say_that_the_errors_differ():
    with pytest.raises(NotEnoughData, match="do not allow at any true rate"):
        corrected(flagged=np.zeros(1000))
    with pytest.raises(NotEnoughData, match="do not allow at any true rate"):
        corrected(flagged=np.ones(1000))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"calibration_label": np.repeat([1, 0], [5, 195])}, NotEnoughData, "5 positive and 195"),
        ({"calibration_label": LABEL[:-1]}, DataError, "199 labels for 200 verdicts"),
        ({"flagged": [0.5, 1]}, DataError, "flagged: got 0.5"),
        ({"flagged": []}, NotEnoughData, "flagged: got no items"),
        ({"flagged": [np.nan, 1]}, DataError, "expected finite numbers"),
        ({"null": 1.0}, DataError, "null: got 1"),
        ({"level": 2}, DataError, "level: got 2"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        corrected(**change)


def test_sensitivity_and_specificity_have_wilson_intervals():
    hits, passed = stats.sensitivity_specificity(FLAGS, LABEL)
    assert (hits.value, passed.value) == (0.8, 0.9)
    assert hits.low < 0.8 < hits.high
    assert hits.n == passed.n == 100
    with pytest.raises(NotEnoughData, match="no negative label"):
        stats.sensitivity_specificity([1, 1], [1, 1])
