"""Two recorded arms side by side: pages over a study that really ran."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from urllib.parse import quote, urlencode

import numpy as np
import pytest

from liftgate.canon import canonical, sha256
from liftgate.errors import NotAllowed
from liftgate.evals.select import select
from liftgate.flow.comparison_view import Asked, Openings
from liftgate.flow.recorded import dataset_of, locked_at, plan_of
from liftgate.flow.run import record_finished
from liftgate.flow.shared_flags import flags_of
from liftgate.flow.study_index import StudyIndex
from liftgate.flow.trace import trace_reference
from liftgate.flow.unseen import refuse_unseen
from liftgate.gates.pairs import align
from liftgate.ledger import Ledger
from liftgate.lineage.reference import targets
from liftgate.records import Failure, Outcome, Score
from liftgate.store import Store, Workspace
from liftgate.study.design import Study
from liftgate.web.guard import form_token
from liftgate.web.ui.app import make_ui_app
from liftgate.web.ui.door import new_tokens
from liftgate.web.ui.shell import Role, Site
from tests.unit.documents.conftest import Page
from tests.unit.web.asking import Client
from tests.unit.web.test_ui_evidence import ATTACK, STUDY, said
from tests.unit.web.ui_place import client, decided, locked, place

SYSTEMS = """
import hashlib

calls = {}

def system(right=0.5):
    def answer(parts):
        calls[parts["text"]] = calls.get(parts["text"], 0) + 1
        said = hashlib.sha256(f"{parts['text']} {right} {calls[parts['text']]}".encode())
        drawn = int(said.hexdigest()[:8], 16) / 2**32
        if parts["text"].startswith("question 7") and right > 0.6:
            raise RuntimeError("<script>alert(2)</script> went wrong")
        return "yes" if drawn < right else "no <script>alert(3)</script>"
    answer.measure = lambda: {"size_mb": 1.0}
    return answer
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
        (folder / "shown_systems.py").write_text(SYSTEMS.replace("shown", "sides"))
        (folder / "sides_systems.py").write_text(SYSTEMS)
        # Two items share an input, and two share it under different targets.
        rows = [
            {
                "id": f"q{n}",
                "input": f"question {n}",
                "target": "yes",
                "kind": "ab"[n % 2],
                "family": f"f{n // 2}",
            }
            for n in range(60)
        ]
        rows[3] |= {"id": f"q3 {ATTACK}", "input": f"question 3 {ATTACK}", "kind": ATTACK}
        rows[10] |= {"input": "question 11"}
        rows[12] |= {"input": "question 13", "target": "no"}
        (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        arms = {
            name: {**arm, "system": "python:sides_systems:system"}
            for name, arm in STUDY["arms"].items()
        }
        outcomes = {**STUDY["outcomes"], "crash": {"score": "worst", "retries": 1}}
        study = {**STUDY, "study": "sides", "repeats": 2, "arms": arms, "outcomes": outcomes}
        dataset = {**STUDY["dataset"], "cluster": "family"}
        study |= {"exploratory": True, "dataset": dataset}
        (folder / "study.yaml").write_text(json.dumps(study))
        said("run", "study.yaml", "--quiet", code=4)
    return Workspace(folder / ".liftgate")


@pytest.fixture(scope="module")
def visitor(workspace):
    return client(workspace)


@pytest.fixture(scope="module")
def decision(workspace):
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return next(iter(ledger.entries("decision")))


def shown(visitor, path):
    address, _, query = path.partition("?")
    view = visitor.get(f"{address}.json?{query}")
    assert view.status == 200, view.text
    answer = visitor.get(path)
    assert answer.status == 200, answer.text
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert len(answer.text) < 300_000
    return Page(answer.text), view.json()


def test_the_arrays_are_those_that_the_decision_aligned(workspace, decision):
    index = StudyIndex(workspace)
    sides = Openings(index, workspace).of("sides", Asked(decision.sequence, None, None))
    with Ledger.open(workspace.home, read_only=True) as ledger:
        entries = list(ledger.entries())
    kept = locked_at(decision.body, entries, decision.sequence)
    study = Study(**kept.model)
    with Store.open(workspace.home, read_only=True) as store:
        dataset, _ = dataset_of(decision.body, study, store)
        plan = plan_of(decision.body, kept, study, dataset)
        rows = select(plan, store)
    prints = {one.arm.name: one.arm.fingerprint for one in plan.arms}
    wanted = align(
        dataset.items, rows, baseline=prints["old"], candidate=prints["new"], metric="right",
        scale=plan.scorers[0].scale, failure_scores=dict.fromkeys(Failure), repeats=2,
    )  # fmt: skip
    found = sides.pairs("right")
    assert found.items == wanted.items
    np.testing.assert_array_equal(found.baseline, wanted.baseline)
    np.testing.assert_array_equal(found.candidate, wanted.candidate)
    assert found.scale == wanted.scale
    assert any(row.trial.failure for row in rows)
    assert 0 < np.nanmean(wanted.baseline) < np.nanmean(wanted.candidate) < 1


def test_the_list_shows_the_decided_arms_and_filters_as_the_foreign_one(visitor, decision):
    page, view = shown(visitor, "/comparison?study=sides")
    assert (view["baseline"], view["candidate"], view["entry"]) == ("old", "new", decision.sequence)
    sizes = [abs(row["delta"]) for row in view["rows"]]
    assert sizes == sorted(sizes, reverse=True)
    assert all(row["repeats"][0].endswith("/2") for row in view["rows"])
    assert "exploratory" in page.text
    _, worse = shown(visitor, "/comparison?study=sides&move=worse&slice.kind=a")
    assert 0 < worse["items"] < view["items"]
    assert {row["move"] for row in worse["rows"]} == {"worse"}
    assert worse["estimate"]["narrowed"]


def test_an_item_shows_both_answers_the_reasons_and_the_way_to_all_that_is_known(visitor):
    page, view = shown(visitor, "/comparison/item?study=sides&id=q7")
    assert [one["repeat"] for one in view["tries"]] == ["1", "2"]
    sides = {one["side"]: one for one in view["tries"][0]["sides"]}
    assert "went wrong" in sides["candidate"]["reasons"]["failed"]
    assert sides["baseline"]["output"].split()[0] in ("yes", "no")
    assert visitor.get(view["responses"][1]["address"]).status == 200
    assert "No closed batch of ratings" in page.text
    off, view = shown(visitor, f"/comparison/item?{view['other_people']}&id=q7")
    assert view["people"] is None
    assert "No closed batch" not in off.text


def test_hostile_names_slices_answers_and_codes_stay_text(visitor):
    item = quote(f"q3 {ATTACK}")
    page, view = shown(visitor, f"/comparison/item?study=sides&id={item}&code=F1.1:{item}")
    assert ATTACK in page.text
    assert view["coding"]["chosen"] == "F1.1"
    address = urlencode({"study": "sides", "move": "all", "slice.kind": ATTACK, "q": ATTACK})
    _, view = shown(visitor, f"/comparison?{address}&flag={item}&code=F1.1:{item}")
    assert [row["item"] for row in view["rows"]] == [f"q3 {ATTACK}"]


def test_codes_stand_in_the_address_and_leave_as_a_sheet(visitor):
    query = "study=sides&code=F1.1:q7&code=F8.6:q8&code=F1.2:q7&code=:q9"
    _, view = shown(visitor, f"/comparison?{query}")
    assert view["coding"]["items"] == [
        {"item": "q8", "code": "F8.6"}, {"item": "q7", "code": "F1.2"},
    ]  # fmt: skip
    sheet = visitor.get(f"/comparison/codes.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [(row["item"], row["code"]) for row in rows] == [("q8", "F8.6"), ("q7", "F1.2")]
    for wrong in ("F99:q7", "q7"):
        assert visitor.get(f"/comparison?study=sides&code={wrong}").status in (400, 404)


def entered(workspace, tokens, role):
    site = Site(workspace, workspace.home.parent)
    someone = Client(make_ui_app(site, hosts=None, tokens=tokens))
    assert someone.get(f"/enter/{tokens[role]}").status == 303
    return someone


def flags_in(workspace):
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return [entry.body for entry in ledger.entries("item.flagged")]


def test_a_lead_flags_an_item_for_everybody_and_takes_the_flag_off_again(workspace, decision):
    tokens = new_tokens()
    lead, reader = (entered(workspace, tokens, role) for role in (Role.LEAD, Role.READER))
    name = f"q3 {ATTACK}"
    query = urlencode({"study": "sides", "id": name})
    lead.get(f"/comparison/item.json?{query}")  # it waits until the rows are read
    page = lead.get(f"/comparison/item?{query}").text
    token = re.search('name="form_token" value="([0-9a-f]{64})"', page)[1]
    form = {"form_token": token, "query": query, "flagged": "1"}
    for _ in range(2):  # the second time says nothing new
        done = lead.post("/comparison/flag", urlencode(form).encode())
        assert (done.status, done.headers["location"]) == (303, f"/comparison/item?{query}")
    (body,) = flags_in(workspace)
    assert body == {"study": "sides", "item": name, "decision": decision.sequence, "flagged": True,
                    "role": "lead"}  # fmt: skip

    told, view = shown(reader, f"/comparison/item?{query}")
    assert "Flagged for everybody in entry" in told.text
    assert "Flag for everybody" not in told.source
    assert view["shared_flag"]["item"] == name
    told, view = shown(reader, "/comparison?study=sides&move=all")
    assert f"{name} ⚑ for everybody" in told.text
    _, alone = shown(reader, f"/comparison?{view['shared']['query']}")
    assert [row["item"] for row in alone["rows"]] == [name]

    lead.post("/comparison/flag", urlencode({**form, "flagged": "0"}).encode())
    assert [body["flagged"] for body in flags_in(workspace)] == [True, False]
    _, view = shown(reader, "/comparison?study=sides")
    assert view["shared"]["flags"] == {}


def test_a_flag_is_refused_to_a_reader_another_site_another_page_and_for_what_is_not_there(
    workspace,
):
    tokens = new_tokens()
    lead, reader = (entered(workspace, tokens, role) for role in (Role.LEAD, Role.READER))
    before = flags_in(workspace)
    mine, theirs = (form_token(tokens[role]) for role in (Role.LEAD, Role.READER))
    good = {"form_token": mine, "query": "study=sides&id=q8", "flagged": "1"}

    def sent(who, change, **headers):
        return who.post("/comparison/flag", urlencode({**good, **change}).encode(), **headers)

    refused = [
        sent(reader, {"form_token": theirs}), sent(reader, {}), sent(lead, {"form_token": theirs}),
        sent(lead, {"form_token": ""}), sent(lead, {}, origin="http://evil.example"),
        sent(lead, {}, origin=None),
    ]  # fmt: skip
    assert [answer.status for answer in refused] == [403] * 6
    assert sent(lead, {"query": "study=sides&id=nobody"}).status == 404
    assert sent(lead, {"query": "study=none&id=q8"}).status == 404
    assert lead.get("/comparison/flag?study=sides&id=q8&flagged=1").status == 405
    assert flags_in(workspace) == before


def test_a_foreign_entry_of_this_kind_flags_nothing(workspace, tmp_path):
    copy = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, copy.home)
    with Ledger.open(copy.home) as ledger:
        for body in ({"study": "sides"}, {"study": "sides", "item": 3, "flagged": True},
                     {"study": "sides", "item": "q8", "flagged": "yes"}):  # fmt: skip
            ledger.append("item.flagged", body)
    assert flags_of(copy, "sides") == {}


def test_what_people_said_in_a_closed_batch_stands_beside_the_answer(workspace, tmp_path):
    copy = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, copy.home)
    view = client(copy).get("/response.json?entry=3&item=q8&arm=new&repeat=1").json()
    with Store.open(copy.home) as store:
        writer = store.begin("sha256:" + "0" * 64, {})
        trial = view["trial"]
        detail = canonical({"liftgate": 1, "comment": ATTACK})
        writer.add_score(
            Score(
                trial["key"],
                trial["attempt"],
                trial["run"],
                "human:ann:abc",
                "sha256:" + "1" * 64,
                writer.run,
                Outcome.VALUE,
                3.0,
                "",
                detail_digest=sha256(detail),
            ),
            detail=detail,
        )
        writer.finish(complete=True)
        with Ledger.open(copy.home) as ledger:
            record_finished(store, ledger)
    page, item = shown(client(copy), "/comparison/item?study=sides&id=q8")
    (one,) = item["people"]
    assert (one["rater"], one["value"], one["side"], one["repeat"]) == ("ann", 3, "candidate", "2")
    assert one["reason"] == ATTACK
    assert ATTACK in page.text


def test_no_score_is_shown_before_a_look(tmp_path):
    waiting = client(place(tmp_path, locked("live")))
    for path in ("/comparison", "/comparison.json", "/comparison/item", "/comparison/codes.csv"):
        answer = waiting.get(f"{path}?study=live&id=q1&metric=exact")
        assert answer.status == 403
        assert "no look was made yet" in answer.text
    for body in (
        {"study": "s", "done": {"trials": 0}},
        {"study": "s", "done": {"trials": 9}, "looks": {"items": 0}},
    ):
        with pytest.raises(NotAllowed, match="no look was made yet"):
            refuse_unseen(body)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: {**body, "done": {**body["done"], "trials": 0}},
        lambda body: {**body, "looks": {"items": 0}},
    ],
)
def test_neither_the_command_nor_the_page_traces_what_was_not_looked_at(tmp_path, change):
    lock = locked("live")
    waiting = place(tmp_path, lock, decided(lock, change=change))
    with Ledger.open(waiting.home, read_only=True) as ledger:
        body = ledger.entry(2).body
    reference = next(iter(targets(body, 2)))
    with pytest.raises(NotAllowed, match="no look was made yet"):
        trace_reference(reference, waiting)
    assert trace_reference("2", waiting).lines == ()
    answer = client(waiting).get(f"/trace?{urlencode({'ref': reference})}")
    assert (answer.status, "no look was made yet" in answer.text) == (403, True)


def test_without_a_study_the_decided_ones_are_listed(visitor):
    page, view = shown(visitor, "/comparison")
    assert [row["study"] for row in view["rows"]] == ["sides"]
    assert visitor.get(view["rows"][0]["candidates"][0]["address"]).status in (200, 202)
    _, view = shown(visitor, "/comparison?q=other")
    assert view["rows"] == []
    assert "1 decided study" in page.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("study=none", 404), ("study=sides&candidate=old", 404), ("study=sides&entry=1", 404),
        ("study=sides&metric=nope", 404), ("study=sides&page=x", 400), ("study=sides&entry=x", 400),
        ("study=sides&slice.none=a", 404),
    ],
)  # fmt: skip
def test_a_wrong_address_says_what_was_expected(visitor, query, status):
    assert visitor.get(f"/comparison.json?{query}").status == status
