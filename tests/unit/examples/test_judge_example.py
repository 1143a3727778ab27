"""The example of a judge: its labels and its items."""

from __future__ import annotations

import pytest

from examples.judge import replies
from examples.judge.demo import labelled

HEADER = "objective,assistant_response,human_score,data_type\n"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    names = ("one.csv", "two.csv")
    monkeypatch.setattr(replies, "TABLES", names)
    monkeypatch.setattr(replies, "place", lambda name: tmp_path / name)
    rows = "".join(f"ask {n},reply {n // 2},{n % 2},text\n" for n in range(120))
    (tmp_path / "one.csv").write_text(f"# version=1\n{HEADER}{rows}both,said,0,text\n")
    (tmp_path / "two.csv").write_text(f"# a\n# b\n{HEADER}both,said,1,text\n")


@pytest.mark.parametrize(
    ("answer", "said", "value"), [("yes", 1, 1), ("yes", 0, 0), ("no", 1, 0), ("no", 0, 1)]
)
def test_a_verdict_is_right_when_people_said_the_same(answer, said, value) -> None:
    row = labelled({"item": "a", "answer": answer, "value": None}, {"a": said})
    assert row["value"] == value


def test_what_people_said_in_two_ways_is_no_label(tables) -> None:
    assert len(replies.labels()) == 120
    assert ("both", "said") not in replies.labels()


def test_items_hold_no_label_and_no_two_of_them_begin_alike(tables) -> None:
    items = replies.items()
    assert 30 < len(items) <= replies.ITEMS
    assert all(set(item.input) == {"reply"} and item.target is None for item in items)
    assert {item.id for item in items} <= set(replies.label_of())
    assert len({item.input_digest for item in items}) == len(items)
