"""The smallest part of what changed, and swaps of some parts only."""

from __future__ import annotations

import itertools
import subprocess

import pytest

from liftgate.flow.causes import MOST_NARROWING, MixedTree, of_items, of_parameters, smallest
from liftgate.records import Item

NAMES = [f"p{n:02d}" for n in range(32)]


@pytest.mark.parametrize("cause", NAMES)
def test_one_cause_among_32_is_found_within_the_allowed_passes(cause) -> None:
    asked = []

    def holds(parts):
        asked.append(parts)
        return cause in parts

    assert smallest(NAMES, holds) == ((cause,), True)
    assert len(asked) <= MOST_NARROWING


@pytest.mark.parametrize("causes", list(itertools.combinations(NAMES[:5], 2)))
def test_two_that_act_together_are_both_named_and_no_other(causes) -> None:
    found, whole = smallest(NAMES[:5], lambda parts: set(causes) <= set(parts))
    assert (set(found), whole) == (set(causes), True)


def test_a_single_part_needs_no_question() -> None:
    assert smallest(["a"], lambda _: pytest.fail("asked")) == (("a",), True)


def test_where_nothing_more_may_be_asked_what_is_left_is_named() -> None:
    left = iter([True, None])
    assert smallest(NAMES[:4], lambda _: next(left)) == (("p00", "p01"), False)


LOCKED = {
    "hypothesis": "h", "seed": 1, "repeats": 1,
    "arms": {"new": {"system": "a", "params": {"t": 0, "stop": ["x", "y", "z"]}},
             "gone": {"system": "b", "params": {}}},
}  # fmt: skip
NOW = {
    "hypothesis": "in other words", "seed": 1, "repeats": 2,
    "arms": {"new": {"system": "a", "params": {"t": 0.9, "stop": ["x"], "top_p": 1}},
             "more": {"system": "c", "params": {}}},
}  # fmt: skip


def test_any_parts_of_a_study_can_be_as_then_and_the_others_as_now() -> None:
    swap = of_parameters(LOCKED, NOW)
    assert set(swap.parts) == {
        "arms.gone", "arms.more", "arms.new.params.t", "arms.new.params.top_p",
        "arms.new.params.stop.1", "arms.new.params.stop.2", "repeats",
    }  # fmt: skip
    assert swap.back(swap.parts)["model"] == LOCKED
    assert swap.back([])["model"] == {**NOW, "hypothesis": "h"}, "words are no cause"
    one = swap.back(["arms.new.params.t"])["model"]
    assert one["arms"]["new"]["params"] == {"t": 0, "stop": ["x"], "top_p": 1}
    assert LOCKED["arms"]["new"]["params"]["t"] == 0
    assert swap.say(["repeats"]) == ("repeats: 1 then, 2 now",)
    longer = of_parameters(NOW, LOCKED)
    assert longer.back([])["model"]["arms"]["new"]["params"]["stop"] == ["x", "y", "z"]


def test_words_alone_are_no_difference() -> None:
    assert of_parameters(LOCKED, {**LOCKED, "hypothesis": "x"}) is None


def test_items_are_named_with_what_is_new_in_them_and_counted_when_there_are_many() -> None:
    then = [Item(f"q{n}", {"text": str(n)}, "yes") for n in range(9)]
    now = [Item("q0", {"text": "0"}, "no"), Item("q1", {"text": "one"}, "yes"),
           Item("q2", {"text": "2"}, "yes", cluster="c"), *then[3:8],
           Item("q9", {"text": "9"}, "yes")]  # fmt: skip
    assert of_items(then, now, {}).parts == (
        "q0 (target)", "q1 (input)", "q2 (facts)", "q8 (is gone)", "q9 (is new)",
    )  # fmt: skip
    assert of_items(then, [], {}).parts[-1] == "… 4 more items"


def git(folder, *words):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_any_files_of_a_copy_can_be_as_then_and_nothing_is_written_through_a_link(tmp_path) -> None:
    now, then, outside = tmp_path / "now", tmp_path / "then", tmp_path / "outside"
    now.mkdir()
    outside.write_text("mine")
    (now / "a").write_text("1")
    (now / "b").write_text("1")
    (now / "link").symlink_to(outside)
    (now / "study.yaml").write_text("1")
    git(now, "init", "-q")
    git(now, "add", ".")
    git(now, "commit", "-qm", "one")
    git(now, "worktree", "add", "--detach", str(then))
    (now / "a").write_text("2")
    (now / "b").unlink()
    (now / "link").unlink()
    (now / "link").write_text("no link any more")
    (now / "new").write_text("new")
    (now / "study.yaml").write_text("2")
    (then / "__pycache__").mkdir()
    mixed = MixedTree(then, now, but=[now / "study.yaml"])
    assert mixed.differing == ("a", "b", "link", "new")
    mixed.bring_back(["a"])
    assert [(then / n).read_text() for n in ("a", "link", "new")] == [
        "1",
        "no link any more",
        "new",
    ]
    assert not (then / "b").exists()
    assert not (then / "__pycache__").exists()
    assert outside.read_text() == "mine"
    mixed.bring_back(mixed.differing)
    assert (then / "link").readlink() == outside
    assert (then / "b").read_text() == "1"
    assert not (then / "new").exists()
