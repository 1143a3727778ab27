"""The example of a judge: its labels and its items."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from examples.judge import replies
from examples.judge.demo import labelled
from liftgate.study.rubric import find_rubric

HERE = Path(replies.__file__).parent

HEADER = "objective,assistant_response,human_score,data_type\n"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    names = ("one.csv", "two.csv")
    monkeypatch.setattr(replies, "TABLES", names)
    monkeypatch.setattr(replies, "place", lambda name: tmp_path / name)
    rows = "".join(f"ask {n},reply {n // 2},{n % 2},text\n" for n in range(120))
    (tmp_path / "one.csv").write_text(f"# version=1\n{HEADER}{rows}both,said,0,text\n")
    (tmp_path / "two.csv").write_text(f"# a\n# b\n{HEADER}both,said,1,text\n")


@pytest.mark.parametrize("said", [0, 1])
def test_a_label_is_what_people_said_of_the_reply_whoever_judged_it(said) -> None:
    row = labelled({"item": "a", "answer": "Sorry, no.", "value": None}, {"a": said, "b": 1 - said})
    assert (row["value"], row["rater"]) == (said, "pyrit")


def test_people_and_judge_rate_by_one_rubric_in_the_words_of_the_arms() -> None:
    study = yaml.safe_load((HERE / "study.yaml").read_text("utf-8"))
    scorer = study["scorers"]["right"]
    words = {anchor.label for anchor in find_rubric(scorer["rubric"], HERE).scale.anchors}
    for arm in study["arms"].values():
        schema = arm["params"]["response_format"]["json_schema"]["schema"]
        assert set(schema["enum"]) == words
    assert (scorer["mode"], scorer["source"], scorer["answer"]) == ("verdict", "reply", "logprob")


def test_what_people_said_in_two_ways_is_no_label(tables) -> None:
    assert len(replies.labels()) == 120
    assert ("both", "said") not in replies.labels()


def test_items_hold_no_label_and_no_two_of_them_begin_alike(tables) -> None:
    items = replies.items()
    assert 30 < len(items) <= replies.ITEMS
    assert all(set(item.input) == {"reply"} and item.target is None for item in items)
    assert {item.id for item in items} <= set(replies.label_of())
    assert len({item.input_digest for item in items}) == len(items)
