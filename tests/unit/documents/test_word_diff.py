"""What changed between two texts."""

from __future__ import annotations

import difflib
import random

from liftgate.documents.word_diff import MOST_WORDS, word_diff


def kept(pieces):
    return "".join(piece.text for piece in pieces if not piece.changed)


def test_the_pieces_of_a_side_are_its_text_and_what_is_kept_is_common():
    random.seed(3)
    for _ in range(60):
        before, after = (
            "".join(random.choice(["a", "b", "c", " ", ".", "\n"]) for _ in range(30))
            for _ in range(2)
        )
        found = word_diff(before, after)
        assert "".join(p.text for p in found.baseline) == before
        assert "".join(p.text for p in found.candidate) == after
        assert kept(found.baseline) == kept(found.candidate)


def test_nothing_longer_is_common_than_what_is_kept():
    random.seed(4)
    for _ in range(60):
        before, after = (random.choices("abcd", k=20) for _ in range(2))
        words = [".".join(side) for side in (before, after)]
        mine = len(kept(word_diff(*words).baseline))
        other = difflib.SequenceMatcher(None, *(list(w) for w in words), autojunk=False)
        assert mine >= sum(block.size for block in other.get_matching_blocks())


def test_one_changed_word_is_marked_on_both_sides():
    found = word_diff("It is red, not green", "It is blue, not green")
    assert [p.text for p in found.baseline if p.changed] == ["red"]
    assert [p.text for p in found.candidate if p.changed] == ["blue"]


def test_equal_and_empty_texts_have_nothing_marked():
    assert not any(p.changed for p in word_diff("a b", "a b").baseline)
    assert word_diff("", "").baseline == ()
    assert [p.changed for p in word_diff("", "a").candidate] == [True]


def test_what_is_too_long_is_marked_as_a_whole_and_said():
    long = "x y " * MOST_WORDS
    found = word_diff("same " + long + "1", "same " + long.replace("x", "z") + "2")
    assert not found.aligned
    assert found.baseline[0].text == "same "
