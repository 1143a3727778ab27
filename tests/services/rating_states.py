"""Every page of a rating server in every state, for whoever looks at them all."""

from __future__ import annotations

from playwright.sync_api import expect


def states(visit, server, rater, **options):
    """Yield every page in every state, with its name."""
    page = visit(server.links[rater], **options)
    expect(page.locator("#intro")).to_be_visible()
    yield "intro", page
    page.locator("#begin").press("Enter")
    while page.locator("#cover").is_hidden():
        title = page.title()
        page.keyboard.press("3")
        page.wait_for_function("t => document.title !== t", arg=title)
    yield "cover", page
    page.locator("#cover-show").press("Enter")
    yield "item", page
    page.keyboard.press("c")
    page.keyboard.type("a comment")
    expect(page.locator("#kept")).to_have_text("Kept.")
    yield "comment", page
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    yield "skip", page
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    yield "guide", page
    page.keyboard.press("Escape")
    page.locator("#item").focus()
    for _ in range(12):
        if page.locator("#end").is_visible():
            break
        if page.locator("#cover").is_visible():
            page.locator("#cover-show").press("Enter")
        title = page.title()
        page.keyboard.press("4")
        page.wait_for_function("t => document.title !== t", arg=title)
    yield "end", page
    lead = visit(server.links["lead"], **options)
    yield "lead", lead
    with lead.expect_navigation(wait_until="load"):
        lead.locator("#queue a").first.click()
    yield "settle", lead
    lead.locator("details.said summary").click()
    yield "said", lead
    yield "plain", visit(f"{server.origin}/enter/nobody", wanted=("403",), **options)
