"""What answers speak of: components of their words, and what they are worth as features."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError
from liftgate.stats import words

FOX, WHALE = "The red fox runs", "The blue whale sings"


def test_texts_that_share_words_lie_together() -> None:
    found = stats.word_components([FOX, WHALE] * 5)

    assert found.shape == (10, 1)
    assert np.ptp(found[::2]) == 0
    assert found[0, 0] == pytest.approx(-found[1, 0])


@pytest.mark.parametrize("texts", [7, 50, 333])
def test_of_words_that_weigh_the_same_the_first_gives_the_sign(texts) -> None:
    found = stats.word_components([FOX, WHALE] * texts)
    assert found[1, 0] > 0  # "blue" is the first of all words


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


def test_memory_grows_with_the_words_in_the_texts_and_not_with_all_that_count() -> None:
    rng = np.random.default_rng(3)
    letters = "abcdefghi"
    known = np.array([a + b + c for a in letters for b in letters for c in letters])
    texts = [" ".join(row) for row in rng.choice(known, (6_000, 12)).tolist()]
    stats.word_components(texts[:100])  # what is imported is not counted
    tracemalloc.start()
    try:
        stats.word_components(texts)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6_000 * 600 * 8 / 2


def test_blocks_of_texts_are_one_table(monkeypatch) -> None:
    rng = np.random.default_rng(4)
    texts = [" ".join(rng.choice(list("abcdefgh"), 3)) for _ in range(50)]
    whole = stats.word_components(texts)
    monkeypatch.setattr(words, "_BLOCK", 7)
    assert stats.word_components(texts) == pytest.approx(whole, abs=1e-8)


def test_apostrophes_without_end_are_read_in_one_go() -> None:
    texts = ["'" * 100_000, "a'" * 50_000, "a'b " * 25_000] * 3
    assert stats.word_components(texts).shape[0] == 9


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

    vocabulary = ["amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet"]
    dull = [" ".join(rng.choice(vocabulary, 4)) for _ in label]
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
