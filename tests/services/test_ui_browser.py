"""A product manager looks at a workspace in a real browser: a decision in one minute."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from liftgate.canon import digest
from liftgate.records import Trial
from tests.services.looking import INSIDE
from tests.services.rating_site import object_of
from tests.services.test_report_browser import ARGUMENTS, ATTACK
from tests.unit.web.ui_place import ARM, ROOT, amended, decided, locked, place, running

LIVE, GOOD, OLD = locked("live"), locked("docsearch", owner="search-team"), locked("changed since")
PAGES = {
    "studies": "/studies",
    "decision": "/decision?study=docsearch",
    "undecided": "/decision?study=live",
    "documents": "/documents",
    "document": "/document?file=docs/altered.md",
    "hostile": "/decision?study=hostile",
    "report": "/report?entry=3",
    "comparisons": "/comparison",
    "comparison": "/comparison?study=dates",
    "comparison-item": "/comparison/item?study=dates&id=date-001",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("workspace")
    shutil.copytree(ROOT / "examples/first-study", made, dirs_exist_ok=True)

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "liftgate", *words],
            cwd=made, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    run("run", "study.yaml")
    run("doc", "build", "decision-memo", "dates", "--out", "docs/memo.md")
    text = (made / "docs" / "memo.md").read_text("utf-8")
    text = text.replace("43.8", "44.8").replace("## Options", f"## Options\n\n{ATTACK}\n")
    (made / "docs" / "altered.md").write_text(text, "utf-8")
    hostile = locked("hostile", hypothesis=ATTACK, owner=ATTACK)
    place(
        made, GOOD, decided(GOOD), OLD, decided(OLD), amended("changed since", hypothesis="x"),
        LIVE, hostile, decided(hostile, change=owned), locked("forgotten", days=90),
    )  # fmt: skip
    return made


def owned(body):
    for decision in body["decisions"]:
        decision["sentence"] = ATTACK
        for verdict in decision["verdicts"]:
            verdict["reason"] = ATTACK
    return {**body, "hypothesis": ATTACK, "not_shown": [ATTACK]}


@pytest.fixture(scope="module")
def server(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "liftgate", "ui", "--no-open", "--json"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield object_of(process.stdout)["links"]["all"].rstrip("/")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "Stopped.\n")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
        )
        yield made
        made.close()


@pytest.fixture
def visit(browser, server):
    """Open a page; a console message, an error or a request to elsewhere fails the test."""
    contexts, problems = [], []

    def opened(path="/", *, width=1200, height=900, **options):
        options = {"viewport": {"width": width, "height": height}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(server) or problems.append(request.url),
        )
        page.goto(server + path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("#wait")).to_have_count(0)  # what takes long asks again by itself
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def press(page, key):
    """Press a key once the page's script is there."""
    page.wait_for_load_state("networkidle")
    page.keyboard.press(key)


def test_by_keyboard_alone_from_the_list_to_the_decision_its_report_and_its_documents(visit):
    page = visit()
    press(page, "/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("docsearch")
    expect(page.locator("#found")).to_have_text("1 study")
    assert page.url.endswith("q=docsearch&owner=&state=")
    press(page, "Escape")
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("docsearch")
    expect(page.locator(".card").first).to_contain_text("SHIP")
    expect(page.locator(".turns").first).to_contain_text("primary")
    press(page, "g")
    expect(page.locator("h1")).to_have_text("docsearch")
    assert "/report" in page.url
    page.go_back()
    press(page, "u")
    expect(page.locator("h1")).to_have_text("Studies")
    page.go_back()
    press(page, "d")
    expect(page.locator("h1")).to_have_text("Documents")


def test_two_keys_after_the_start_the_first_screen_says_what_was_decided_and_what_would_change_it(
    visit,
):
    page = visit("/", height=800)
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("dates")
    card, turn = page.locator(".card").first, page.locator(".turns li").first
    expect(card).to_contain_text("SHIP")
    expect(card).to_contain_text("+43.8 points (90 % limits 37.3 to 50.3; n 160)")
    expect(turn).to_contain_text("A limit on the other side of that line would end the pass")
    assert card.evaluate(INSIDE)
    assert turn.evaluate(INSIDE)
    page.set_viewport_size({"width": 375, "height": 800})
    assert card.evaluate(INSIDE)


def test_leaving_the_search_field_asks_nothing_again_and_keeps_the_row_in_focus(visit):
    page = visit()
    press(page, "/")
    page.keyboard.type("docsearch")
    expect(page.locator("#found")).to_have_text("1 study")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    press(page, "Escape")
    press(page, "j")
    page.wait_for_load_state("networkidle")
    assert asked == []
    expect(page.get_by_role("link", name="docsearch")).to_be_focused()


def test_a_document_is_found_to_be_altered_by_keyboard_alone(visit):
    page = visit("/documents")
    expect(page.locator("#list")).to_contain_text("3 contradicted")
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#check tbody tr").first).to_contain_text("+44.8 points")
    assert page.title() != "owned"
    assert page.locator("article img, article script").count() == 0


def test_a_reviewer_comes_from_a_number_to_an_answer_by_keyboard_alone(visit):
    page = visit("/decision?study=dates")
    press(page, "c")
    expect(page.locator("#items-title")).to_contain_text("changed")
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#coding")).to_be_visible()
    press(page, "t")
    expect(page.locator("#people")).to_have_count(0)
    press(page, "f")
    expect(page.locator(".page-head")).to_contain_text("flagged")
    press(page, "u")
    expect(page.locator("#flips")).to_contain_text("flagged")
    page.goto(page.url.partition("/comparison")[0] + "/decision?study=dates")
    press(page, "t")
    expect(page.locator("#all")).to_be_visible()
    page.get_by_role("link", name="3:lenient.primary", exact=True).focus()
    press(page, "Enter")
    expect(page.locator("#rows")).to_be_visible()
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#answered")).to_be_visible()
    page.goto(page.url.partition("/response")[0] + "/audit/verify")
    expect(page.locator("main")).to_contain_text("sound")


def test_without_scripts_everything_is_reached_by_links_and_forms(visit, folder):
    (folder / "docs" / "memo.md").touch()  # whatever was found of it before is forgotten
    page = visit(java_script_enabled=False)
    page.locator("#q").fill("docsearch")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#found")).to_have_text("1 study")
    page.get_by_role("link", name="docsearch").click()
    expect(page.locator("h1")).to_have_text("docsearch")
    page.get_by_text("Data of this plot").first.click()
    expect(page.locator("details.data table").first).to_be_visible()
    page.get_by_role("link", name="Report").click()
    expect(page.locator("h1")).to_have_text("docsearch")
    page.go_back()
    page.get_by_role("link", name="Documents").first.click()
    page.get_by_role("link", name="Check these now").click()
    expect(page.locator("#list")).to_contain_text("supported")


def test_a_running_study_moves_on_without_a_reload_and_shows_no_score(visit, folder):
    workspace = place(folder)
    with running(workspace, LIVE, 25) as writer:
        page = visit("/studies?q=live")
        row = page.locator("#list tbody tr").first
        expect(row).to_contain_text("25 of 320 trials")
        key = digest("more")
        now = datetime.now(UTC)
        writer.add_trial(Trial(key, 1, writer.run, ARM, key, 0, now, 0.5, None))
        writer.flush()
        expect(row).to_contain_text("26 of 320 trials")
        assert "points" not in row.inner_text()
    expect(row).to_contain_text("died")
    for file in workspace.active.iterdir():
        file.unlink()


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out_in_light_and_dark_and_nothing_is_cut_off(visit, name):
    for scheme in ("light", "dark"):
        page = visit(PAGES[name], color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
        picture(page, f"{name}-{scheme}")
    page.emulate_media(media="print", color_scheme="light")
    picture(page, f"{name}-print")
    narrow = visit(PAGES[name], width=375)
    assert narrow.evaluate("document.documentElement.scrollWidth") == 375
    picture(narrow, f"{name}-375")
    assert narrow.title() != "owned"


def picture(page, name):
    folder = os.environ.get("LIFTGATE_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
