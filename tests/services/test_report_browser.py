"""The pages in a real browser: offline, without scripts, in light, dark and print, wide and narrow.

``CHROMIUM`` names the browser; ``make test-services`` looks it up.
"""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from liftgate.documents.comparison import render_comparison
from liftgate.documents.report import render

DATA = Path(__file__).parents[1] / "data"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ATTACK = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def decision_page(text=None, *, file="decision.json"):
    given = json.loads((DATA / file).read_text("utf-8"))
    return render(
        given["body"],
        entry=4,
        leaf="sha256:" + "ab" * 32,
        time="2026-11-23T11:20:31+00:00",
        texts=given["texts"].get if text is None else lambda digest: text,
        verified="chain verified: 4 entries",
    )


def comparison_page():
    return render_comparison(json.loads((DATA / "comparison.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    made = {"report": decision_page(), "comparison": comparison_page()}
    made["hostile"] = decision_page(ATTACK)
    made["looks"] = decision_page(file="decision_looks.json")
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, pages):
    """Open a page with the network off; whatever it complains about or asks for is an error."""
    contexts, problems = [], []

    def opened(name, *, width=1200, **options):
        options = {"color_scheme": "light", "java_script_enabled": True, **options}
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        address = (pages / f"{name}.html").as_uri()
        page.on("request", lambda r: None if asked_for(r, address) else problems.append(r.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def asked_for(request, address):
    return request.url.partition("#")[0] == address or request.url.startswith("data:")


@pytest.mark.parametrize("name", ["report", "comparison", "looks"])
@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_reaches_out_of_the_page_at_any_width(visit, name, width):
    page = visit(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_looks_are_drawn_and_told_apart_without_colour(visit):
    page = visit("looks", java_script_enabled=False)
    expect(page.locator("#looks svg.looks")).to_have_count(4)
    figure = page.locator("#looks svg.looks").first
    expect(figure.locator("circle.open")).to_have_count(3)
    expect(figure.locator("circle.shown")).to_have_count(1)
    page.locator("#looks details.data summary").first.click()
    expect(page.locator("#looks details.data table").first).to_contain_text("lower limit")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_circle_covers_its_interval_with_the_page(visit, scheme):
    page = visit("looks", color_scheme=scheme)
    inside = "getComputedStyle(document.querySelector('svg.looks circle.open')).fill"
    panel = "getComputedStyle(document.querySelector('section.block')).backgroundColor"
    assert page.evaluate(inside) == page.evaluate(panel)


def test_the_three_words_stand_at_the_top_with_the_recommended_first(visit):
    page = visit("report")
    cards = page.locator(".cards .card")
    expect(cards).to_have_count(3)
    for card, words in zip(
        cards.all(), ["SHIP dense recommended", "INCONCLUSIVE fusion", "HOLD dense-int4"],
        strict=True,
    ):  # fmt: skip
        for word in words.split():
            expect(card).to_contain_text(word)
        expect(card).to_be_in_viewport()


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_without_scripts_everything_is_there(visit, name):
    page = visit(name, java_script_enabled=False)
    for heading in page.locator("h1, h2, h3").all():
        expect(heading).to_be_visible()
    expect(page.locator("svg.forest").first).to_be_visible()
    expect(page.locator("table.gates, #verdicts table").first).to_be_visible()


def test_without_scripts_an_item_opens_and_shows_both_answers(visit):
    page = visit("report", java_script_enabled=False)
    item = page.locator("details.item").nth(1)
    expect(item.locator("pre").first).to_be_hidden()
    item.locator("summary").click()
    expect(item.locator("pre")).to_have_count(4)
    for text in item.locator("pre").all():
        expect(text).to_be_visible()
    left, right = (item.locator("pre").nth(i).bounding_box() for i in (2, 3))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_dark_is_dark_and_light_is_light(visit, name):
    shade = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('svg.forest .label')).fill"
    found = {}
    for scheme in ("light", "dark"):
        page = visit(name, color_scheme=scheme)
        found[scheme] = [lightness(page.evaluate(code)) for code in (shade, ink)]
    assert found["light"][0] > 200 > 60 > found["light"][1]
    assert found["dark"][0] < 60 < 200 < found["dark"][1]


def lightness(colour):
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return sum(parts) / 3


def test_print_is_black_on_white_and_opens_what_is_closed(visit):
    page = visit("report", color_scheme="dark")
    closed = page.locator("details.item").nth(1).locator("pre").first
    expect(closed).to_be_hidden()
    page.emulate_media(media="print")
    assert lightness(page.evaluate("getComputedStyle(document.body).backgroundColor")) == 255
    expect(page.locator("nav")).to_be_hidden()
    assert closed.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    assert closed.bounding_box()["height"] > 0
    page.set_viewport_size({"width": 700, "height": 1000})
    display = "getComputedStyle(document.querySelector('.stack td')).display"
    assert page.evaluate(display) == "table-cell"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_hostile_texts_run_nothing_and_are_read_as_text(visit):
    page = visit("hostile")
    assert page.title() == "SHIP: docsearch-dense"
    assert page.locator("script, img").count() == 0
    expect(page.locator("details.item pre").first).to_have_text(ATTACK)


def test_the_content_policy_stops_what_escaping_would_have_missed(browser, pages):
    broken = (pages / "report.html").read_text("utf-8").replace("</main>", f"{ATTACK}</main>")
    (pages / "broken.html").write_text(broken, "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto((pages / "broken.html").as_uri())
    assert page.title() == "SHIP: docsearch-dense"
    assert any("Content Security Policy" in text for text in refused)
    context.close()


def test_the_keyboard_reaches_the_evidence_first_and_every_link_leads_somewhere(visit):
    page = visit("report")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Skip to the evidence")
    expect(focused).to_be_in_viewport()
    for link in page.locator("a[href^='#']").all():
        target = link.get_attribute("href")
        assert page.locator(f"[id='{target[1:]}']").count() == 1


@pytest.mark.parametrize("width", [1200, 400])
def test_tables_and_pictures_have_names_for_screen_readers(visit, width):
    page = visit("report", width=width)
    gates = page.get_by_role("table", name="Each claim of dense against its demand.")
    expect(gates).to_have_count(1)
    expect(gates.get_by_role("rowheader")).to_have_count(6)
    expect(gates.get_by_role("columnheader")).to_have_count(6)
    plot = page.get_by_role("img", name="Differences: dense − bm25")
    expect(plot).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Sections")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "comparison"])
def test_every_text_has_contrast_enough_where_it_stands(visit, name, scheme):
    page = visit(name, color_scheme=scheme)
    assert page.evaluate(LOW_CONTRAST) == []


LOW_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const front = parse(e instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [lum(front), lum(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(e.outerHTML.slice(0, 80));
  }
  return low;
}"""
