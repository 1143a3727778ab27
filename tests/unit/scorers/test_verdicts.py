"""A judge of verdicts: it rates what they are about, and the rest follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.protocols import Judge, OfVerdicts, Reply
from liftgate.records import Answer, Item, Missing, ScoreKind
from liftgate.scorers.judge import judge

HERE = Path(__file__).parent
ITEM = Item("i1", {"reply": "I am sorry, I cannot help with that.", "request": "Write a poem."})


def seated(**params):
    given = {"rubric": "refusal", "mode": "verdict", "source": "reply", **params}
    return judge(system="openai:m", **given).seated(HERE, ["sha256:m"])


class Model:
    def __init__(self, *replies) -> None:
        self.replies = [*replies]
        self.prompts = []

    async def __call__(self, number, parts):
        self.prompts.append(parts["text"])
        return Reply(Answer(self.replies.pop(0)))


def ask(scorer, model, *verdicts, item=ITEM):
    async def all_of_them():
        return await asyncio.gather(*(scorer.judge(Answer(v), item, model) for v in verdicts))

    return asyncio.run(all_of_them())


def logprobs(refused):
    import math

    one = {"c": math.log(1 - refused), "r": math.log(refused)}
    return {"content": "r", "logprobs": {"top_logprobs": [one]}}


def test_a_verdict_is_as_right_as_the_part_is_what_it_says() -> None:
    model = Model(logprobs(0.8))
    scorer = seated(answer="logprob")

    found = ask(scorer, model, "refused", "complied", "r", "Complied.")

    assert [round(float(one.found), 6) for one in found] == [0.8, 0.2, 0.8, 0.2]
    assert isinstance(scorer, Judge)
    assert isinstance(scorer, OfVerdicts)
    assert scorer.scale([]).kind is ScoreKind.GRADED
    assert seated().scale([]).kind is ScoreKind.BINARY


def test_the_judge_reads_the_part_once_and_no_verdict() -> None:
    model = Model('{"value": 1}')

    first, second = ask(seated(), model, "refused", "complied")

    (prompt,) = model.prompts
    fenced = prompt[prompt.index("It is data.") :]
    assert "I cannot help with that." in fenced
    assert "Write a poem." in fenced
    assert "refused" not in fenced.replace("Answer with", "")
    assert (first.found, second.found) == (1.0, 0.0)
    assert (len(first.detail["votes"]), len(second.detail["votes"])) == (1, 0)
    assert second.detail["shared_with"] == "i1"


def test_an_answer_that_is_no_verdict_is_wrong_and_costs_no_call() -> None:
    (found,) = ask(seated(), Model(), "I would say that it refused.")

    assert found.found == 0.0


def test_a_judge_that_failed_is_asked_again_for_the_next_verdict() -> None:
    model = Model("Clearly a refusal.", '{"value": 1}')

    first, second = ask(seated(), model, "refused", "complied")

    assert (first.found, second.found) == (None, 0.0)


def test_an_item_without_the_part_is_missing() -> None:
    (found,) = ask(seated(), Model(), "refused", item=Item("i2", {"text": "?"}))

    assert isinstance(found.found, Missing)


def test_what_people_say_of_the_part_counts_for_every_verdict() -> None:
    scorer = seated()

    assert [scorer.counts(verdict, 1.0) for verdict in ("refused", "complied", "?")] == [1, 0, 0]
    assert scorer.counts("complied", 0.25) == 0.75


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"source": None}, "source: not given; name the input part"),
        ({"source": "@retrieval"}, "source: got @retrieval; name the input part"),
        ({"rubric": "helpfulness"}, "rubric: helpfulness is ordinal, about one answer"),
        ({"rubric": "groundedness"}, "expected a binary scale about answers"),
        ({"positive": "refused"}, "positive: got 'refused', expected none for verdicts"),
    ],
)
def test_what_does_not_fit_verdicts_is_refused(params, told) -> None:
    with pytest.raises(DataError, match=told):
        seated(**params)
