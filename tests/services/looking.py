"""A browser whose every complaint fails the test, and what is asked of each page that it shows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from tests.services.test_report_browser import ARGUMENTS

expect.set_options(timeout=20_000)  # pages are made in this time on a busy machine, too
INSIDE = "e => e.getBoundingClientRect().bottom <= window.innerHeight"
"""Whether an element ends on the first screen."""


@contextmanager
def chromium():
    """Start the browser that ``CHROMIUM`` names."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], headless=True, args=ARGUMENTS
        )
        yield made
        made.close()


class Visits:
    """Pages that were opened; a console message, an error, a request elsewhere is a problem."""

    def __init__(self, browser, origin):
        self._browser, self.origin = browser, origin.rstrip("/")
        self._contexts, self.problems = [], []

    def __call__(self, path="/", *, width=1200, height=900, **options):
        size = {"width": width, "height": height}
        context = self._browser.new_context(viewport=size, **options)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._asked)
        page.goto(self.origin + path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("#wait")).to_have_count(0)  # what takes long asks again by itself
        return page

    def _asked(self, request):
        if not request.url.startswith(self.origin + "/"):
            self.problems.append(request.url)

    def end(self):
        for context in self._contexts:
            context.close()
        assert self.problems == []


def press(page, *keys):
    """Press keys, each once the page that the one before has opened is there."""
    for key in keys:
        page.wait_for_load_state("networkidle")
        page.keyboard.press(key)


def serious(page):
    """Return what axe-core finds serious or critical."""
    return [
        (one["id"], one["nodes"][0]["html"])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def looked_at(visits, path, name):
    """Look at a page in light, dark, print and narrow: nobody is kept out, nothing is cut off."""
    page = visits(path)
    expect(page.locator("#wait, [hx-trigger=load]")).to_have_count(0, timeout=60_000)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == [], (name, scheme)
        picture(page, f"{name}-{scheme}")
    harmless(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200, name
    page.emulate_media(media="print", color_scheme="light")
    picture(page, f"{name}-print")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 375, name
    picture(page, f"{name}-375")
    return page


def harmless(page):
    """Check that what stands in the texts of a page was made neither a script nor a picture."""
    assert page.title() != "owned"
    assert page.locator("img, script:not([src])").count() == 0


def picture(page, name):
    folder = os.environ.get("LIFTGATE_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
