"""Pages that take long say how far they are; what was made is given once."""

from __future__ import annotations

import threading
import time

import pytest

from liftgate.errors import DataError
from liftgate.store import Workspace
from liftgate.web.guard import LOOPBACK
from liftgate.web.ui import app, later, shell
from liftgate.web.ui.later import Later, tell
from liftgate.web.ui.shell import Page, Site, pages
from tests.unit.web.asking import Client
from tests.unit.web.ui_place import place


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A visitor of a workspace with one page more, which waits until it is let go."""
    workspace = place(tmp_path)
    gate, made = threading.Event(), []

    def view(_, asked):
        tell("3 of 7 are done. <b>")
        assert gate.wait(30)
        made.append(asked.get("n"))
        if asked.get("n") == "bad":
            raise DataError("n: got bad")
        return {"says": "made", "sound": None, "hint": ""}

    monkeypatch.setattr(
        app, "MODULES", (lambda site: pages(site, Page("/slow", "ui/verify.html.j2", view)),)
    )
    monkeypatch.setattr(later, "WAIT_S", 0.01)
    site = Site(Workspace(workspace.home), tmp_path)
    return Client(app.make_ui_app(site, hosts=LOOPBACK, tokens=None)), gate, made


def test_who_waits_sees_how_far_it_is_and_then_the_page_itself(slow):
    visitor, gate, made = slow
    first = visitor.once("/slow?n=1&m=<")
    assert (first.status, first.headers["refresh"]) == (202, "1")
    assert "3 of 7 are done. &lt;b&gt;" in first.text
    assert 'href="/slow?n=1&amp;m=&lt;"' in first.text
    assert visitor.once("/slow?n=1&m=<").status == 202
    assert made == []
    gate.set()
    page = visitor.get("/slow?n=1&m=<")
    assert (page.status, "made" in page.text, made) == (200, True, ["1"])
    assert visitor.get("/slow?n=1&m=<").status == 200
    assert made == ["1", "1"]  # asked anew, it is made anew


def test_what_goes_wrong_is_told_to_who_waits(slow):
    visitor, gate, _ = slow
    assert visitor.once("/slow?n=bad").status == 202
    gate.set()
    answer = visitor.get("/slow?n=bad")
    assert (answer.status, "got bad" in answer.text) == (400, True)


def test_a_part_of_a_page_and_the_twin_are_waited_for(slow):
    visitor, gate, _ = slow
    threading.Timer(0.05, gate.set).start()
    assert visitor.once("/slow?n=2", hx_request="true").status == 200
    gate.clear()
    threading.Timer(0.05, gate.set).start()
    assert visitor.once("/slow.json?n=2").json()["says"] == "made"


def test_pages_that_nobody_fetched_are_dropped_and_those_being_made_are_not(monkeypatch):
    monkeypatch.setattr(later, "_MOST", 2)
    monkeypatch.setattr(later, "WAIT_S", 0.0)
    gate, pool = threading.Event(), Later()

    def held():
        gate.wait(30)
        return "held"

    assert pool.answer(("held",), held, lambda said: f"wait {said}") == "wait "
    for number in range(6):
        pool.answer((str(number),), lambda: "quick", lambda said: "wait")
        time.sleep(0.01)
    assert ("held",) in pool._going
    assert len(pool._going) <= 4
    gate.set()
    while (found := pool.answer(("held",), held, lambda _: "wait")) == "wait":
        time.sleep(0.01)
    assert found == "held"


def test_pages_that_nobody_fetched_do_not_use_up_the_places(monkeypatch):
    monkeypatch.setattr(later, "WAIT_S", 0.0)
    monkeypatch.setattr(later, "_MOST_GOING", 3)
    monkeypatch.setattr(later, "_MOST", 1)
    gate, pool = threading.Event(), Later()

    def held():
        gate.wait(30)
        return "held"

    for number in range(3):
        assert pool.answer((f"held {number}",), held, lambda _: "wait") == "wait"
    gate.set()
    while any(not one.made.done() for one in pool._going.values()):
        time.sleep(0.01)
    gate.clear()
    assert pool.answer(("one more",), held, lambda _: "wait") == "wait"
    gate.set()


def test_what_was_made_long_ago_is_made_anew(monkeypatch):
    monkeypatch.setattr(later, "WAIT_S", 0.0)
    pool, clock = Later(), [0.0]
    monkeypatch.setattr(later, "monotonic", lambda: clock[0])
    gate, asked = threading.Event(), []

    def make():
        asked.append(clock[0])
        gate.wait(30)
        return f"verified at {asked[-1]:g}"

    def ask():
        return pool.answer(("verify",), make, lambda _: "wait")

    assert ask() == "wait"
    gate.set()
    while not pool._going["verify",].made.done():
        time.sleep(0.01)
    clock[0] = 3_600.0
    while (found := ask()) == "wait":
        time.sleep(0.01)
    assert (found, asked) == ("verified at 3600", [0.0, 3600.0])


def test_slow_pages_of_one_address_keep_no_other_page_waiting(monkeypatch):
    monkeypatch.setattr(later, "WAIT_S", 0.0)
    gate, pool = threading.Event(), Later()
    for number in range(10):
        held = ("/gate/errors", f"study={number}")
        assert pool.answer(held, lambda: gate.wait(30), lambda _: "wait") == "wait"
    for _ in range(500):
        if (found := pool.answer(("/studies", ""), lambda: "listed", lambda _: "wait")) != "wait":
            break
        time.sleep(0.01)
    gate.set()
    assert found == "listed"


def test_a_program_that_says_so_is_told_at_once_that_a_twin_is_being_made(slow):
    visitor, gate, made = slow
    first = visitor.once("/slow.json?n=1", prefer="wait=1, Respond-Async")
    assert first.status == 202
    assert first.json() == {"being_made": "3 of 7 are done. <b>", "again": "/slow.json?n=1"}
    assert first.headers["retry-after"] == "1"
    assert first.headers["preference-applied"] == "respond-async"
    gate.set()
    found = visitor.get("/slow.json?n=1", prefer="respond-async")
    assert (found.status, found.json()["says"], made) == (200, "made", ["1"])
    bad = visitor.get("/slow.json?n=bad", prefer="respond-async")
    assert (bad.status, bad.json()["error"]) == (400, "n: got bad")


def test_a_program_that_says_nothing_waits_for_a_twin(slow):
    visitor, gate, _ = slow
    threading.Timer(0.1, gate.set).start()
    assert visitor.once("/slow.json?n=1").json()["says"] == "made"


def test_a_twin_is_as_small_as_a_page_must_be(slow, monkeypatch):
    visitor, gate, _ = slow
    gate.set()
    monkeypatch.setattr(shell, "MAX_BYTES", 30)
    answer = visitor.get("/slow.json?n=1")
    assert (answer.status, answer.json()["error"]) == (
        500,
        "/slow.json: the page has more than 30 bytes",
    )
