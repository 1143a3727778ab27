"""The decision in one minute, and the report beside it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from liftgate.documents.brief import would_change
from liftgate.ledger import Ledger
from tests.unit.documents.conftest import Page
from tests.unit.documents.test_hostile_texts import ATTACKS, NEVER, planted, skeleton
from tests.unit.web.ui_place import amended, client, decided, locked, place, running

LOCK = locked("docsearch")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return place(tmp_path_factory.mktemp("decision"), LOCK, decided(LOCK, days=0.8), decided(LOCK))


@pytest.fixture(scope="module")
def visitor(workspace):
    return client(workspace)


def test_the_page_holds_what_the_twin_says(visitor):
    view = visitor.get("/decision.json?study=docsearch").json()
    page = Page(visitor.get("/decision?study=docsearch").text)
    said = view["decision"]
    assert said["entry"] == 3
    for candidate in said["candidates"]:
        assert f"{candidate['badge']['word']} {candidate['name']}" in page.text
        assert candidate["sentence"] in page.text
    for shown in said["shown"]:
        for claim in (*shown["claims"], *shown["others"]):
            assert claim["demand"] in page.text
            assert claim["ref"] in page.text
            assert claim["badge"]["word"] in page.text
    for line in (*said["cost"], *said["not_shown"]):
        assert line in page.text


def test_every_figure_has_its_numbers_in_a_table_under_it(visitor):
    view = visitor.get("/decision.json?study=docsearch").json()
    page = Page(visitor.get("/decision?study=docsearch").text)
    figures = [one for shown in view["decision"]["shown"] for one in shown["figures"]]
    assert len(figures) == page.source.count('<svg class="figure') > 0
    for figure in figures:
        assert figure["rows"]
        for row in figure["rows"]:
            for cell in filter(None, row):
                assert cell in page.text


def test_what_would_change_names_the_primary_and_every_claim_that_failed(visitor):
    view = visitor.get("/decision.json?study=docsearch").json()
    for shown in view["decision"]["shown"]:
        named = [one["claim"] for one in shown["would_change"]]
        failed = [
            claim["ref"].split(f"{shown['name']}.")[1]
            for claim in shown["claims"]
            if claim["standing"] not in ("gate passed",)
        ]
        assert "primary" in named
        assert set(failed) <= set(named)
        assert not [name for name in named if name.startswith(("watch", "secondary"))]


def test_a_pass_turns_at_the_other_side_and_a_fail_at_the_right_one():
    verdict = {"claim": "primary", "reason": "r", "rejected": True, "reading": "superior"}
    decision = {"verdicts": [verdict], "units_needed": None, "binding": None}
    assert "end the pass" in next(would_change(decision))["turn"]
    verdict |= {"rejected": False, "reading": "inconclusive"}
    decision["units_needed"] = 1234
    turns = [one["turn"] for one in would_change(decision)]
    assert "would pass it" in turns[0]
    assert "1,234 units" in turns[1]


def test_an_older_decision_says_that_there_is_a_newer_one(visitor):
    page = Page(visitor.get("/decision?study=docsearch&entry=2").text)
    assert "An older decision" in page.text
    assert "An older decision" not in visitor.get("/decision?study=docsearch").text
    assert visitor.get("/decision?study=docsearch&entry=1").status == 404


def test_an_older_decision_says_that_it_was_reopened_and_a_newer_one_on_the_same_rows_too(tmp_path):
    def other(body):
        return {**body, "rows": {**body["rows"], "digest": "sha256:" + "9" * 64}}

    workspace = place(tmp_path, LOCK, decided(LOCK), decided(LOCK), decided(LOCK, change=other))
    visitor = client(workspace)
    body = {"thing": "dataset:x", "reason": "<b>swapped</b> labels",
            "decisions": [{"entry": 2, "study": "docsearch"}]}  # fmt: skip
    with Ledger.open(workspace.home) as ledger:
        ledger.append("decision.reopened", body)
        ledger.append("decision.reopened", {"decisions": [{"entry": "x"}]})
    says = "This decision was reopened by ledger entry 5: dataset:x (<b>swapped</b> labels)"
    for entry, told in ((2, True), (3, True), (4, False)):
        page = Page(visitor.get(f"/decision?study=docsearch&entry={entry}").text)
        assert (says in page.text) is told
        view = visitor.get(f"/decision.json?study=docsearch&entry={entry}").json()
        assert bool(view["decision"]["reopened"]) is told
    assert "reopened by entry 5" in Page(visitor.get("/decision?study=docsearch").text).text


def test_one_candidate_is_shown_in_full_when_its_name_is_in_the_address(visitor):
    view = visitor.get("/decision.json?study=docsearch").json()["decision"]
    name = view["candidates"][-1]["name"]
    one = visitor.get(f"/decision.json?study=docsearch&candidate={name}").json()["decision"]
    assert [shown["name"] for shown in one["shown"]] == [name]
    assert visitor.get("/decision?study=docsearch&candidate=nobody").status == 404


def test_a_decision_of_an_amended_study_says_that_it_is_stale(tmp_path):
    changed = amended("docsearch", hypothesis="Another one.")
    visitor = client(place(tmp_path, LOCK, decided(LOCK), changed))
    assert (
        "Stale: the study was amended since (entry 3)"
        in Page(visitor.get("/decision?study=docsearch").text).text
    )


def test_before_it_is_decided_only_demands_and_counts_are_shown(tmp_path):
    workspace = place(tmp_path, LOCK)
    visitor = client(workspace)
    with running(workspace, LOCK, 30):
        view = visitor.get("/decision.json?study=docsearch").json()
        page = Page(visitor.get("/decision?study=docsearch").text)
    assert view["decision"] is None
    assert [one["claim"] for one in view["asked"]["claims"]] == [
        "primary", "guardrails.0", "watch.0",
    ]  # fmt: skip
    assert "better by more than 0 points" in page.text
    assert "30 of 320 trials" in page.text
    assert "fail" not in page.text
    assert "<svg" not in page.source


def test_among_many_studies_only_the_nearest_is_named(tmp_path):
    visitor = client(place(tmp_path, *(locked(f"study-{n:03}") for n in range(30))))
    said = visitor.get("/decision.json?study=study-0177").json()["error"]
    assert "study-017" in said
    assert said.count("study-") <= 3


def test_a_decided_study_that_runs_again_shows_both(tmp_path):
    workspace = place(tmp_path, LOCK, decided(LOCK))
    with running(workspace, LOCK, 12):
        text = Page(client(workspace).get("/decision?study=docsearch").text).text
    assert "12 of 320 trials" in text
    assert "Ship dense" in text


def test_an_unknown_study_is_named_and_a_missing_one_asked_for(visitor):
    assert visitor.get("/decision?study=docsaerch").status == 404
    assert visitor.get("/decision").status == 400


def test_an_altered_entry_is_refused_and_nothing_of_it_shown(tmp_path):
    workspace = place(tmp_path, LOCK, decided(LOCK))
    visitor = client(workspace)
    assert visitor.get("/decision?study=docsearch").status == 200
    with Ledger.open(workspace.home) as ledger:
        ledger._connection.execute("DROP TRIGGER entry_is_never_changed")
        ledger._connection.execute(
            "UPDATE entry SET data = CAST(replace(CAST(data AS TEXT), 'inconclusive', 'ship') "
            "AS BLOB) WHERE sequence = 2"
        )
    for path in ("/decision?study=docsearch", "/report?entry=2"):
        answer = visitor.get(path)
        assert answer.status == 500
        assert "altered" in answer.text
        assert "recommended" not in answer.text


def test_the_report_stands_alone_under_a_policy_that_names_its_style(visitor):
    answer = visitor.get("/report?entry=3")
    policy = answer.headers["content-security-policy"]
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert policy.split("style-src ")[1].split(";")[0] in answer.text
    assert visitor.get("/report?entry=1").status == 404
    assert visitor.get("/report").status == 400
    entry = visitor.get("/report.json?entry=3").json()
    assert (entry["sequence"], entry["body"]["study"]) == (3, "docsearch")


def test_no_page_but_the_report_may_bring_a_policy_of_its_own():
    from liftgate.web.guard import HEADERS, POLICY, _may, alone

    for given in (
        alone("x") + "; script-src *",
        "default-src *",
        alone("x").replace("img-src data:", "img-src *"),
        HEADERS[POLICY].replace("'self'", "'unsafe-inline'"),
    ):
        assert not _may(b"content-security-policy", given.encode(), {"status": 200})
    assert _may(b"content-security-policy", alone("x").encode(), {"status": 200})


def test_links_lead_only_to_pages_that_there_are(visitor):
    links = visitor.get("/decision.json?study=docsearch").json()["links"]
    assert links
    for link in links:
        answer = visitor.get(link["address"])
        if link["address"].startswith("/comparison"):  # the run itself is not kept here
            assert "runs/run-1.parquet: the file is missing" in answer.text
        else:
            assert answer.status in (200, 303), link


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name != "surrogate"])
def test_hostile_claims_reasons_arms_and_names_stay_text(tmp_path, attack):
    def page(folder, text):
        lock = locked(f"n{text}", hypothesis=text, owner=text)
        made = place(folder, lock, decided(lock, change=lambda body: planted(body, text)))
        answer = client(made).get(f"/decision?study={quote(f'n{text}')}")
        assert answer.status == 200
        return Page(answer.text)

    hostile, tame = page(tmp_path / "a", ATTACKS[attack]), page(tmp_path / "b", "x")
    assert skeleton(hostile) == skeleton(tame)
    assert not NEVER & set(hostile.source)
