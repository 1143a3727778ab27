"""Components of words, against scikit-learn's principal components."""

import json
from pathlib import Path

import numpy as np
import pytest

from liftgate import stats

CASE = json.loads((Path(__file__).parent / "stats_words.json").read_text())


def test_components_are_scikit_learns() -> None:
    found = stats.word_components(CASE["texts"], 5)
    assert found == pytest.approx(np.array(CASE["components"]), abs=1e-8)
