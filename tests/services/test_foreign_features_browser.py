"""What the comparison of two foreign logs can show, in a real browser."""

from __future__ import annotations

import csv
import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.services.evidence_site import served
from tests.services.looking import Visits, chromium, harmless, looked_at, press
from tests.services.rating_site import ATTACK
from tests.unit.web.ui_place import ROOT

LOGS = ROOT / "tests/fixtures/logs/inspect"
METRIC = f"words {ATTACK}"
AGENTS = [str(LOGS / f"agent-{name}.eval") for name in ("careful", "hasty")]


def table(path, better):
    """Write 30 items of two topics, each tried twice; every text is hostile."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "try", "topic", "question", "answer", "comment", "correct", METRIC])
        for n in range(30):
            topic = f"law {ATTACK}" if n % 3 == 0 else "maths"
            for again in (1, 2):
                right = int(better or n % 3 != 0 or (n % 2 == 0 and again == 1))
                said = f"It is {n if right else 'unknown'}. {ATTACK}"
                name = f"item {n} {ATTACK}" if n == 3 else f"item {n}"
                writer.writerow([name, again, topic, f"And {n}? {ATTACK}", said, ATTACK, right, n])
    return path.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def browser():
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def tables(folder):
    files = [table(folder / f"{name}<b>.csv", name == "old") for name in ("old", "new")]
    words = ("--metric", "correct", "--metric", METRIC, "--repeat", "try", "--slice", "topic")
    with served(folder, "compare", *files, *words, "--ui", "--json") as told:
        yield told["link"]


@pytest.fixture
def visit(browser, tables):
    visits = Visits(browser, tables)
    yield visits
    visits.end()


def test_slices_are_chips_that_narrow_the_estimate_and_the_moves_do_not(visit):
    page = visit("/")
    whole = page.locator("#estimate").inner_text()
    assert "on 30 items" in whole
    assert "exploratory" in whole
    chips = page.get_by_role("navigation", name="Slice topic").get_by_role("link")
    chips.first.focus()
    press(page, "Enter")
    expect(page.locator("#estimate")).to_contain_text("on 10 items with both scores of this filter")
    narrowed = page.locator("#estimate").inner_text()
    page.get_by_role("navigation", name="Items by move").get_by_role("link", name="better").focus()
    press(page, "Enter")
    expect(page.locator("#items-title")).to_have_text(
        re.compile("^0 items: better, topic law <script>")
    )
    assert page.locator("#estimate").inner_text() == narrowed
    chips.first.focus()
    press(page, "Enter")
    expect(page.locator("#estimate")).to_contain_text("on 30 items")
    harmless(page)


def test_what_changed_most_stands_first_with_its_repeats(visit):
    page = visit("/")
    rows = page.locator("#flips tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("2/2")
    expect(rows.first).to_contain_text("0/2")
    expect(rows.last).to_contain_text("1/2")
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", name="Try 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Try 2")).to_be_visible()
    expect(page.locator("ins").first).to_have_text("unknown")
    expect(page.locator("#people")).to_have_count(0)
    harmless(page)


def test_steps_of_two_agents_stand_beside_each_other(browser, folder):
    with served(folder, "compare", *AGENTS, "--ui", "--json") as told:
        visits = Visits(browser, told["link"])
        page = visits("/?move=worse")
        expect(page.locator("#flips tbody tr").first).to_contain_text("4/4")
        press(page, "j", "Enter")
        expect(page.locator("#scores")).to_be_visible()
        first = page.locator("table.steps tbody tr").first.inner_text()
        assert "clerk/careful" in first
        assert "clerk/hasty" in first
        looked_at(visits, "/item?" + page.url.partition("?")[2], "foreign-agents")
        visits.end()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list", "/?move=all"),
        ("item", "/item?move=all&id=item+4"),
        ("empty", "/?move=better"),
        ("hostile", "/item?" + urlencode({"metric": METRIC, "id": f"item 3 {ATTACK}"})),
    ],
)
def test_every_page_is_for_everybody(visit, name, path):
    looked_at(visit, path, f"foreign-{name}")
