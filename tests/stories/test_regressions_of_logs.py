"""A failing item of another tool's log, or of a comparison, becomes a test like any other."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from liftgate.cli.main import main, root
from liftgate.errors import DataError
from liftgate.flow.regress import Wanted
from liftgate.flow.regress_log import add_from_log
from liftgate.flow.suite import entries_of, suite_items
from liftgate.store import Workspace
from tests.fixtures.logs.by_hand import LOGS, one, opened, packed, sample


def wanted(item, **more):
    return Wanted(item=item, owner="ann", reason="was right before", **more)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Workspace.locate()


# What each tool's log fails, and under which metric.
FAILING = {
    "inspect_ai": ("inspect/new.eval", "exact", ()),
    "lm-eval": ("lm_eval/new/samples_sums_*.jsonl", "exact_match,first", ("question",)),
    "promptfoo": ("promptfoo/old.jsonl", "pass", ()),
    "every_eval_ever": ("every_eval_ever/new-sums", "exact_match:first", ()),
}


def failing(place, metric):
    rows = opened(place, metrics=(metric,)).rows()
    return next(row for row in rows if row.error is None and row.scores[metric] == 0.0)


@pytest.mark.parametrize("tool", sorted(FAILING))
def test_a_failing_item_is_kept_with_its_input_target_owner_and_origin(desk, tool) -> None:
    pattern, metric, parts = FAILING[tool]
    place = one(LOGS, pattern)
    row = failing(place, metric)
    test = add_from_log(str(place), wanted(row.item, metric=metric), desk, parts)
    assert (test.owner, test.version, test.metric, test.at_least) == ("ann", 1, metric, 1.0)
    table = opened(place)
    origin = dict(test.origin)
    assert origin["log_digest"] == table.digest
    assert (origin["item"], origin["repeat"]) == (row.item, row.repeat)
    assert origin["told"] == "scored 0, needed at least 1"
    (item,) = suite_items(desk).items
    told = {}
    table.texts(lambda i, r, texts: told.setdefault((i, r), texts))
    texts = told[row.item, row.repeat]
    assert item.target == (texts.target or None)
    if parts:
        assert item.input == {"question": json.loads(texts.input)["question"]}
    else:
        assert item.input == {"text": texts.input}
    with pytest.raises(DataError, match="is the test r1 already"):
        add_from_log(str(place), wanted(row.item, metric=metric), desk, parts)


def test_what_passed_is_not_there_or_has_no_text_is_refused(desk, tmp_path) -> None:
    path = packed(
        tmp_path / "a.eval",
        [sample("good"), sample("bad", input="", scores={"acc": {"value": "I"}})],
    )
    for item, message in (("good", "passed with acc"), ("gone", "has no item"), ("bad", "input")):
        with pytest.raises(DataError, match=message):
            add_from_log(str(path), wanted(item), desk)
    with pytest.raises(DataError, match="--owner"):
        add_from_log(str(path), Wanted(item="bad", owner=" ", reason="x"), desk)
    assert entries_of(desk) == []


def test_the_answer_among_the_members_of_an_input_is_not_asked_by_accident(desk) -> None:
    place = one(LOGS, "lm_eval/new/samples_sums_*.jsonl")
    item = failing(place, "exact_match,first").item
    for parts, message in (((), "has the members .*'question'"), (("nope",), "has no 'nope'")):
        with pytest.raises(DataError, match=message):
            add_from_log(str(place), wanted(item, metric="exact_match,first"), desk, parts)


def test_a_graded_score_needs_what_passes_and_a_failure_needs_no_score(desk, tmp_path) -> None:
    path = packed(
        tmp_path / "a.eval",
        [
            sample("q1", scores={"acc": {"value": 0.4}}),
            sample("q2", error={"message": "out of memory"}, scores={}),
        ],
    )
    with pytest.raises(DataError, match="its best score is not known"):
        add_from_log(str(path), wanted("q1"), desk)
    test = add_from_log(str(path), wanted("q1", at_least=0.5), desk)
    assert test.origin["told"] == "scored 0.4, needed at least 0.5"
    crashed = add_from_log(str(path), wanted("q2", at_least=0.5), desk)
    assert crashed.origin["failure"] == "out of memory"


def test_a_comparison_leads_to_its_candidate_s_log_as_it_was(desk, tmp_path, capsys) -> None:
    for name in ("old", "new"):
        shutil.copy(LOGS / "inspect" / f"{name}.eval", tmp_path / f"{name}.eval")
    with pytest.raises(SystemExit):
        main(["compare", "old.eval", "new.eval", "--metric", "exact", "--json"])
    (tmp_path / "compared.json").write_text(capsys.readouterr().out)
    item = failing(tmp_path / "new.eval", "exact").item
    words = ["regress", "add", "compared.json", "--item-id", item, "--metric", "exact"]
    words += ["--owner", "ann", "--reason", "lost"]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    assert "Added r1, version 1, owner ann" in done.output
    (entry,) = entries_of(desk, "regression.added")
    origin = entry.body["origin"]
    assert origin["baseline"]["log_digest"] == opened(tmp_path / "old.eval").digest
    assert "new.eval" in CliRunner().invoke(root, ["regress", "list"]).output
    shutil.copy(LOGS / "inspect" / "small.eval", tmp_path / "new.eval")
    with pytest.raises(DataError, match="compared another version of"):
        add_from_log("compared.json", wanted("sum-01", metric="exact"), desk)
