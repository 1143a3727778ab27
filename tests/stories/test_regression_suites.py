"""A failing item becomes a test that fails on the bad version and passes on the fix."""

from __future__ import annotations

import json

import pytest

from liftgate.cli.main import root
from liftgate.errors import DataError, NotEnoughData
from liftgate.flow.regress import Wanted, add_test, check_suite, move
from liftgate.flow.run import run_study
from liftgate.flow.suite import listed
from liftgate.lineage.regressions import State
from liftgate.store import Workspace

SYSTEMS = """
import itertools

def items():
    for n in range(12):
        yield {"id": f"q{n}", "input": f"question {n}", "target": "yes"}

def system(wrong=(), flaky=()):
    calls = itertools.count()

    def answer(parts):
        number = int(parts["text"].split()[1])
        if number in flaky:
            return "yes" if next(calls) % 2 else "no"
        return "no" if number in wrong else "yes"

    return answer
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(SYSTEMS, encoding="utf-8")
    worst = {kind: {"score": "worst"} for kind in ("timeout", "crash", "refusal", "unparsable")}

    def write(name, old, new, source="python:shop:items"):
        study = {
            "liftgate": 1,
            "study": name,
            "hypothesis": "The new one is right more often.",
            "dataset": {"source": source},
            "arms": {
                "old": {"role": "baseline", "system": "python:shop:system", "params": old},
                "new": {"role": "candidate", "system": "python:shop:system", "params": new},
            },
            "scorers": {"right": {"scorer": "exact"}},
            "outcomes": {**worst, "scorer_failed": "missing", "missing_label": "missing"},
            "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}}},
            "exploratory": True,
        }
        file = tmp_path / f"{name}.yaml"
        file.write_text(json.dumps(study), encoding="utf-8")
        return file

    bad = write("bad", {}, {"wrong": [3, 5]})
    run_study(bad, report=False)
    return write


def wanted(item="q3", **changes):
    return Wanted(**{"item": item, "owner": "ann", "reason": "seen twice", **changes})


def test_it_fails_on_the_bad_version_and_passes_on_the_fix(shop):
    here = Workspace.locate()
    test = add_test(here.home.parent / "bad.yaml", wanted(), here)

    before = check_suite(here.home.parent / "bad.yaml", here)
    after = check_suite(shop("fix", {}, {"wrong": [5]}), here)

    assert (test.state, test.version, test.owner) == (State.ACTIVE, 1, "ann")
    assert test.origin["arm"] == "new"
    assert test.origin["item"] == "q3"
    assert test.origin["value"] == 0.0
    assert test.origin["decision"] is not None
    assert [row.told for row in before.failed] == ["scored 0, needed at least 1"]
    assert after.failed == ()


def test_the_commands_exit_1_on_the_bad_version_and_0_on_the_fix(shop, capsys):
    words = ["add", "bad.yaml", "--item-id", "q3", "--owner", "ann", "--reason", "seen twice"]
    root.main(["regress", *words], standalone_mode=False)
    shop("fix", {}, {"wrong": [5]})

    bad = root.main(["regress", "run", "bad.yaml"], standalone_mode=False)
    good = root.main(["regress", "run", "fix.yaml", "--json"], standalone_mode=False)
    root.main(["regress", "list"], standalone_mode=False)

    out = capsys.readouterr().out
    assert (bad, good) == (1, 0)
    assert "FAIL: 0 of 1 repeats passed; scored 0, needed at least 1 (owner ann)" in out
    assert "active: right of item q3 of bad, owner ann: seen twice" in out


def test_a_known_trial_is_not_asked_again_and_the_same_check_is_written_once(shop):
    here = Workspace.locate()
    add_test(here.home.parent / "bad.yaml", wanted(), here)
    first = check_suite(here.home.parent / "bad.yaml", here)

    again = check_suite(here.home.parent / "bad.yaml", here)

    assert first.sequence == again.sequence


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"item": "q4"}, "passed with right in every trial"),
        ({"item": "nobody"}, "no item 'nobody' among its 12"),
        ({"arm": "old"}, "passed with right in every trial"),
        ({"owner": " "}, "--owner: got nothing, expected who"),
        ({"reason": ""}, "--reason: got nothing, expected why"),
        ({"replaces": "r999"}, "no regression test named 'r999'"),
    ],
)
def test_what_is_no_failing_item_is_refused(shop, changes, message):
    here = Workspace.locate()

    with pytest.raises((DataError, LookupError), match=message):
        add_test(here.home.parent / "bad.yaml", wanted(**changes), here)

    assert listed(here) == []


def test_the_same_content_is_one_test_whatever_it_is_called(shop, tmp_path):
    here = Workspace.locate()
    first = add_test(tmp_path / "bad.yaml", wanted(), here)
    text = (tmp_path / "shop.py").read_text(encoding="utf-8")
    (tmp_path / "shop2.py").write_text(text.replace('f"q{n}"', 'f"other{n}"'), encoding="utf-8")
    other = shop("renamed", {}, {"wrong": [3]}, "python:shop2:items")
    run_study(other, report=False)

    with pytest.raises(DataError, match=f"is the test {first.name} already"):
        add_test(other, wanted("other3"), here)


def test_another_target_is_the_tests_next_version(shop, tmp_path):
    here = Workspace.locate()
    first = add_test(tmp_path / "bad.yaml", wanted(), here)
    text = (tmp_path / "shop.py").read_text(encoding="utf-8")
    (tmp_path / "shop3.py").write_text(text.replace('"target": "yes"', '"target": "maybe"'))
    other = shop("relabelled", {}, {"wrong": [1]}, "python:shop3:items")
    run_study(other, report=False)

    with pytest.raises(DataError, match="with another target"):
        add_test(other, wanted(arm="new"), here)
    second = add_test(other, wanted(arm="new", replaces=first.name), here)

    assert second.version == 2
    states = {test.name: (test.state, test.why) for test in listed(here)}
    assert states[first.name] == (State.RETIRED, f"replaced by {second.name}")


def test_only_what_repeats_have_shown_to_be_flaky_is_quarantined(shop, tmp_path):
    here = Workspace.locate()
    steady = add_test(tmp_path / "bad.yaml", wanted("q3"), here)
    loose = add_test(tmp_path / "bad.yaml", wanted("q5"), here)
    flaky = shop("flaky", {}, {"flaky": [5]})

    with pytest.raises(DataError, match="no check has shown it to be flaky"):
        move(loose.name, State.QUARANTINED, "it flickers", here)
    seen = check_suite(flaky, here, repeats=4)
    move(loose.name, State.QUARANTINED, "it flickers", here)
    after = check_suite(flaky, here, repeats=4)

    assert [(row.test.name, row.passed, row.asked) for row in seen.failed] == [(loose.name, 2, 4)]
    assert after.failed == ()
    assert [row.test.state for row in after.rows] == [State.ACTIVE, State.QUARANTINED]
    with pytest.raises(DataError, match="no check has shown it to be flaky"):
        move(steady.name, State.QUARANTINED, "no reason", here)
    with pytest.raises(DataError, match="does not show that it is flaky no more"):
        move(loose.name, State.ACTIVE, "mended", here)
    check_suite(shop("fix", {"wrong": [1]}, {}), here, repeats=4)
    assert move(loose.name, State.ACTIVE, "mended", here).state is State.ACTIVE


def test_a_retired_test_has_a_reason_and_is_asked_no_more(shop, tmp_path):
    here = Workspace.locate()
    test = add_test(tmp_path / "bad.yaml", wanted(), here)

    with pytest.raises(DataError, match="expected why"):
        move(test.name, State.RETIRED, "  ", here)
    move(test.name, State.RETIRED, "the question is gone", here)

    with pytest.raises(NotEnoughData, match="no active regression tests"):
        check_suite(tmp_path / "bad.yaml", here)
    with pytest.raises(DataError, match="is retired"):
        move(test.name, State.ACTIVE, "back", here)
    assert add_test(tmp_path / "bad.yaml", wanted(), here).version == 1


def test_a_study_takes_the_tests_as_its_items_and_a_file_holds_the_same(shop, tmp_path):
    here = Workspace.locate()
    for name in ("q3", "q5"):
        add_test(tmp_path / "bad.yaml", wanted(name), here)

    body = run_study(shop("suite", {}, {"wrong": [5]}, "regress:"), report=False).body
    root.main(["regress", "export", "--out", "tests.jsonl"], standalone_mode=False)

    assert body["dataset"]["items"] == 2
    rows = [json.loads(line) for line in (tmp_path / "tests.jsonl").read_text().splitlines()]
    assert [row["input"] for row in rows] == [{"text": "question 3"}, {"text": "question 5"}]
    assert rows[0]["target"] == "yes"
