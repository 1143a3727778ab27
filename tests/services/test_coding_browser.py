"""Two coders say what went wrong, by keyboard alone, through a killed browser."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

from liftgate.failures.taxonomy import load_taxonomy
from tests.services.looking import Visits, harmless, picture, serious
from tests.services.rating_site import ATTACK, Chromium, Server, liftgate, study
from tests.services.test_rating_browser import at, begin
from tests.services.test_report_browser import ARGUMENTS

TAXONOMY = f"""\
liftgate: 1
taxonomy: desk
version: 1
severities: {{S1: 1, S2: 3, S3: 10}}
groups:
  F1:
    is: what it says is not true
    codes:
      F1.1: {{is: contradicts the source that it was given, severity: S3}}
      F1.2: {{is: says what its source does not support, severity: S3}}
      F1.3: {{is: wrong about the world, severity: S3}}
      F1.8: {{is: leaves out a fact that matters, severity: S2}}
  F2:
    is: not what was asked for
    codes:
      F2.1: {{is: wrong format or schema, severity: S2}}
      F2.2: {{is: "wrong length, style or language", severity: S1}}
      F2.3: {{is: {json.dumps("ignores a constraint " + ATTACK)}, severity: S2}}
      F2.8: {{is: declines what it should answer, severity: S2}}
  F4:
    is: tools and steps
    codes:
      F4.1: {{is: takes the wrong tool, severity: S2}}
      F4.7: {{is: stops early or claims to be done, severity: S3}}
  F9:
    is: measurement
    measurement: true
    codes:
      F9.1: {{is: the label is wrong, severity: S1}}
      F9.2: {{is: the scorer is wrong, severity: S1}}
"""
N = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = study(tmp_path_factory.mktemp("coding") / "work")
    (made / "mine.yaml").write_text(TAXONOMY, "utf-8")
    liftgate(made, "failures", "draw", "study.yaml", "--arm", "zeppelin", "--n", str(N), "--seed",
             "4", "--out", "failures.jsonl", "--taxonomy", "mine.yaml")  # fmt: skip
    return made


@pytest.fixture(scope="module")
def server(folder):
    drawn = liftgate(folder, "rate", "draw", "failures.jsonl", "--taxonomy", "mine.yaml",
                     "--raters", "ann,bob", "--seed", "1", "--json")  # fmt: skip
    made = Server(folder, drawn["batch"])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as running:
        yield running


@pytest.fixture
def visit(playwright, server):
    browser = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
    )
    visits = Visits(browser, server.origin)
    yield visits
    visits.end()
    browser.close()


@contextmanager
def desk(folder, drawn, playwright):
    """Serve a batch to a browser of its own."""
    server = Server(folder, drawn["batch"])
    browser = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
    )
    visits = Visits(browser, server.origin)
    try:
        yield server, visits
        visits.end()
    finally:
        browser.close()
        server.stop()


def opened(visit, server, who, **options):
    return visit(server.links[who].removeprefix(server.origin), **options)


def test_two_coders_work_by_keys_one_browser_dies_in_mid_item_and_nothing_is_lost(
    server, visit, folder, playwright, tmp_path
):
    doomed = Chromium(playwright, tmp_path / "profile", ARGUMENTS)
    ann = doomed.browser.contexts[0].new_page()
    ann.goto(server.links["ann"])
    begin(ann)
    ann.keyboard.press("5")
    at(ann, 2)
    ann.keyboard.press("c")
    ann.keyboard.type("the year comes first here")
    expect(ann.locator("#kept")).to_have_text("Kept.")
    doomed.kill()

    bob = opened(visit, server, "bob")
    expect(bob.locator("#intro")).to_contain_text("the label is wrong")
    begin(bob)
    for number in range(1, N + 1):
        at(bob, number)
        expect(bob.get_by_role("heading", name="How it failed")).to_be_visible()
        bob.keyboard.press("5" if number > 1 else "a")
    expect(bob.locator("#end")).to_be_focused()
    harmless(bob)

    ann = opened(visit, server, "ann")
    at(ann, 2)
    expect(ann.locator("#comment")).to_have_value("the year comes first here")
    ann.keyboard.press("5")
    at(ann, 3)
    ann.keyboard.press("3")
    at(ann, 4)
    ann.keyboard.press("u")
    at(ann, 3)
    for number in range(3, N + 1):
        at(ann, number)
        ann.keyboard.press("5")
    expect(ann.locator("#end")).to_be_focused()

    acts = server.acts()
    for coder in ("ann", "bob"):
        undone = {act[2] for act in acts if act[:2] == (coder, "undone")}
        rated = [act[2] for act in acts if act[:2] == (coder, "rated")]
        assert sorted(rated) == sorted([*range(1, N + 1), *undone])
    assert [act[4] for act in acts if act[4]] == ["the year comes first here"]

    lead = opened(visit, server, "lead")
    expect(lead.locator("#agreement")).to_contain_text(f"On {N} subjects that at least two")
    row = lead.locator("#agreement tr", has_text="raw agreement")
    expect(row.locator("td").first).to_have_text(f"{(N - 1) / N:.2f}")

    liftgate(folder, "rate", "export", server.batch, "--out", "codes.jsonl")
    told = liftgate(folder, "failures", "report", "failures.jsonl", "codes.jsonl",
                    "--taxonomy", "mine.yaml", "--json")  # fmt: skip
    assert (told["coders"], told["double_coded"]) == (["ann", "bob"], N)
    assert {one["code"]: (one["least"], one["most"]) for one in told["codes"]}["F2.1"] == (N - 1, N)


def test_the_shipped_codes_are_given_by_two_keys(folder, playwright):
    liftgate(folder, "failures", "draw", "study.yaml", "--arm", "zeppelin", "--n", "3", "--seed",
             "4", "--out", "shipped.jsonl")  # fmt: skip
    drawn = liftgate(folder, "rate", "draw", "shipped.jsonl", "--taxonomy", "shipped",
                     "--raters", "ann,bob", "--seed", "1", "--json")  # fmt: skip
    with desk(folder, drawn, playwright) as (server, visits):
        page = opened(visits, server, "ann", height=800)
        begin(page)
        shown = page.locator(".anchor:visible")
        expect(shown).to_have_count(79)
        picture(page, "coding-shipped")
        page.keyboard.press("2")
        expect(shown).to_have_count(9)
        expect(page.get_by_role("status")).to_contain_text("9 begin with 2")
        picture(page, "coding-shipped-group")
        page.keyboard.press("s")  # skips only where no second key is waited for
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(shown).to_have_count(79)
        page.keyboard.press("4")
        page.keyboard.press("0")
        at(page, 2)
        expect(shown).to_have_count(79)
        page.keyboard.press("u")
        at(page, 1)
        page.keyboard.press("2")
        page.keyboard.press("1")
        at(page, 2)
        page.keyboard.press("s")
        page.keyboard.press("1")
        at(page, 3)
        assert serious(page) == []
        names = list(load_taxonomy().codes)
        values = [act[3] for act in server.acts()]
        assert values == [names.index("F4.10"), None, names.index("F2.1"), None]
        page.set_viewport_size({"width": 375, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_hostile_kind_a_comment_and_a_reason_stay_text_for_rater_and_lead(folder, playwright):
    rows = [{"id": f"s{n}", "input": ATTACK, "answer": ATTACK, "harm": ATTACK} for n in range(2)]
    source = folder / "marked.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    drawn = liftgate(folder, "rate", "draw", str(source), "--rubric", "helpfulness", "--raters",
                     "ann,bob", "--overlap", "2", "--seed", "1", "--json")  # fmt: skip
    with desk(folder, drawn, playwright) as (server, visits):
        for who, key in (("ann", "1"), ("bob", "5")):
            page = opened(visits, server, who)
            expect(page.locator("#intro")).to_contain_text(ATTACK)
            page.locator("#begin").press("Enter")
            for number in (1, 2):
                expect(page.locator("#harm")).to_have_text(ATTACK)
                page.locator("#cover-show").press("Enter")
                at(page, number)
                page.keyboard.press("c")
                page.keyboard.type(ATTACK)
                page.keyboard.press("Escape")
                page.keyboard.press(key)
                expect(page.locator("#count")).to_have_text(f"{number} of 2 done")
            expect(page.locator("#end")).to_be_visible()
            harmless(page)
        lead = opened(visits, server, "lead")
        lead.locator("#queue a").first.press("Enter")
        expect(lead.locator("details.said")).to_contain_text(ATTACK)
        harmless(lead)


@pytest.mark.parametrize(("who", "width"), [("ann", 1200), ("bob", 375)])
def test_many_codes_are_read_and_hit_on_wide_and_narrow_screens(folder, playwright, who, width):
    drawn = liftgate(folder, "rate", "draw", "failures.jsonl", "--taxonomy", "mine.yaml",
                     "--raters", f"{who},eve", "--seed", "2", "--json")  # fmt: skip
    with desk(folder, drawn, playwright) as (server, visits):
        page = opened(visits, server, who, width=width, height=800)
        picture(page, f"coding-intro-{width}")
        begin(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert serious(page) == []
            picture(page, f"coding-{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        answer, controls = (page.locator(one).bounding_box() for one in (".sides", "#controls"))
        assert answer["y"] + answer["height"] <= controls["y"]
        for button in page.locator(".anchor").all():
            expect(button.locator("small")).to_be_visible()
            assert button.evaluate("e => e.scrollWidth <= e.clientWidth"), button.inner_text()
