"""A scientist looks at two foreign logs side by side in a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from tests.services.rating_site import object_of
from tests.services.test_report_browser import ARGUMENTS, ATTACK


def log(path, better):
    """Write the samples of an lm-eval run; every third answer gets worse, all are hostile."""
    with path.open("w") as file:
        for n in range(40):
            right = float(n % 3 != 0 or better)
            answer = f"It is {n + 1 if right else 'unknown'}, as far as I know. {ATTACK}"
            row = {
                "doc_id": n, "doc": {"question": f"What follows {n}? {ATTACK}"}, "target": str(n),
                "resps": [[answer]], "filtered_resps": [answer], "filter": "none",
                "metrics": ["exact_match"], "exact_match": right,
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    return path.name


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    names = [log(folder / f"samples_{n}.jsonl", n == "old") for n in ("old", "new")]
    server = subprocess.Popen(
        [sys.executable, "-m", "liftgate", "compare", *names, "--ui", "--json"],
        cwd=folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield object_of(server.stdout)["link"]
    server.send_signal(signal.SIGINT)
    server.wait(20)
    server.stdout.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
        )
        yield made
        made.close()


@pytest.fixture
def visit(browser, origin):
    contexts, problems = [], []

    def opened(path="", *, width=1200, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(origin) or problems.append(request.url),
        )
        page.goto(origin + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def picture(page, name):
    folder = os.environ.get("LIFTGATE_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def press(page, key):
    """Press a key once the page's script is there."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def test_by_keyboard_alone_from_the_list_to_a_diff_and_on(visit):
    page = visit()
    press(page, "/")
    expect(page.locator("#q")).to_be_focused()
    press(page, "Shift+Tab")
    press(page, "w")
    press(page, "Tab")
    press(page, "Enter")
    expect(page.locator("#items-title")).to_have_text("14 items: worse")
    press(page, "j")
    press(page, "j")
    press(page, "k")
    press(page, "Enter")
    expect(page.locator("del").first).to_have_text("1")
    expect(page.locator("ins").first).to_have_text("unknown")
    press(page, "j")
    expect(page.locator(".eyebrow")).to_contain_text("2 of 14")
    press(page, "d")
    expect(page.locator("del")).to_have_count(0)
    press(page, "f")
    expect(page.locator("h1 + p")).to_contain_text("flagged")
    press(page, "c")
    expect(page.locator("[data-focus=c]")).to_be_focused()
    page.keyboard.type("F1.1")
    press(page, "Tab")
    press(page, "Enter")
    expect(page.locator("#coding + form + p .tag")).to_have_text("F1.1")
    press(page, "u")
    expect(page.locator("#flips")).to_contain_text("flagged")
    expect(page.locator("#codes + table")).to_contain_text("F1.1")
    assert page.title() != "owned"


def test_nobody_is_kept_out_of_the_list_and_the_item(visit):
    for path in ("", "item?id=0"):
        for scheme in ("light", "dark"):
            page = visit(path, color_scheme=scheme)
            found = Axe().run(page).response["violations"]
            bad = [(one["id"], one["nodes"][0]["html"]) for one in found
                   if one["impact"] in ("serious", "critical")]  # fmt: skip
            assert bad == []


def test_without_scripts_everything_is_reached_by_links_and_forms(visit):
    page = visit(java_script_enabled=False)
    page.locator("select[name=move]").select_option("worse")
    page.get_by_role("button", name="Show").click()
    page.locator("#flips a").first.click()
    expect(page.locator("ins").first).to_have_text("unknown")
    page.get_by_role("link", name="next").click()
    expect(page.locator(".eyebrow")).to_contain_text("2 of 14")
    page.get_by_role("link", name="flag").click()
    page.locator("[data-focus=c]").select_option(
        label="F1.1 contradicts the source that it was given"
    )
    page.get_by_role("button", name="Code").click()
    page.get_by_role("link", name="plain texts").click()
    expect(page.locator("del")).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_label("flagged only (1)").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#items-title")).to_have_text(re.compile("^1 item: worse"))
    expect(page.locator("#estimate")).to_contain_text("too few items")
    sheet = page.request.get(page.get_by_role("link", name="as a sheet").evaluate("a => a.href"))
    assert sheet.text().splitlines()[1].startswith("12,,F1.1")
    again = visit(page.url.split("/", 3)[3])
    expect(again.locator("#flips tbody tr")).to_have_count(1)
    expect(again.locator("#codes + table")).to_contain_text("F1.1")


def test_a_second_person_sees_the_same_at_the_same_address(visit):
    address = "?metric=exact_match&move=worse&q=follows+3&flag=3&code=F1.1%3A3&page=1"
    tables = [visit(address, **how).locator("#flips").inner_text()
              for how in ({}, {"java_script_enabled": False})]  # fmt: skip
    assert tables[0] == tables[1]
    assert "flagged" in tables[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1200])
def test_no_page_is_wider_than_the_window(visit, scheme, width):
    for path in ("", "item?id=0"):
        page = visit(path, width=width, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{path.partition('?')[0] or 'list'}-{scheme}-{width}")
