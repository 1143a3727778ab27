"""Gate, trace, responses, audit trail, judges and raters: pages over a study that really ran."""

from __future__ import annotations

import json
import re
import shutil
from urllib.parse import quote, urlencode

import pytest

from liftgate.cli.main import main
from liftgate.flow import gate_view
from liftgate.flow.checkpoints import trust_file
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.store import Workspace
from tests.stories.test_models_move_by_decisions import STUDY as MOVED
from tests.unit.documents.conftest import Page
from tests.unit.web.ui_place import client

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>"
SYSTEMS = """
import hashlib

def system(right=0.5):
    def answer(parts):
        drawn = int(hashlib.sha256(parts["text"].encode()).hexdigest()[:8], 16) / 2**32
        if parts["text"] == "question 7":
            raise RuntimeError("<script>alert(2)</script> went wrong")
        return "yes" if drawn < right else "no <script>alert(3)</script>"
    answer.measure = lambda: {"size_mb": 1.0}
    return answer
"""
STUDY = {
    **MOVED,
    "study": "shown",
    "dataset": {"source": "items.jsonl", "slices": ["kind"]},
    "arms": {
        name: {**arm, "system": "python:shown_systems:system"}
        for name, arm in MOVED["arms"].items()
    },
    "tier": "scaleup",
}


def said(*words, code=0):
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    assert stopped.value.code == code, words


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
        patch.setenv("LIFTGATE_KEYS", str(folder / "private"))
        patch.delenv("LIFTGATE_TRUST", raising=False)
        (folder / "shown_systems.py").write_text(SYSTEMS)
        rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes", "kind": "a"}
                for n in range(120)]  # fmt: skip
        rows[3] |= {"id": f"q3 {ATTACK}", "input": f"question 3 {ATTACK}", "kind": ATTACK}
        (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "study.yaml").write_text(json.dumps(STUDY))
        said("keys", "new", "ada")
        said("keys", "trust", "ada.pub.json", "--role", "product", "--sign-with", "ada")
        said("keys", "new", "bob")
        said("keys", "trust", "bob.pub.json", "--role", "product", "--sign-with", "ada")
        said("study", "lock", "study.yaml")
        said("sign", "study.yaml", "--sign-with", "ada")
        said("run", "study.yaml", "--quiet")
        said("approve", "study.yaml", "--role", "product", "--sign-with", "ada", code=1)
        said("approve", "study.yaml", "--role", "product", "--sign-with", "bob",
             "--note", ATTACK)  # fmt: skip
    return Workspace(folder / ".liftgate")


@pytest.fixture(scope="module")
def visitor(workspace):
    return client(workspace)


@pytest.fixture(scope="module")
def decision(workspace):
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return next(entry for entry in ledger.entries("decision"))


def shown(visitor, path):
    """Return a page and its twin's values; both must be there, and the page harmless."""
    address, _, query = path.partition("?")
    answer = visitor.get(path)
    assert answer.status == 200, answer.text
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert len(answer.text) < 300_000
    return Page(answer.text), visitor.get(f"{address}.json?{query}").json()


def test_the_audit_trail_lists_every_entry_from_the_newest_with_its_kind(visitor, workspace):
    page, view = shown(visitor, "/audit")
    with Ledger.open(workspace.home, read_only=True) as ledger:
        kinds = [entry.kind for entry in ledger.entries()]
    assert [row["kind"] for row in view["rows"]] == kinds[::-1]
    assert f"{len(kinds)} entries" in page.text


def test_the_audit_trail_is_filtered_by_kind_and_by_text_and_goes_on_where_it_stopped(visitor):
    _, view = shown(visitor, "/audit?kind=decision")
    assert [row["kind"] for row in view["rows"]] == ["decision"]
    _, view = shown(visitor, "/audit?q=no+such+author")
    assert view["rows"] == []
    _, all_ = shown(visitor, "/audit")
    _, older = shown(visitor, "/audit?before=4")
    assert older["rows"] == all_["rows"][-3:]


def test_an_entry_shows_its_body_its_digest_and_who_signed(visitor, decision):
    page, view = shown(visitor, f"/audit/entry?n={decision.sequence}")
    assert json.loads(view["body"])["study"] == "shown"
    assert decision.leaf in page.text
    _, trail = shown(visitor, "/audit?kind=statement")
    page, view = shown(visitor, trail["rows"][0]["address"])
    assert view["signature"]["by"] == ["bob"]
    assert "By the trusted key of bob" in page.text


def test_verifying_says_sound_and_after_a_flipped_byte_it_names_the_entry(
    visitor, workspace, tmp_path
):
    page, view = shown(visitor, "/audit/verify")
    assert view["sound"] is True
    assert "sound" in page.text
    copy = tmp_path / ".liftgate"
    shutil.copytree(workspace.home, copy)
    (copy / "trust.json").unlink(missing_ok=True)
    for name in ("ledger.db", "ledger.db-wal"):
        path = copy / name
        if path.exists():
            path.write_bytes(path.read_bytes().replace(b"right more often", b"wrong more often"))
    page, view = shown(client(Workspace(copy)), "/audit/verify")
    assert view["sound"] is False
    assert "altered" in page.text
    assert "entry" in view["says"]


def test_from_a_number_to_a_response(visitor, decision):
    page, view = shown(visitor, f"/trace?ref={decision.sequence}:new.primary")
    assert view["sound"] is True
    assert view["row_count"] == 120
    assert view["row_arms"] == ["old", "new"]
    first = view["rows"][0]
    assert first["cells"][0]["mark"].startswith("crash")  # failures come first
    values = [cell["value"] for row in view["rows"] for cell in row["cells"]]
    assert len(values) == 100
    assert "120 rows" in page.text
    address = view["rows"][1]["cells"][1]["address"]
    page, said_ = shown(visitor, address)
    assert said_["arm"] == "new"
    assert said_["input"].startswith("question") or "question" in said_["input"]
    assert said_["scores"][0]["metric"] == "right"
    assert said_["run"]["entry"] is not None
    assert said_["trial"]["run"] == said_["run"]["id"]


def test_pages_of_rows_hold_every_row_once(visitor, decision):
    seen = []
    for number in (1, 2, 3):
        query = urlencode({"ref": f"{decision.sequence}:new.primary", "page": number})
        _, view = shown(visitor, f"/trace?{query}")
        seen += [row["item"] for row in view["rows"]]
    assert len(seen) == len(set(seen)) == 120
    assert visitor.get(f"/trace?ref={decision.sequence}:new.primary&page=4").status == 400


def test_a_response_holds_the_same_value_as_the_row_and_the_text_of_the_answer(visitor, decision):
    _, view = shown(visitor, f"/trace?ref={decision.sequence}:new.primary")
    for row in view["rows"][:5]:
        for cell in row["cells"]:
            _, response = shown(visitor, cell["address"])
            if response["failure"]:
                assert "went wrong" in response["message"]
                continue
            assert response["scores"][0]["value"] == cell["value"]
            assert (response["output"].split()[0] == "yes") == (cell["value"] == 1)


def test_a_response_names_the_entry_of_its_run_and_reads_no_others(
    visitor, decision, workspace, monkeypatch
):
    path = f"/response?entry={decision.sequence}&item=q1&arm=new"
    with Ledger.open(workspace.home, read_only=True) as ledger:
        runs = {entry.body["id"]: entry.sequence for entry in ledger.entries("run.finished")}
        locks = [entry.sequence for entry in ledger.entries("study.locked")]
    visitor.get("/studies")  # the index is up to date
    read, entry_of = [], Ledger.entry

    def counted(ledger, sequence):
        read.append(sequence)
        return entry_of(ledger, sequence)

    monkeypatch.setattr(Ledger, "entry", counted)
    monkeypatch.setattr(Ledger, "entries", None)
    _, view = shown(visitor, path)
    assert view["run"]["entry"] == runs[view["run"]["id"]]
    assert set(read) == {decision.sequence, *locks, view["run"]["entry"]}


def test_a_reference_through_a_document_opens_no_file(visitor, workspace):
    there = workspace.home.parent / "study.yaml"
    answers = [visitor.get(f"/trace?{urlencode({'ref': f'{file}#m1'})}")
               for file in (there, "/no/such/file")]  # fmt: skip
    assert [answer.status for answer in answers] == [400, 400]
    assert all("a page opens no file" in answer.text for answer in answers)


def test_hostile_items_and_answers_stay_text(visitor, decision):
    item = quote(f"q3 {ATTACK}")
    page, view = shown(visitor, f"/response?entry={decision.sequence}&item={item}&arm=old")
    assert ATTACK in view["input"]
    assert "<script>alert(1)</script>" in page.text  # as text, escaped in the source


def test_the_gate_names_policy_power_and_everybody_who_signed(visitor):
    page, view = shown(visitor, "/gate?study=shown")
    assert view["policy"]["name"] == "scaleup"
    assert [(one["by"], one["role"]) for one in view["signatures"]] == [
        (["ada"], ""),
        (["bob"], "product"),
    ]
    (refused,) = view["refused"]
    assert refused["name"] == "ada"
    assert "liftgate approve study.yaml" in page.text
    assert view["power"]["worlds"]


def test_how_a_decision_stands_is_what_the_command_says(visitor, workspace, monkeypatch, capsys):
    _, view = shown(visitor, "/gate/status?study=shown")
    assert view["fault"] == ""
    monkeypatch.chdir(workspace.home.parent)
    monkeypatch.setenv("LIFTGATE_HOME", str(workspace.home))
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(["gate", "status", "study.yaml", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert stopped.value.code == view["exit_code"] == told["exit_code"]
    assert view["state"] == told["standing"]["state"]
    assert [one["name"] for one in view["tree"] if one["depth"] == 0] == [
        one["name"] for one in told["standing"]["parts"]
    ]


def test_an_approval_that_the_author_slipped_in_does_not_count(
    workspace, decision, tmp_path, monkeypatch
):
    copy = Workspace(tmp_path / ".liftgate")
    shutil.copytree(workspace.home, copy.home)
    monkeypatch.setenv("LIFTGATE_KEYS", str(workspace.home.parent / "private"))
    trust, key = load_trust(trust_file(copy, None)), load_key("ada")
    with Ledger.open(copy.home) as ledger:
        policy = shown(client(copy), "/gate?study=shown")[1]["policy"]["digest"]
        said = {"role": "product", "policy": policy}
        consent.give(
            ledger, decision, consent.APPROVAL, said, [key], trust, evidence="sha256:" + "e" * 64
        )
    page, view = shown(client(copy), "/gate?study=shown")
    *_, bob, ada = view["signatures"]
    assert (bob["by"], bob["state"]) == (["bob"], "not compared")
    assert (ada["by"], ada["state"], ada["why"]) == (
        ["ada"], "does not count", "the author does not approve",
    )  # fmt: skip
    assert "✖ does not count" in page.text


def test_why_a_command_could_not_tell_is_shown_and_no_empty_page(workspace, tmp_path):
    copy, studies = Workspace(tmp_path / ".liftgate"), tmp_path / "studies"
    shutil.copytree(workspace.home, copy.home)
    shutil.copytree(workspace.home.parent, studies, ignore=shutil.ignore_patterns(".liftgate"))
    there = client(copy)
    _, view = shown(there, "/gate/status?study=shown")
    assert (view["fault"], bool(view["tree"])) == ("", True)  # as from the folder of the workspace
    file = studies / "study.yaml"
    file.write_text(file.read_text("utf-8").replace('"exact"', '"exakt"'), "utf-8")
    for path in ("/gate/status", "/gate/errors"):
        page, view = shown(there, f"{path}?study=shown")
        assert "studies/study.yaml" in view["fault"]
        assert re.search(r"line [0-9]+, scorers\S+: .*exakt", view["fault"])
        assert "exakt" in page.text


def test_the_picture_of_a_gates_errors_has_its_numbers_under_it(visitor, monkeypatch):
    monkeypatch.setattr(gate_view, "_RUNS", 200)
    page, view = shown(visitor, "/gate/errors?study=shown")
    assert view["fault"] == ""
    assert page.source.count("<svg") == 1
    assert view["figure"]["rows"]
    assert 0 <= view["false_ship"]["rate"] <= view["false_ship"]["upper"] <= 1


def test_the_pages_of_judges_say_what_to_do_when_there_is_none(visitor):
    page, view = shown(visitor, "/judges")
    assert (view["judges"], view["batches"]) == ([], [])
    assert "liftgate judge calibrate" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/entry?n=999", 404), ("/audit/entry", 400), ("/audit/entry?n=x", 400),
        ("/trace", 400), ("/trace?ref=999", 404), ("/trace?ref=nonsense:x", 400),
        ("/response?entry=1&item=q1&arm=old", 404), ("/response?entry=1", 400),
        ("/gate", 400), ("/gate?study=none", 404), ("/gate/status?study=none", 404),
        ("/judge?entry=1", 404), ("/judge", 400), ("/batch?name=none", 404), ("/batch", 400),
    ],
)  # fmt: skip
def test_a_wrong_address_is_a_page_that_says_what_was_expected(visitor, path, status):
    answer = visitor.get(path)
    assert answer.status == status, answer.text
    assert "Traceback" not in answer.text


def test_an_unknown_item_arm_or_try_is_said(visitor, decision):
    base = f"/response?entry={decision.sequence}"
    for query in ("&item=nope&arm=old", "&item=q1&arm=nope", "&item=q1&arm=old&repeat=3"):
        assert visitor.get(base + query).status == 404


def test_links_of_every_page_lead_somewhere(visitor, decision):
    seen, waiting = set(), ["/studies", f"/trace?ref={decision.sequence}", "/gate?study=shown"]
    while waiting and len(seen) < 50:
        path = waiting.pop()
        if path in seen or "/gate/" in path:
            continue
        seen.add(path)
        answer = visitor.get(path)
        assert answer.status == 200, (path, answer.text[:500])
        found = re.findall(r'href="(/[^"]*)"', answer.text)
        links = [one.replace("&amp;", "&") for one in found]
        waiting += [one for one in links if ".json" not in one and "/static/" not in one]
    assert len(seen) > 20
