"""People rate in a real browser: by keyboard alone, blind, and through killed processes."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.services.rating_site import (
    ATTACK,
    Chromium,
    Server,
    liftgate,
    secrets_of,
    study,
    subjects_file,
)
from tests.services.rating_states import states
from tests.services.test_report_browser import ARGUMENTS, LOW_CONTRAST

WORDS = {"a": 1.0, "t": 0.5, "b": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return study(tmp_path_factory.mktemp("rating") / "work")


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright):
    chromium = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
    )
    yield chromium
    chromium.close()


@pytest.fixture
def serve(folder):
    servers = []

    def served(source, rubric, *words):
        drawn = liftgate(folder, "rate", "draw", str(source), "--rubric", rubric, "--json", *words)
        servers.append(Server(folder, drawn["batch"]))
        return servers[-1]

    yield served
    for server in servers:
        server.stop()


@pytest.fixture
def visit(browser):
    """Open a link; whatever the page complains about or asks of anybody else is an error."""
    contexts, problems, received = [], [], []

    def kept(route):
        answer = route.fetch(max_redirects=0)
        received.append(f"{route.request.url} {answer.headers} {answer.text()}")
        route.fulfill(response=answer)

    def opened(link, *, keep=False, width=1200, height=900, wanted=("409",), **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, **{"color_scheme": "light", **options}
        )
        contexts.append(context)
        page = context.new_page()
        origin = re.match(r"https?://[^/]+", link)[0]
        page.on(
            "console",
            lambda m: None if any(w in m.text for w in wanted) else problems.append(m.text),
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith(f"{origin}/") else problems.append(r.url)
        )
        if keep:
            page.route("**/*", kept)
        page.goto(link)
        return page

    opened.received = received
    yield opened
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="wait")
        context.close()
    assert problems == []


def begin(page):
    """Begin by keyboard: Tab to the button, Enter."""
    expect(page.locator("#intro")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.locator("#begin").evaluate("e => e === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#item")).to_be_focused()


def at(page, number):
    expect(page).to_have_title(re.compile(f"^Item {number} of "))


def test_two_raters_by_keyboard_with_a_browser_and_the_server_killed_on_the_way(
    serve, visit, folder, playwright, tmp_path
):
    server = serve(folder / "study.yaml", "preference", "--raters", "ann,bob", "--n", "8",
                   "--overlap", "4", "--twice", "1", "--seed", "5")  # fmt: skip
    total = 7
    first = Chromium(playwright, tmp_path / "profile", ARGUMENTS)
    ann = first.browser.contexts[0].new_page()
    ann.goto(server.links["ann"])
    begin(ann)
    for number in (1, 2):
        at(ann, number)
        ann.keyboard.press("a")
    at(ann, 3)
    ann.keyboard.press("c")
    ann.keyboard.type("both sound alike, 100 % a guess")
    expect(ann.locator("#kept")).to_have_text("Kept.")
    first.kill()
    assert len(server.acts()) == 2

    bob = visit(server.links["bob"], wanted=("ERR_CONNECTION_REFUSED",))
    begin(bob)
    bob.keyboard.press("ArrowLeft")
    at(bob, 2)
    server.kill()
    bob.keyboard.press("t")
    expect(bob.get_by_role("alert")).to_contain_text("Nothing is lost")
    bob.keyboard.press("b")
    server.start()
    at(bob, 3)
    expect(bob.get_by_role("alert")).to_be_hidden()
    assert [act[:4] for act in server.acts() if act[0] == "bob"] == [
        ("bob", "rated", 1, 1.0), ("bob", "rated", 2, 0.5),
    ]  # fmt: skip

    second = Chromium(playwright, tmp_path / "other", ARGUMENTS)
    ann = second.browser.contexts[0].new_page()
    ann.goto(server.links["ann"])
    at(ann, 3)
    expect(ann.locator("#comment")).to_have_value("both sound alike, 100 % a guess")
    for page in (ann, bob):
        for number in range(3, total + 1):
            at(page, number)
            page.keyboard.press("b")
        expect(page.locator("#end")).to_be_focused()
    second.kill()

    acts = server.acts()
    for rater in ("ann", "bob"):
        assert [a[2] for a in acts if a[:2] == (rater, "rated")] == list(range(1, total + 1))
    assert len(acts) == 2 * total
    assert [a[4] for a in acts if a[4]] == ["both sound alike, 100 % a guess"]


def test_nothing_that_a_browser_receives_names_an_arm_a_model_or_a_run(serve, visit, folder):
    server = serve(folder / "study.yaml", "helpfulness", "--raters", "ann,bob", "--n", "6",
                   "--overlap", "6", "--twice", "2")  # fmt: skip
    for rater, key in (("ann", "1"), ("bob", "5")):
        page = visit(server.links[rater], keep=True)
        begin(page)
        for number in range(1, 15):
            at(page, number)
            page.keyboard.press(key)
        expect(page.locator("#end")).to_be_visible()
        page.goto(f"{server.origin}/rate.json")
    lead = visit(server.links["lead"], keep=True)
    lead.goto(f"{server.origin}/lead.json")
    lead.goto(f"{server.origin}/lead")
    lead.locator("#queue a").first.click()
    expect(lead.locator("form")).to_be_visible()

    hidden = secrets_of(folder)
    assert len(hidden) > 8
    bodies = visit.received
    assert len(bodies) > 40
    assert [(name, body[:80]) for body in bodies for name in hidden if name in body] == []
    for_raters = [body for body in bodies if "/rate" in body.split()[0]]
    told = ("item-", "date-0", "gold", "repeat", "shared", "probability", "stratum")
    states = [body for body in for_raters if '"task"' in body]
    assert len(states) > 28
    assert [word for body in states for word in told if word in body] == []


def test_undo_skip_and_comment_work_by_single_keys(serve, visit, folder):
    server = serve(folder / "study.yaml", "helpfulness", "--raters", "ann", "--n", "3")
    page = visit(server.links["ann"])
    begin(page)
    page.keyboard.press("4")
    at(page, 2)
    page.keyboard.press("u")
    at(page, 1)
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Why skip it?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#item")).to_be_focused()
    page.keyboard.press("s")
    page.keyboard.press("1")
    at(page, 2)
    page.keyboard.press("c")
    page.keyboard.type("12345 us")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    at(page, 3)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("What each rating means")
    expect(page.locator("#guide-title")).to_be_focused()
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    page.locator("#keys").press("Enter")
    page.locator("#item").focus()
    page.keyboard.press("5")
    at(page, 3)
    assert [act[1:] for act in server.acts()] == [
        ("rated", 1, 4.0, ""), ("undone", 1, None, ""), ("skipped", 1, None, ""),
        ("rated", 2, 2.0, "12345 us"),
    ]  # fmt: skip


def test_a_second_window_cannot_rate_twice(serve, visit, folder):
    server = serve(folder / "study.yaml", "helpfulness", "--raters", "ann", "--n", "2")
    one, two = visit(server.links["ann"]), visit(server.links["ann"])
    begin(one)
    begin(two)
    one.keyboard.press("4")
    at(one, 2)
    two.keyboard.press("1")
    at(two, 2)
    expect(two.get_by_role("alert")).to_contain_text("another window")
    assert [act[:4] for act in server.acts()] == [("ann", "rated", 1, 4.0)]


def test_marked_items_are_asked_about_first_and_can_be_left_out(serve, visit, folder):
    source = subjects_file(folder)
    server = serve(source, "helpfulness", "--raters", "ann", "--n", "8", "--seed", "1")
    page = visit(server.links["ann"])
    expect(page.locator("#intro")).to_contain_text("violence")
    begin(page)
    number, asked = 1, 0
    while not page.locator("#end").is_visible():
        if page.locator("#cover").is_visible():
            expect(page.locator("#texts")).to_be_hidden()
            expect(page.get_by_role("heading", level=1, name="This item is marked")).to_be_visible()
            asked += 1
            page.locator("#cover-refuse").press("Enter")
            expect(page.locator("#cover")).to_be_hidden()
            continue
        title = page.title()
        page.keyboard.press("3")
        number += 1
        page.wait_for_function("t => document.title !== t", arg=title)
    assert (asked, number) == (1, 7)
    expect(page.locator("#end-text")).to_contain_text("6 rated, 0 skipped, 2 left out")
    page.locator("#allow").press("Enter")
    expect(page.locator("#cover")).to_be_focused()
    page.locator("#cover-show").press("Enter")
    expect(page.locator("#item pre").first).to_be_visible()


def test_hostile_texts_run_nothing_and_are_read_as_text(serve, visit, folder):
    server = serve(
        subjects_file(folder), "helpfulness", "--raters", "ann", "--n", "8", "--seed", "2"
    )
    page = visit(server.links["ann"])
    begin(page)
    seen = []
    while not page.locator("#end").is_visible():
        if page.locator("#cover").is_visible():
            page.locator("#cover-show").press("Enter")
        at(page, len(seen) + 1)
        seen.append(page.locator(".sides pre").inner_text())
        assert page.locator("#texts script, #texts img").count() == 0
        title = page.title()
        page.keyboard.press("3")
        page.wait_for_function("t => document.title !== t", arg=title)
    assert seen.count(ATTACK) == 2


SHOTS = os.environ.get("LIFTGATE_SHOTS")


LOOKS = {
    "ann": ("light", 1200), "bob": ("dark", 1200), "cem": ("light", 375), "dan": ("dark", 375),
}  # fmt: skip


@pytest.fixture(scope="module")
def gallery(folder):
    """A batch that everybody rates, and that one rater has rated by file."""
    gold = folder / "gold.jsonl"
    row = '{"id": "g", "input": "Question 9", "answer": "Answer 9", "value": 4}\n'
    gold.write_text(row, "utf-8")
    words = ("--raters", ",".join([*LOOKS, "eve"]), "--overlap", "8", "--gold", str(gold))
    source = str(subjects_file(folder))
    drawn = liftgate(folder, "rate", "draw", source, "--rubric", "helpfulness", *words, "--json")
    sheet = folder / "eve.jsonl"
    rows = liftgate(folder, "rate", "export", drawn["batch"], "--sheet", "eve")
    sheet.write_text(rows.replace('"value": ""', '"value": "5"'), "utf-8")
    liftgate(folder, "rate", "import", drawn["batch"], str(sheet))
    server = Server(folder, drawn["batch"])
    yield server
    server.stop()


@pytest.mark.parametrize("rater", LOOKS)
def test_every_page_has_contrast_and_fits_in_light_and_dark_wide_and_narrow(gallery, visit, rater):
    scheme, width = LOOKS[rater]
    seen = set()
    options = {"width": width, "height": 740, "color_scheme": scheme}
    for name, page in states(visit, gallery, rater, **options):
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=name == "lead")
        seen.add(name)
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        assert page.evaluate(LOW_CONTRAST) == [], name
    assert len(seen) == 11


def test_a_screen_reader_hears_where_it_is_and_what_each_button_does(serve, visit, folder):
    server = serve(folder / "study.yaml", "preference", "--raters", "ann", "--n", "2")
    page = visit(server.links["ann"])
    begin(page)
    expect(page.get_by_role("status")).to_have_text("Item 1 of 2.")
    question = "Which of the two answers serves the person who asked better?"
    group = page.get_by_role("group", name=question)
    expect(group.get_by_role("button")).to_have_count(3)
    first = group.get_by_role("button").first
    expect(first).to_have_accessible_name(re.compile("^first The first answer serves better"))
    expect(first).to_have_attribute("aria-keyshortcuts", "a ArrowLeft")
    for name in ("First answer", "Second answer", "Question"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_accessible_name("0 of 2 done")
    expect(page.get_by_role("heading", level=1)).to_have_text(question)
    first.press("Enter")
    expect(page.get_by_role("status")).to_have_text("first: kept. Item 2 of 2.")
    expect(page.locator("#item")).to_be_focused()


def test_the_lead_settles_without_scripts_and_by_keyboard(serve, visit, folder):
    server = serve(folder / "study.yaml", "preference", "--raters", "ann,bob", "--n", "3",
                   "--overlap", "3")  # fmt: skip
    for rater, key in (("ann", "a"), ("bob", "t")):
        page = visit(server.links[rater])
        begin(page)
        for number in (1, 2, 3):
            at(page, number)
            page.keyboard.press(key)
        expect(page.locator("#end")).to_be_visible()
    lead = visit(server.links["lead"], java_script_enabled=False)
    expect(lead.locator("#queue")).to_contain_text("3 open, 0 settled")
    lead.locator("#queue a").first.press("Enter")
    lead.locator("input[type=radio]").first.focus()
    lead.keyboard.press("Space")
    lead.keyboard.press("Tab")
    lead.keyboard.type("the first is right")
    lead.keyboard.press("Tab")
    lead.keyboard.press("Enter")
    expect(lead.locator("#queue")).to_contain_text("2 open, 1 settled")
    assert [act[:2] for act in server.acts()][-1] == ("lead", "adjudicated")


def test_a_page_of_one_rater_cannot_write_for_another_who_came_in_since(serve, visit, folder):
    server = serve(folder / "study.yaml", "helpfulness", "--raters", "ann,bob", "--n", "2")
    page = visit(server.links["ann"], wanted=("403",))
    begin(page)
    page.context.new_page().goto(server.links["bob"])
    page.keyboard.press("4")
    expect(page.get_by_role("alert")).to_contain_text("the page was opened for somebody else")
    assert server.acts() == []
