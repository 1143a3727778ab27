from __future__ import annotations

import pytest

from liftgate.records import Answer, Item


@pytest.fixture
def score():
    """Score one output against one target."""

    def one(scorer, output, target=None):
        return scorer.score(Answer(output), Item("i", {"text": "q"}, target=target))

    return one
