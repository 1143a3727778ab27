"""Raters' errors from ratings alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats
from liftgate.errors import DataError, NotEnoughData

PEER = json.loads((Path(__file__).parents[2] / "reference" / "stats_dawid_skene.json").read_text())
RNG = np.random.default_rng(2)
ITEMS, SKILL = 400, np.array([0.9, 0.85, 0.8, 0.55, 0.5])
TRUTH = RNG.integers(0, 2, ITEMS)
RIGHT = RNG.random((ITEMS, SKILL.size)) < SKILL
TABLE = np.where(RIGHT, TRUTH[:, None], 1 - TRUTH[:, None])
ITEM, RATER = (index.ravel() for index in np.indices(TABLE.shape))


def test_chances_are_those_of_crowd_kit():
    found = stats.dawid_skene(
        PEER["item"], PEER["rater"], PEER["rating"], most_rounds=PEER["rounds"]
    )
    order = [found.items.index(str(place)) for place in range(len(PEER["chances"]))]
    assert found.rounds == PEER["rounds"]
    assert found.chances[order] == pytest.approx(np.array(PEER["chances"]), abs=1e-8)


def test_it_finds_who_errs_and_beats_the_majority():
    found = stats.dawid_skene(ITEM, RATER, TABLE.ravel())
    skill = (found.errors[:, 0, 0] + found.errors[:, 1, 1]) / 2
    assert skill == pytest.approx(SKILL, abs=0.08)
    said = np.array([int(found.category(place)) for place in range(ITEMS)])
    majority = (TABLE.mean(axis=1) > 0.5).astype(int)
    assert (said == TRUTH).mean() > (majority == TRUTH).mean()
    assert found.chances.sum(axis=1) == pytest.approx(1)
    assert found.shares.sum() == pytest.approx(1)
    assert found.warnings == ()


def test_texts_and_missing_cells_are_taken():
    kept = RNG.random(ITEM.size) < 0.7
    names = np.array(["no", "yes"])
    found = stats.dawid_skene(
        ITEM[kept], [f"r{r}" for r in RATER[kept]], names[TABLE.ravel()[kept]]
    )
    assert found.categories == ("no", "yes")
    assert found.raters == ("r0", "r1", "r2", "r3", "r4")


def test_too_few_rounds_are_said():
    found = stats.dawid_skene(ITEM, RATER, TABLE.ravel(), most_rounds=2)
    assert found.warnings == ("not settled after 2 rounds",)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (([], [], []), NotEnoughData, "got none"),
        (([0, 0], [0, 1], [1, 0]), NotEnoughData, "got 2 raters, expected at least 3"),
        (([0, 0, 0], [0, 1, 2], [1, 1, 1]), NotEnoughData, "expected two categories"),
        (([0, 0, 0, 0], [0, 1, 2, 2], [1, 1, 0, 1]), DataError, "2 ratings of item '0' by rater"),
        (([0, 0], [0, 1, 2], [1, 1, 0]), DataError, "item: got shape"),
        (([0, 0, 0], [0, 1, 2], [1, np.nan, 0]), DataError, "got none at position 1"),
        (([0, 0, 0], [0, 1, 2], [[1], [0], [1]]), DataError, "rating: got shape"),
    ],
)
def test_bad_input_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        stats.dawid_skene(*given)


def test_rounds_are_at_least_one():
    with pytest.raises(DataError, match="most_rounds"):
        stats.dawid_skene(ITEM, RATER, TABLE.ravel(), most_rounds=0)
