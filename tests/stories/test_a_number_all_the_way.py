"""From a number in a document to items, answers, run, data, code and people."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from liftgate.cli.main import main
from liftgate.ledger import Ledger
from tests.stories.conftest import World


def call(capsys, *words):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    return stopped.value.code, *capsys.readouterr()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a folder with a decision and a memo of it; it is only copied."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
        World(folder).write(items=160)
        for words in (
            ["run", "study.yaml", "--quiet", "--no-report"],
            ["doc", "build", "decision-memo", "study.yaml", "--out", "memo.md"],
        ):
            with pytest.raises(SystemExit) as stopped:
                main(words)
            assert stopped.value.code == 0
    return folder


@pytest.fixture
def folder(built, tmp_path, monkeypatch):
    found = tmp_path / "desk"
    shutil.copytree(built, found)
    monkeypatch.chdir(found)
    monkeypatch.setenv("LIFTGATE_HOME", str(found / ".liftgate"))
    return found


def mark_of(page, name):
    """Return the mark by which the page itself names a binding."""
    (found,) = re.findall(rf'<data id="(m\d+)" value="\d+:{re.escape(name)}">', page)
    return found


def test_a_number_of_a_document_goes_all_the_way_to_the_people(folder, capsys):
    mark = mark_of((folder / "memo.html").read_text(), "new.primary#text")
    code, said, _ = call(capsys, "trace", f"memo.md#{mark}", "--json")
    assert code == 0
    found = json.loads(said)
    assert found["reference"].endswith(":new.primary")
    assert found["printed"]["holds"] is True
    assert "points" in found["printed"]["text"]
    assert found["row_count"] == 160
    run = found["rows"][0]["cells"]["new"]["run"]
    first = found["answers"][0]
    assert first["asked"].startswith("question")
    assert first["target"] == "yes"
    assert set(first["answers"]) == {"old", "new"}
    assert first["answers"]["old"] in ("yes", "no")
    assert [one["id"] for one in found["runs"]] == [run]
    assert found["runs"][0]["machine"]["python"]
    assert found["runs"][0]["not_captured"]["git"]
    assert found["dataset"]["items"] == 160
    people = {one["name"]: [why for why, _ in one["did"]] for one in found["people"]}
    (did,) = people.values()
    assert did == ["made the decision", "locked its study", f"ran {run}"]
    html = json.loads(call(capsys, "trace", f"memo.html#{mark}", "--json")[1])
    assert html["reference"] == found["reference"]


def test_the_same_path_is_printed_for_people(folder, capsys):
    mark = mark_of((folder / "memo.html").read_text(), "new.primary#text")
    code, said, _ = call(capsys, "trace", f"memo.md#{mark}", "--rows", "2", "--answers", "1")
    assert code == 0
    for word in ("memo.md:", "Rows: 160", "Answers:", "label: yes", "Run ", "code: not captured",
                 "People:", "made the decision", "Dataset: items.jsonl, 160 items"):  # fmt: skip
        assert word in said
    assert said.count("label: ") == 1


def test_a_value_of_the_decision_is_traced_to_its_entry(folder, capsys):
    mark = _value_mark((folder / "memo.html").read_text(), "dataset.items")
    code, said, _ = call(capsys, "trace", f"memo.md#{mark}", "--json")
    assert code == 0
    assert json.loads(said)["printed"]["text"] == "160"
    assert json.loads(said)["runs"]


def test_a_digit_that_was_changed_in_the_document_is_told(folder, capsys):
    page = (folder / "memo.md").read_text()
    mark = mark_of((folder / "memo.html").read_text(), "new.primary#text")
    bound = re.search(r"(#text-->\+)(\d)", page)
    changed = str((int(bound[2]) + 1) % 10)
    (folder / "memo.md").write_text(page[: bound.start(2)] + changed + page[bound.end(2) :])
    code, said, _ = call(capsys, "trace", f"memo.md#{mark}")
    assert code == 1
    assert "contradicted: the evidence says" in said


def test_an_erased_answer_says_so_and_the_rest_holds(folder, capsys):
    number = _decision(folder)
    before = json.loads(call(capsys, "trace", f"{number}:new.primary", "--json")[1])
    digest = before["rows"][0]["cells"]["new"]["output"]
    assert call(capsys, "ledger", "erase", digest, "--reason", "asked for")[0] == 0
    after = json.loads(call(capsys, "trace", f"{number}:new.primary", "--json")[1])
    assert after["answers"][0]["answers"]["new"] == "erased"
    assert after["rows"] == before["rows"]


@pytest.mark.parametrize(
    ("reference", "said"),
    [("memo.md#m999", "m1 to m"), ("nothing.md#m1", "no such file"), ("study.yaml#m1", "record")],
)
def test_a_mark_that_is_not_there_is_refused(folder, capsys, reference, said):
    code, _, warned = call(capsys, "trace", reference)
    assert code == 2
    assert said in warned


def _decision(folder):
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        return next(ledger.entries("decision")).sequence


def _value_mark(page, path):
    return re.findall(rf'<data id="(m\d+)" value="\d+#{re.escape(path)}">', page)[0]
