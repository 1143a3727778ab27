"""The list of studies: what runs, what was decided, what is stale, what is silent."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger
from tests.unit.documents.conftest import Page
from tests.unit.documents.test_hostile_texts import ATTACKS, NEVER, skeleton
from tests.unit.web.ui_place import amended, client, decided, locked, place, ran, running

KEPT, LATE = locked("kept", owner="search-team"), locked("late")
AMENDED, IDLE = locked("amended"), locked("idle", days=90, hypothesis="Nobody came back.")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return place(
        tmp_path_factory.mktemp("studies"),
        IDLE, KEPT, LATE, AMENDED, locked("fresh"),
        decided(KEPT), decided(LATE), decided(AMENDED),
        ran(LATE), amended("amended", hypothesis="Another one."),
    )  # fmt: skip


@pytest.fixture(scope="module")
def visitor(workspace):
    return client(workspace)


def states(view):
    return {row["study"]: row["state"] for row in view["rows"]}


def test_each_study_is_in_the_state_that_its_entries_say(visitor):
    view = visitor.get("/studies.json").json()
    assert states(view) == {
        "kept": "decided", "late": "stale", "amended": "stale", "idle": "silent",
        "fresh": "locked",
    }  # fmt: skip
    why = {row["study"]: row["why"] for row in view["rows"]}
    assert why["late"] == "a run added rows since (entry 9)"
    assert why["amended"] == "the study was amended since (entry 10)"
    assert {one["state"]: one["studies"] for one in view["states"]} == {
        "running": 0, "decided": 1, "stale": 2, "silent": 1, "locked": 1,
    }  # fmt: skip


def test_a_reopened_decision_is_stale_until_it_is_decided_again(tmp_path):
    workspace = place(tmp_path, KEPT, decided(KEPT))
    index = StudyIndex(workspace)
    assert index.now()["kept"].stale == ""
    body = {"thing": "dataset:x", "reason": "wrong", "decisions": [{"entry": 2, "study": "kept"}]}
    with Ledger.open(workspace.home) as ledger:
        ledger.append("decision.reopened", body)
    assert index.now()["kept"].stale == "the decision was reopened (entry 3)"
    # Deciding once more on what was called wrong is not looking at it again.
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all([decided(KEPT)])
    assert index.now()["kept"].stale == "the decision was reopened (entry 3)"
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all([decided(KEPT, change=_other_rows)])
    assert index.now()["kept"].stale == ""


def _other_rows(body):
    return {**body, "rows": {**body["rows"], "digest": "sha256:" + "9" * 64}}


@pytest.mark.parametrize(
    ("manifest", "stale"),
    [
        ({"rating": "b1", "concurrency": {}}, ""),
        ({"concurrency": {"strict, generator": 4}}, ""),
        ({"concurrency": {"strict": 4, "lenient": 4}}, "a run added rows since (entry 3)"),
        ({"concurrency": {}}, "a run added rows since (entry 3)"),
    ],
    ids=["ratings of people", "a stage by itself", "its arms", "scores"],
)
def test_only_a_run_that_may_have_added_counted_rows_makes_a_decision_stale(
    tmp_path, manifest, stale
):
    late = ran(KEPT)
    late = replace(late, body={**late.body, "manifest": manifest})
    workspace = place(tmp_path, KEPT, decided(KEPT), late)
    known = StudyIndex(workspace).now()["kept"]
    assert (known.stale, known.runs) == (stale, 1)


def test_a_correction_of_a_decision_makes_it_stale(tmp_path):
    workspace = place(tmp_path, KEPT, decided(KEPT))
    index = StudyIndex(workspace)
    assert index.now()["kept"].stale == ""
    with Ledger.open(workspace.home) as ledger:
        ledger.append("correction", {"corrects": 2, "reason": "x", "changes": []})
    assert index.now()["kept"].stale == "an entry was corrected since (entry 3)"


def test_the_index_reads_what_was_added_and_starts_anew_with_another_ledger(tmp_path):
    workspace = place(tmp_path, KEPT, LATE)
    index = StudyIndex(workspace)
    assert set(index.now()) == {"kept", "late"}
    place(tmp_path, decided(KEPT))
    assert (index.now()["kept"].decision.sequence, index.entries) == (3, 3)
    for file in tmp_path.glob(".liftgate/ledger.db*"):
        file.unlink()
    place(tmp_path, locked("other"), IDLE, KEPT, LATE)
    assert set(index.now()) == {"other", "idle", "kept", "late"}


def test_how_long_is_silent_is_in_the_address(visitor):
    assert states(visitor.get("/studies.json?days=120").json())["idle"] == "locked"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=stale", {"late", "amended"}),
        ("q=NOBODY%20came", {"idle"}),
        ("owner=search-team", {"kept"}),
        ("owner=search-team&state=stale", set()),
    ],
)
def test_the_list_is_filtered_by_state_text_and_owner(visitor, query, names):
    view = visitor.get(f"/studies.json?{query}").json()
    assert set(states(view)) == names
    page = visitor.get(f"/studies?{query}").text
    every = {"late", "amended", "idle", "kept", "fresh"}
    assert {name for name in every if f"study={name}" in page} == names


def test_a_wrong_filter_is_an_error_that_names_it(visitor):
    answer = visitor.get("/studies.json?state=lost")
    assert answer.status == 400
    assert "'lost'" in answer.json()["error"]
    assert visitor.get("/studies?page=0").status == 400


def test_a_running_study_shows_counts_and_never_a_score_or_a_failure(workspace, visitor):
    fresh = locked("fresh")
    with running(workspace, fresh, 40):
        view = visitor.get("/studies.json?q=fresh").json()
        (row,) = view["rows"]
        assert (row["state"], view["running"]) == ("running", True)
        (progress,) = row["progress"]
        assert set(progress) == {
            "run", "alive", "started", "trials", "planned", "per_second", "last",
        }  # fmt: skip
        assert (progress["trials"], progress["planned"], progress["alive"]) == (40, 320, True)
        page = visitor.get("/studies?q=fresh").text
        assert 'hx-trigger="every 2s"' in page
        assert "40 of 320 trials" in page
        assert "fail" not in page
    died = visitor.get("/studies.json?q=fresh").json()["rows"][0]
    assert (died["state"], died["progress"][0]["alive"]) == ("locked", False)
    assert "a run died after 40 trials" in visitor.get("/studies?q=fresh").text
    for file in workspace.active.iterdir():
        file.unlink()


def test_a_thousand_studies_come_in_pages_that_stay_small(tmp_path):
    many = [locked(f"study-{n:04}", hypothesis="A long hypothesis. " * 40) for n in range(1000)]
    visitor = client(place(tmp_path, *many))
    first = visitor.get("/studies")
    assert len(first.text.encode()) < 100_000
    seen, query = [], "page=1"
    while query is not None:
        view = visitor.get(f"/studies.json?{query}").json()
        seen += [row["study"] for row in view["rows"]]
        query = view["next"]
    assert (len(seen), len(set(seen)), view["pages"]) == (1000, 1000, 20)


def test_nothing_at_all_says_what_to_do(tmp_path):
    assert "liftgate run STUDY.yaml" in client(place(tmp_path)).get("/studies").text


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name != "surrogate"])
def test_hostile_names_hypotheses_owners_and_searches_stay_text(tmp_path, attack):
    text = ATTACKS[attack]
    hostile = client(place(tmp_path, locked(text, hypothesis=text, owner=text)))
    tame = client(place(tmp_path / "tame", locked("x", hypothesis="x", owner="x")))
    query = f"/studies?q={quote(text[:3])}"
    page, plain = Page(hostile.get(query).text), Page(tame.get("/studies?q=x").text)
    assert skeleton(page) == skeleton(plain)
    assert not NEVER & set(page.source)
