"""A reviewer in a real browser: from a number to a response, the chain, the approvals."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

from liftgate.humans.batch import DRAWN
from liftgate.ledger import Ledger
from tests.services.evidence_site import ATTACK, HOSTILE_ITEM, copied, evidence, served
from tests.services.looking import Visits, chromium, harmless, looked_at, press
from tests.services.rating_site import liftgate

HOSTILE = quote(HOSTILE_ITEM)
PAGES = {
    "decision": "/decision?study=hostile",
    "gate": "/gate?study=hostile",
    "gate-now": "/gate/status?study=hostile",
    "gate-errors": "/gate/errors?study=hostile",
    "trace": "/trace?ref={entry}:new.primary",
    "trace-entry": "/trace?ref={entry}",
    "response": f"/response?entry={{entry}}&arm=new&item={HOSTILE}",
    "audit": "/audit",
    "entry": "/audit/entry?n={entry}",
    "signed": "/audit/entry?n={signed}",
    "verify": "/audit/verify",
    "judges": "/judges",
    "batch": "/batch?name={batch}",
    "documents": "/documents",
    "document": "/document?" + urlencode({"file": "docs/<b>title.md"}),
    "comparison": "/comparison?study=hostile&move=all",
    "comparison-item": f"/comparison/item?study=hostile&move=all&id={HOSTILE}",
    "comparison-failed": "/comparison/item?study=hostile&move=all&id=q70",
    "comparison-rated": "/comparison/item?study=hostile&move=all&id={rated}",
    "note": "/audit/entry?n={note}",
    "studies-sought": f"/studies?q={quote(ATTACK)}",
    "audit-sought": f"/audit?kind={quote(ATTACK)}&q={quote(ATTACK)}",
    "comparison-sought": f"/comparison?study=hostile&q={quote(ATTACK)}",
    "wrong": f"/decision?study={quote(ATTACK)}",
}
PLANTED = {
    "item": ("response", "h1"),
    "input": ("response", "#asked + pre"),
    "output": ("comparison-item", ".sides pre"),
    "step's name": ("response", ".steps li"),
    "step's output": ("response", ".steps li:nth-child(2) pre:nth-of-type(2)"),
    "retrieved document": ("comparison-item", "td[data-label='Both'] pre"),
    "failure's message": ("trace", "#rows + table td small"),
    "slice's value, a tag of an item": ("comparison", "nav[aria-label='Slice kind'] a"),
    "judge's reason": ("comparison-rated", "h4 + pre"),
    "rater's comment": ("comparison-rated", "#people + table td[data-label=Why]"),
    "rubric": ("batch", ".page-head p:nth-of-type(2)"),
    "person's name": ("audit", "td[data-label=By]"),
    "hypothesis": ("decision", ".asked"),
    "owner": ("decision", ".eyebrow"),
    "approval's note and waiver's reason": ("gate", "td[data-label=Note]"),
    "document's title": ("document", "article h1"),
    "entry's text": ("note", "#said + pre"),
    "search": ("studies-sought", "#q"),
    "kind that is sought": ("audit-sought", "input[name=kind]"),
    "study's name in an error": ("wrong", "main"),
}
"""Field that others fill in -> the page that shows it, and where."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("evidence")
    return evidence(made)


@pytest.fixture(scope="module")
def names(folder):
    """What addresses are made of."""
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        last = {entry.kind: entry for entry in ledger.entries()}
    batch = last[DRAWN].body["batch"]
    rows = liftgate(folder, "rate", "export", batch).splitlines()
    return {
        "rated": json.loads(rows[0])["item"],
        "entry": last["decision"].sequence,
        "signed": last["statement"].sequence,
        "note": last["note"].sequence,
        "batch": batch,
    }


@pytest.fixture(scope="module")
def server(folder):
    with served(folder, "ui", "--no-open", "--json") as told:
        yield told["links"]["all"]


@pytest.fixture(scope="module")
def browser(folder):
    """Start after the workspace is made: its commands cannot run beside a browser's loop."""
    with chromium() as made:
        yield made


@pytest.fixture
def visit(browser, server):
    visits = Visits(browser, server)
    yield visits
    visits.end()


def test_a_reviewer_goes_by_keys_from_a_number_to_a_response_and_verifies_the_chain(visit, names):
    page = visit("/decision?study=hostile")
    press(page, "t")
    expect(page.locator("#all")).to_be_visible()
    page.get_by_role("link", name=f"{names['entry']}:new.primary", exact=True).focus()
    press(page, "Enter")
    expect(page.locator("#number")).to_be_visible()
    press(page, "j", "j", "Enter")
    expect(page.locator("#answered")).to_be_visible()
    harmless(page)
    press(page, "u")
    expect(page.locator("#rest")).to_be_visible()
    page.get_by_role("link", name="Audit trail").focus()
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("Audit trail")
    press(page, "v")
    expect(page.locator("main")).to_contain_text("sound")
    expect(page.locator("main")).to_contain_text("signed statements, each signature its key's")


def test_the_gate_page_tells_who_signed_in_which_role_by_which_key_and_whether_it_counts(visit):
    page = visit("/decision?study=hostile")
    press(page, "a")
    expect(page.locator("#standing")).to_contain_text("exit code", timeout=30_000)
    rows = {}
    for row in page.locator("#signed tbody tr").all():
        cells = [cell.inner_text() for cell in row.locator("th, td").all()]
        rows[cells[0], cells[1].splitlines()[0]] = cells
    stale, valid = rows["bob", "approved"], rows["cem", "approved"]
    assert stale[2] == valid[2] == "product"
    assert "stale" in stale[5]
    assert "about other evidence" in stale[5]
    assert valid[5].endswith("valid")
    assert rows["ada", "signed the locked study"][5].endswith("valid")
    assert "until" in rows["bob", "waived"][5]
    assert len({row[3] for row in rows.values()}) == 3
    assert all(len(row[3].strip()) == 12 for row in rows.values())
    assert valid[6] == ATTACK
    harmless(page)


def test_without_scripts_the_gate_is_asked_by_a_link_and_says_the_same(visit):
    page = visit("/gate?study=hostile", java_script_enabled=False)
    valid = page.locator("#signed tr", has_text="cem")
    expect(valid).to_contain_text("not compared")
    page.get_by_role("link", name="Ask now").click()
    expect(page.locator("#signed tr", has_text="cem")).to_contain_text("valid")
    expect(page.locator("#standing")).to_contain_text("exit code")


def test_two_recorded_arms_are_filtered_by_keys_and_the_estimate_follows_the_slices(visit):
    page = visit("/comparison?study=hostile")
    expect(page.locator("#items-title")).to_contain_text("changed")
    whole = page.locator("#estimate").inner_text()
    assert "on 80 items" in whole
    assert "exploratory" in whole
    shown = page.locator("#flips td[data-label='Δ']").all_inner_texts()
    sizes = [abs(float(text.replace("−", "-"))) for text in shown]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 < sizes[-1] < sizes[0] == 1
    expect(page.locator("#flips tbody tr").first).to_contain_text("0/2")
    page.get_by_role("link", name="worse", exact=False).first.focus()
    press(page, "Enter")
    expect(page.locator("#items-title")).to_contain_text("worse")
    assert page.locator("#estimate").inner_text() == whole
    page.get_by_role("navigation", name="Slice kind").get_by_role("link", name="a").last.focus()
    press(page, "Enter")
    expect(page.locator("#estimate")).to_contain_text("of this filter")
    expect(page.locator("#estimate")).to_contain_text("on 40 items")
    assert "slice.kind=a" in page.url
    assert "move=worse" in page.url
    press(page, "/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("q70")
    press(page, "Enter")
    expect(page.locator("#items-title")).to_have_text("1 item: worse, kind a, with q70")


def test_an_item_of_recorded_arms_shows_diff_documents_steps_reasons_and_people(visit, names):
    page = visit(f"/comparison/item?study=hostile&move=all&id={quote(names['rated'])}")
    expect(page.locator("#scores")).to_be_visible()
    only = page.locator("td[data-label='Candidate only']").first
    expect(only).to_have_text(f"page 2 {ATTACK}")
    expect(page.locator("td[data-label='Both'] pre").first).to_contain_text("page 0")
    kinds = [row.inner_text() for row in page.locator("table.steps").first.locator("tr").all()]
    assert [("no such step" in text) for text in kinds] == [False, False, True, False]
    assert "tool look up" in kinds[2]
    expect(page.locator("#people + table")).to_contain_text("ann")
    expect(page.locator("#people + table")).to_contain_text("bob")
    expect(page.get_by_role("heading", name="tone: why").first).to_be_visible()
    expect(page.locator("h4 + pre").first).to_contain_text("it says so")
    press(page, "t")
    expect(page.locator("#people")).to_have_count(0)
    press(page, "f")
    expect(page.locator(".page-head")).to_contain_text("flagged")
    press(page, "d")
    expect(page.get_by_role("link", name="word diff")).to_be_visible()
    expect(page.locator("del, ins")).to_have_count(0)
    assert {"people=off", "diff=off"} < set(page.url.partition("?")[2].split("&"))
    press(page, "j")
    expect(page.locator("h1")).not_to_have_text(names["rated"])
    press(page, "k")
    expect(page.locator("h1")).to_have_text(names["rated"])
    press(page, "c")
    page.keyboard.type("F1.1")
    press(page, "Tab", "Enter")
    expect(page.locator("#coding + form + p .tag")).to_have_text("F1.1")
    press(page, "u")
    expect(page.locator("#codes + table")).to_contain_text("F1.1")


def test_a_lead_flags_for_everybody_by_one_key_and_without_scripts_by_a_button(visit):
    address = f"/comparison/item?study=hostile&move=all&id={HOSTILE}"
    page = visit(address)
    press(page, "s")
    expect(page.locator(".page-head")).to_contain_text("Flagged for everybody in entry")
    harmless(page)
    press(page, "u")
    expect(page.locator("#flips")).to_contain_text("for everybody")
    press(page, "s")
    expect(page.locator("#items-title")).to_have_text("1 item: all")
    plain = visit(address, java_script_enabled=False)
    plain.get_by_role("button", name="Take the flag off for everybody").click()
    expect(plain.get_by_role("button", name="Flag for everybody")).to_be_visible()


def test_a_chain_that_was_altered_is_seen_by_whoever_verifies_now(browser, folder, tmp_path):
    copy = copied(folder, tmp_path / "altered")
    with served(copy, "ui", "--no-open", "--json") as told:
        visits = Visits(browser, told["links"]["all"])
        page = visits("/audit")
        for name in ("ledger.db", "ledger.db-wal"):
            path = copy / ".liftgate" / name
            if path.exists():
                path.write_bytes(path.read_bytes().replace(b"superior", b"inferior"))
        press(page, "v")
        expect(page.locator("main")).to_contain_text("altered")
        visits.end()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_for_everybody_and_what_others_wrote_is_read_as_they_wrote_it(
    visit, names, name
):
    if name == "wrong":
        page = visit(PAGES[name])
        assert visit.problems.pop().startswith("Failed to load resource")
    else:
        page = looked_at(visit, PAGES[name].format(**names), f"evidence-{name}")
    harmless(page)
    for field, (there, place) in PLANTED.items():
        if there == name:
            texts = [written(one) for one in page.locator(place).all()]
            assert any(ATTACK[:70] in text.replace("\\", "") for text in texts), (field, texts)


def written(element):
    field = element.evaluate("e => e.tagName") == "INPUT"
    return element.input_value() if field else element.text_content()


def test_each_field_is_looked_for_on_a_page_that_is_opened():
    assert {name for name, _ in PLANTED.values()} <= set(PAGES)
