"""What answers speak of: components of their words, and what they are worth as features."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError

FOX, WHALE = "The red fox runs", "The blue whale sings"


def test_texts_that_share_words_lie_together() -> None:
    found = stats.word_components([FOX, WHALE] * 5)

    assert found.shape == (10, 1)
    assert np.ptp(found[::2]) == 0
    assert found[0, 0] == pytest.approx(-found[1, 0])


def test_order_of_texts_and_case_do_not_matter() -> None:
    texts = [FOX, WHALE, "A fox and a whale"] * 4
    found = stats.word_components(texts)
    turned = stats.word_components([text.upper() for text in texts[::-1]])
    assert found == pytest.approx(turned[::-1], abs=1e-8)


def test_an_unknown_text_is_nan_and_changes_nothing_for_the_others() -> None:
    texts = [FOX, WHALE] * 5
    found = stats.word_components([*texts, None])
    assert np.isnan(found[-1]).all()
    assert (found[:-1] == stats.word_components(texts)).all()


@pytest.mark.parametrize(
    "texts",
    [[], ["", "", ""], [None, None], ["one", "two", "three"], ["same words"] * 9, ["12 34"] * 5],
    ids=["none", "empty", "unknown", "no word twice", "no difference", "no words"],
)
def test_texts_that_tell_nothing_apart_have_no_components(texts) -> None:
    assert stats.word_components(texts).shape == (len(texts), 0)


def test_no_component_is_refused() -> None:
    with pytest.raises(DataError, match="at least 1"):
        stats.word_components([FOX], 0)


def test_hostile_text_is_only_text() -> None:
    texts = ["<script>alert(1)</script> \x00\x1b[31m \ud800", "ordinary words", "é" * 200_000] * 3
    found = stats.word_components(texts)
    assert found.shape[0] == 9
    assert np.isfinite(found).all()


def test_words_that_tell_narrow_the_interval_and_words_that_do_not_leave_it() -> None:
    rng = np.random.default_rng(5)
    label = (rng.random(500) < 0.5).astype(float)
    drawn = rng.permutation(500)[:80]
    noise = rng.normal(size=500)

    def width(texts):
        found = stats.judged_mean(
            label[drawn],
            drawn,
            judge=noise,
            features=stats.word_components(texts),
            kind="binary",
        )
        return found.high - found.low

    words = ["amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet"]
    dull = [" ".join(rng.choice(words, 4)) for _ in label]
    telling = [text + (" yes" if one else " no") for text, one in zip(dull, label, strict=True)]
    alone = stats.mean(label[drawn], kind="graded", score_range=(0, 1))
    assert width(telling) < 0.75 * (alone.high - alone.low)
    assert width(dull) == pytest.approx(alone.high - alone.low, rel=0.06)


def test_features_of_other_length_or_with_gaps_are_refused() -> None:
    label = np.tile([0.0, 1.0], 30)
    given = {"judge": np.zeros(100), "kind": "binary"}
    with pytest.raises(DataError, match="expected one for each of"):
        stats.judged_mean(label, np.arange(60), features=np.zeros((99, 2)), **given)
    holes = np.zeros((100, 2))
    holes[3, 1] = math.nan
    with pytest.raises(DataError, match="not finite"):
        stats.judged_mean(label, np.arange(60), features=holes, **given)
