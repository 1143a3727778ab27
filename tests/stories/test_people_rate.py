"""People rate what a study's systems answered: drawn, handed out by file, settled, exported."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import pytest

from liftgate.cli.main import main
from liftgate.evals.labels import read_labels, subject
from liftgate.humans import sheets
from liftgate.store import Store
from liftgate.study.rubric import find_rubric
from tests.stories.conftest import World


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A decided study, made once: each test works in a copy."""
    world = World(tmp_path_factory.mktemp("decided"))
    world.study["exploratory"] = True
    world.write(items=40)
    world.decision()
    return world.folder


@pytest.fixture
def rated(decided, world, monkeypatch, capsys):
    """A way to run commands in this process."""
    shutil.copytree(decided, world.folder, dirs_exist_ok=True)
    monkeypatch.chdir(world.folder)

    def run(*words, code=0):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        assert ended.value.code == code, said.out + said.err
        return json.loads(said.out) if "--json" in words else said.out + said.err

    return run


ALONE = ("--raters", "cem", "--n", "2")
DRAW = (
    *("rate", "draw", "study.yaml", "--rubric", "task_success.yaml", "--raters", "ann,bob", "--n"),
    *("12", "--overlap", "4", "--seed", "1", "--stratify", "kind", "--json"),
)
RUBRIC = """\
liftgate: 1
rubric: yes_or_no
version: "1"
source: the team
question: Is it a clear yes?
scale:
  kind: binary
  anchors:
    - {value: 0, label: "no", meaning: It is not., key: n}
    - {value: 1, label: "yes", meaning: It is., key: y}
"""


@pytest.fixture
def drawn(rated, world):
    (world.folder / "task_success.yaml").write_text(RUBRIC, "utf-8")
    return rated(
        *DRAW, "--n", "12", "--overlap", "4", "--seed", "1", "--stratify", "kind", "--json"
    )


def fill(world, rated, batch, rater, answer):
    """Hand out a sheet, fill it in, bring it back."""
    sheet = world.folder / f"{rater}.csv"
    text = rated("rate", "export", batch, "--sheet", rater, "--format", "csv")
    sheet.write_text(text, "utf-8")
    rows = sheets.read(text, "csv")
    for row in rows:
        row["value"] = answer(row)
        row["comment"] = "a guess" if row["task"] == "2" else ""
    sheet.write_text(sheets.write(rows, "csv"), "utf-8")
    return rated("rate", "import", batch, str(sheet), "--json")


def test_a_batch_holds_both_arms_answers_and_neither_name(drawn, rated, world):
    entry = rated("ledger", "show", str(drawn["entry"]), "--json")
    assert entry["kind"] == "rating.drawn"
    assert (entry["body"]["seed"], entry["body"]["strata"]) == (
        1,
        {"even": [6, 20], "odd": [6, 20]},
    )
    assert drawn["tasks"] == {"plain": 16, "shared": 16, "repeat": 0, "gold": 0}
    folder = world.folder / ".liftgate" / "ratings" / drawn["batch"]
    text = (folder / "batch.json").read_text("utf-8")
    body = json.loads(text)
    assert Counter(s["item"] for s in body["subjects"]) == dict.fromkeys(
        {s["item"] for s in body["subjects"]}, 2
    )
    assert not [name for name in ("story", '"old"', '"new"', "page ") if name in text]
    assert (folder / "access.json").stat().st_mode & 0o077 == 0


def test_drawing_the_same_again_is_the_same_batch_and_adds_nothing(drawn, rated):
    again = rated(
        *DRAW, "--n", "12", "--overlap", "4", "--seed", "1", "--stratify", "kind", "--json"
    )
    assert (again["batch"], again["entry"], again["added"]) == (
        drawn["batch"],
        drawn["entry"],
        False,
    )


def test_ratings_go_round_by_file_and_leave_as_labels(drawn, rated, world):
    batch = drawn["batch"]
    assert fill(world, rated, batch, "ann", lambda row: "y")["added"] == 16
    assert fill(world, rated, batch, "bob", lambda row: "yes" if "yes" in row["texts"] else "n")
    view = rated("rate", "status", batch, "--json")
    assert (view["rated"], view["total"], view["agreement"]["subjects"]) == (32, 32, 8)
    told = rated("rate", "status", batch)
    assert f"Batch {batch}: 32 of 32 done" in told
    assert "Krippendorff's alpha, nominal" in told
    if view["queue"]:
        short = view["queue"][0]["short"]
        rated("rate", "adjudicate", batch, short, "--value", "no", "--reason", "says nothing")
        assert rated("rate", "status", batch, "--json")["settled"] == 1
    rows = [json.loads(line) for line in rated("rate", "export", batch).splitlines()]
    assert len([row for row in rows if row["rater"] != "lead"]) == 32
    assert {row["probability"] for row in rows} == {0.3}
    read = read_back(world, rated, batch, "task_success.yaml")
    assert [row.value for row in read] == [row["value"] for row in rows]
    assert all(row["trial"].startswith("sha256:") and row["run"] for row in rows)


def test_a_closed_batch_takes_nothing_more_and_its_ratings_are_scores(drawn, rated, world):
    batch = drawn["batch"]
    fill(world, rated, batch, "ann", lambda row: "" if row["task"] == "3" else "y")
    assert "17 tasks are open" in rated("rate", "close", batch, code=2)
    fill(world, rated, batch, "bob", lambda row: "n")
    closed = rated("rate", "close", batch, "--incomplete", "--json")
    assert (closed["open"], closed["rows"], closed["scores"]) == (1, 31, 31)
    again = rated("rate", "close", batch, "--json")
    assert (again["entry"], again["added"]) == (closed["entry"], False)
    refused = fill_text(world, batch)
    assert "the batch is closed" in rated("rate", "import", batch, refused, code=2)
    with Store.open(world.folder / ".liftgate", read_only=True) as store:
        rubric = drawn["rubric"]["digest"].removeprefix("sha256:")[:12]
        ann, bob = (store.scores(f"human:{name}:{rubric}") for name in ("ann", "bob"))
        assert {score.value for score in ann} == {1.0}
        assert (len(ann), len(bob)) == (15, 16)
        details = [score.detail_digest for score in ann if score.detail_digest]
        assert [store.output(one) for one in details] == [{"liftgate": 1, "comment": "a guess"}]
    assert "Sound" in rated("ledger", "verify")
    after = rated("run", "study.yaml", "--quiet", "--json", code=4)
    assert after["entry"] == 3  # scores of people change no decision that did not ask for them


def fill_text(world, batch):
    path = world.folder / "ann.csv"
    rows = sheets.read(path.read_text("utf-8"), "csv")
    rows[2]["value"] = "y"
    path.write_text(sheets.write(rows, "csv"), "utf-8")
    return str(path)


def test_a_batch_that_was_edited_by_hand_is_noticed_by_its_digest(drawn, rated, world):
    path = world.folder / ".liftgate" / "ratings" / drawn["batch"] / "batch.json"
    path.write_text(path.read_text("utf-8").replace('"swapped"', '"swappes"') + " ", "utf-8")
    told = rated("rate", "status", drawn["batch"], code=3)
    assert "batch.json was changed after it was drawn" in told
    assert "a batch is never edited" in told


def test_two_raters_with_one_token_are_refused(drawn, rated, world):
    path = world.folder / ".liftgate" / "ratings" / drawn["batch"] / "access.json"
    tokens = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**tokens, "bob": tokens["ann"]}), "utf-8")
    told = rated("rate", "serve", drawn["batch"], code=2)
    assert "ann and bob have the same token" in told
    path.write_text(json.dumps({**tokens, "bob": "short"}), "utf-8")
    assert "bob: expected a token" in rated("rate", "serve", drawn["batch"], code=2)
    path.write_text(json.dumps({"ann": tokens["ann"]}), "utf-8")
    assert "one token for each of ann, bob, lead" in rated("rate", "serve", drawn["batch"], code=2)


def test_a_copied_batch_that_no_entry_names_is_refused(drawn, rated, world):
    folder = world.folder / ".liftgate" / "ratings"
    (folder / drawn["batch"]).rename(folder / "0123456789")
    assert "no entry of the ledger names it" in rated("rate", "status", "0123456789", code=3)
    assert "no batch named" in rated("rate", "status", drawn["batch"], code=2)
    assert "no batch named" in rated("rate", "status", "../../etc", code=2)


def test_one_run_can_be_named_instead_of_a_study(drawn, rated, world):
    run = next((world.folder / ".liftgate" / "store" / "runs").glob("[!.]*")).name
    found = rated("rate", "draw", run, "--rubric", "task_success.yaml", *ALONE, "--json")
    assert found["tasks"]["plain"] == 4


def test_pairs_of_baseline_and_candidate_are_drawn_by_a_rubric_about_pairs(drawn, rated, world):
    words = ("--raters", "ann,bob", "--n", "10", "--overlap", "10", "--json")
    found = rated("rate", "draw", "story", "--rubric", "preference", *words)
    assert found["tasks"]["shared"] == 20
    sheet = rated("rate", "export", found["batch"], "--sheet", "ann")
    rows = [json.loads(line) for line in sheet.splitlines()]
    assert all("First answer:" in row["texts"] for row in rows)
    for rater in ("ann", "bob"):
        fill(world, rated, found["batch"], rater, lambda row: "a" if len(row["texts"]) % 2 else "t")
    assert rated("rate", "close", found["batch"], "--json")["scores"] == 20
    labels = read_back(world, rated, found["batch"], "preference")
    assert len(labels) == 20
    with Store.open(world.folder / ".liftgate", read_only=True) as store:
        fingerprint = f"human:ann:{found['rubric']['digest'].removeprefix('sha256:')[:12]}"
        scores = store.scores(fingerprint)
    told = {(score.trial_key, score.other_key): score.value for score in scores}
    for row in labels:
        if row.rater == "ann":
            assert told[tuple(row.trial.split())] == row.value


def read_back(world, rated, batch, rubric):
    """Read the exported labels as the calibration of a judge does."""
    path = world.folder / "labels.jsonl"
    path.write_text(rated("rate", "export", batch), "utf-8")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    subjects = {subject(row["trial"], row["other"]): {row["item"]} for row in rows}
    return read_labels(path, find_rubric(rubric, world.folder), subjects).rows


@pytest.mark.parametrize(
    ("source", "rubric", "told"),
    [
        ("study.yaml", "groundedness", "single statements"),
        ("study.yaml", "factual_consistency", "the rubric shows a source"),
        ("study.yaml", "helpfulnes", "did you mean 'helpfulness'?"),
        ("storry", "helpfulness", "did you mean 'story'?"),
        ("nothing.jsonl", "helpfulness", "cannot be read"),
    ],
)
def test_what_cannot_be_drawn_says_why(rated, source, rubric, told):
    assert told in rated("rate", "draw", source, "--rubric", rubric, *ALONE, code=2)


def test_a_slice_that_no_item_has_is_refused_and_draws_nothing(rated, world):
    (world.folder / "task_success.yaml").write_text(RUBRIC, "utf-8")
    (world.folder / "things.jsonl").write_text(
        '{"id": "a", "input": "q", "answer": "x"}\n', "utf-8"
    )
    words = ("rate", "draw", "study.yaml", "--rubric", "task_success.yaml", *ALONE)
    for option in ("--stratify", "--harm"):
        told = rated(*words, option, "kinds", code=2)
        assert "no slice or field of the items named 'kinds' (did you mean 'kind'?)" in told
        told = rated("rate", "draw", "things.jsonl", *words[3:], option, "kind", code=2)
        assert "the keys stratum and harm" in told
    assert "rating.drawn" not in rated("ledger", "log")
    rated(*words, "--stratify", "kind")
    assert "rating.drawn" in rated("ledger", "log")
