"""Who may do what when other machines come in, and what another site can do with their browser."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from liftgate.ledger import Ledger
from tests.services.evidence_site import served
from tests.services.looking import Visits, chromium, press
from tests.services.rating_site import study

EVIL = "http://evil.test/"
ITEM = urlencode({"study": "dates", "id": "date-001"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return study(tmp_path_factory.mktemp("roles") / "work")


@pytest.fixture(scope="module")
def browser():
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def links(folder):
    with served(folder, "ui", "--off-loopback", "--no-open", "--json") as told:
        yield told["links"]


@pytest.fixture
def visit(browser, links):
    visits = Visits(browser, links["lead"].partition("/enter/")[0])
    yield visits
    visits.end()


def come_in(visit, links, role):
    page = visit("/enter/" + links[role].partition("/enter/")[2])
    expect(page.locator("footer")).to_contain_text(f"you are here as {role}")
    return page


def item(page, visit):
    page.goto(f"{visit.origin}/comparison/item?{ITEM}")
    expect(page.locator("#scores")).to_be_visible(timeout=30_000)


def flags(folder):
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        return [entry.body["flagged"] for entry in ledger.entries("item.flagged")]


def test_a_reader_sees_what_a_lead_flags_and_has_no_button_for_it(visit, links, folder):
    lead, reader = (come_in(visit, links, role) for role in ("lead", "reader"))
    item(lead, visit)
    press(lead, "s")
    expect(lead.locator(".page-head")).to_contain_text("Flagged for everybody")
    assert flags(folder)[-1] is True
    item(reader, visit)
    expect(reader.locator(".page-head")).to_contain_text("Flagged for everybody")
    expect(reader.locator("form[method=post]")).to_have_count(0)
    before = reader.url
    press(reader, "s")
    assert reader.url == before
    press(lead, "s")
    expect(lead.locator(".page-head")).not_to_contain_text("Flagged for everybody")
    assert flags(folder)[-1] is False


def test_nobody_comes_in_without_a_link(visit):
    page = visit("/studies")
    assert page.locator("body").inner_text() == "A link is needed."
    assert all("403" in problem for problem in visit.problems)
    visit.problems.clear()


def sent_from_elsewhere(page, origin):
    """Open another site's page, which sends our form; return the status of the answer."""
    fields = {"form_token": "0" * 64, "query": ITEM, "flagged": "1"}
    inputs = "".join(f'<input name="{k}" value="{escape(v)}">' for k, v in fields.items())
    form = f'<form method="post" action="{origin}/comparison/flag">{inputs}<button>win</button>'
    page.route(f"{EVIL}**", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(EVIL)
    with page.expect_response(lambda answer: answer.request.method == "POST") as told:
        page.get_by_role("button").click()
    return told.value.status


def test_a_form_of_another_site_changes_nothing_with_a_leads_cookie(visit, links, folder):
    page = come_in(visit, links, "lead")
    before = flags(folder)
    assert sent_from_elsewhere(page, visit.origin) == 403
    expect(page.locator("body")).to_have_text("A link is needed.")  # the cookie stays at home
    assert flags(folder) == before
    visit.problems.clear()


def test_on_this_machine_a_form_of_another_site_changes_nothing_either(browser, folder):
    before = flags(folder)
    with served(folder, "ui", "--no-open", "--json") as told:
        visits = Visits(browser, told["links"]["all"])
        page = visits("/studies")
        assert sent_from_elsewhere(page, visits.origin) == 403
        expect(page.locator("main")).to_contain_text("does not come from this page")
        visits.problems.clear()
        visits.end()
    assert flags(folder) == before
