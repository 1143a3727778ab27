"""Who may come in, what every answer carries, and what is done by a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from liftgate.errors import LiftgateError, NotAllowed
from liftgate.flow.rating import Room
from liftgate.humans.batch import Access
from liftgate.records import Entry
from liftgate.web.app import make_app
from liftgate.web.guard import LOOPBACK, form_token
from liftgate.web.serve import Address, serve
from tests.unit.humans.made import ARMS, Desks, golds, pair_rubric, pairs
from tests.unit.web.asking import Client

TOKENS = {name: f"token-of-{name}-0123456789" for name in ("ann", "bob", "lead")}


@dataclass
class Texts:
    texts: dict

    def blob_state(self, key):
        return "kept" if key in self.texts else "erased"

    def output(self, key):
        return self.texts[key]


class Site:
    def __init__(self, folder, **wishes):
        self.made = Desks(folder, **wishes)
        now = datetime.now(UTC)
        entry = Entry(4, "rating.drawn", {}, {}, "sha256:0", "lead", now, "sha256:1")
        self.store = Texts(self.made.texts)
        self.room = Room(self.made.batch, Access(TOKENS), self.made.ratings, self.store, entry)
        self.app = make_app(self.room, hosts=LOOPBACK)

    def enter(self, name):
        client = Client(self.app)
        assert client.get(f"/enter/{TOKENS[name]}").status == 303
        return client

    def act(self, client, name, **body):
        body = {"request": f"request-{len(self.made.ratings.acts())}", "seen": 0, **body}
        return client.post("/rate/act", body, x_form_token=form_token(TOKENS[name]))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path, gold=golds(2), overlap=4, repeats=1)


def test_every_answer_forbids_what_is_not_our_own(site):
    ann = site.enter("ann")
    for path in ("/", "/rate", "/rate.json", "/lead", "/nowhere", "/static/x/rate.js", "/enter/x"):
        headers = ann.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_no_page_holds_a_script_a_style_or_a_foreign_address_of_its_own(site):
    pages = [site.enter("ann").get("/rate").text, site.enter("lead").get("/lead").text]
    for text in pages:
        assert "<style" not in text
        assert " style=" not in text
        assert "onclick" not in text
        assert "http" not in text
    assert pages[0].count("<script") == 1


def test_without_a_link_nothing_is_told(site):
    stranger = Client(site.app)
    assert stranger.get("/").status == 403
    assert stranger.get("/enter/wrong").status == 403
    assert stranger.cookies == {}
    for path in ("/rate", "/rate.json", "/lead", "/lead.json", "/lead/settle/x"):
        assert stranger.get(path).status == 403
    assert stranger.post("/rate/act", {"act": "undo"}).status == 403


def test_the_cookie_is_hidden_from_scripts_and_from_other_sites(site):
    client = Client(site.app)
    cookie = client.get(f"/enter/{TOKENS['ann']}").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/").headers["location"] == "/rate"
    assert site.enter("lead").get("/").headers["location"] == "/lead"


def test_raters_and_lead_keep_to_their_own_pages(site):
    assert site.enter("ann").get("/lead").status == 403
    assert site.enter("ann").get("/lead.json").status == 403
    assert site.enter("lead").get("/rate").status == 403
    assert site.enter("lead").get("/rate.json").status == 403


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"origin": "http://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"origin": ""}, {}),
        ({"x_form_token": "0" * 64}, {}),
        ({"x_form_token": form_token(TOKENS["bob"])}, {}),
        ({"x_form_token": ""}, {}),
        ({}, {"comment": "x" * 70_000}),
    ],
)
def test_what_no_page_of_ours_would_send_is_refused(site, headers, body):
    ann = site.enter("ann")
    given = {"act": "rate", "task": 1, "value": 3, "request": "request-1", "seen": 0, **body}
    headers = {"x_form_token": form_token(TOKENS["ann"]), **headers}
    assert ann.post("/rate/act", given, **headers).status == 403
    assert site.made.ratings.acts() == []


def test_another_host_is_not_answered_unless_served_off_loopback(site):
    rebound = Client(site.app, host="evil.example")
    assert rebound.get(f"/enter/{TOKENS['ann']}").status == 421
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        assert Client(site.app, host=host).get(f"/enter/{TOKENS['ann']}").status == 303
    outside = Client(make_app(site.room, hosts=None), host="rating.example:80")
    assert outside.get(f"/enter/{TOKENS['ann']}").status == 303


def test_acts_answer_with_the_desk_as_it_is_then(site):
    ann = site.enter("ann")
    desk = site.act(ann, "ann", act="rate", task=1, value=4, comment="fine", seconds=2.5).json()
    assert (desk["seen"], desk["done"], desk["task"]["number"]) == (1, 1, 2)
    reason = ann.get("/rate.json").json()["rubric"]["reasons"][0]
    desk = site.act(ann, "ann", act="skip", task=2, reason=reason, seen=1).json()
    assert desk["skipped"] == 1
    desk = site.act(ann, "ann", act="undo", seen=2).json()
    assert desk["task"]["number"] == 2
    assert site.act(ann, "ann", act="draft", task=2, comment="hm").json() == {"kept": True}
    assert ann.get("/rate.json").json()["task"]["draft"] == "hm"
    (first, *_) = site.made.ratings.acts()
    assert (first.value, first.comment, first.seconds) == (4.0, "fine", 2.5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"act": "rate", "task": 1, "value": 9}, 400),
        ({"act": "rate", "task": 1, "value": "3"}, 400),
        ({"act": "rate", "task": 1, "value": True}, 400),
        ({"act": "rate", "task": 2, "value": 3}, 400),
        ({"act": "rate", "task": "1", "value": 3}, 400),
        ({"act": "rate", "task": 1, "value": 3, "seen": 7}, 409),
        ({"act": "rate", "task": 1, "value": 3, "comment": ["x"]}, 400),
        ({"act": "skip", "task": 1, "reason": ""}, 400),
        ({"act": "undo"}, 400),
        ({"act": "refuse", "category": "violence"}, 400),
        ({"act": "delete"}, 400),
        ({"act": "rate", "task": 1, "value": 3, "request": "x"}, 400),
    ],
)
def test_wrong_acts_say_what_was_expected_and_add_nothing(site, body, status):
    answer = site.act(site.enter("ann"), "ann", **body)
    assert answer.status == status
    assert answer.json()["error"]
    assert site.made.ratings.acts() == []


def test_what_is_no_json_is_refused(site):
    ann = site.enter("ann")
    for body in (b"{", b"[]", b"\xff"):
        assert ann.post("/rate/act", body, x_form_token=form_token(TOKENS["ann"])).status == 400


def test_a_disk_that_refuses_is_a_fault_that_the_page_tries_again(site, monkeypatch):
    def full(act, *, seen):
        raise LiftgateError("ratings.db: database or disk is full")

    monkeypatch.setattr(site.made.ratings, "add", full)
    answer = site.act(site.enter("ann"), "ann", act="rate", task=1, value=3)
    assert answer.status == 503


def test_an_erased_text_says_so_and_can_be_skipped(site):
    site.store.texts.clear()
    view = site.enter("ann").get("/rate.json").json()
    assert view["task"]["sides"][0]["text"] == "[This text was erased.]"


def test_the_lead_sees_raters_and_numbers_and_no_arm(tmp_path):
    site = Site(tmp_path, gold=golds(8), overlap=6)
    site.made.rate_all("ann", lambda s, n: 3.0 if s.probability is None else 2.0)
    site.made.rate_all("bob", lambda s, n: 3.0 if n % 3 else 4.0)
    lead = site.enter("lead")
    view, text = lead.get("/lead.json").json(), lead.get("/lead").text
    assert [one["rater"] for one in view["raters"]] == ["ann", "bob"]
    assert view["raters"][0]["done"] == view["raters"][0]["total"]
    assert view["agreement"]["rows"][0]["coefficient"].startswith("Krippendorff")
    assert {one["gold"] for one in view["gold"]} == {8}
    assert view["queue"][0]["short"] in text
    assert not [arm for arm in ARMS if arm in text + str(view)]


def test_the_lead_settles_by_a_plain_form(tmp_path):
    site = Site(tmp_path, pool=pairs(), rubric_=pair_rubric(), items=6, overlap=6)
    site.made.rate_all("ann", lambda s, n: 1.0)
    site.made.rate_all("bob", lambda s, n: 0.5)
    lead = site.enter("lead")
    subject = lead.get("/lead.json").json()["queue"][0]["subject"]
    path = f"/lead/settle/{quote(subject)}"
    page = lead.get(f"/lead/settle/{subject}").text
    assert "first of" in page
    body = f"form_token={form_token(TOKENS['lead'])}&request=settle-12345&value=1.0&reason=so"
    assert lead.post(f"/lead/settle/{subject}", body.encode()).status == 303
    assert lead.get(f"/lead/settle/{subject}").status == 404
    assert lead.get("/lead.json").json()["settled"] == 1
    wrong = lead.post(f"/lead/settle/{subject}", body.replace("1.0", "x").encode())
    assert (wrong.status, path.startswith("/lead")) == (400, True)
    assert lead.post(f"/lead/settle/{subject}", body.encode()[20:]).status == 403
    ann = site.enter("ann")
    assert ann.post(f"/lead/settle/{subject}", body.encode()).status == 403


def test_other_machines_come_in_only_when_that_was_said(site):
    with pytest.raises(NotAllowed, match=r"host: got 0\.0\.0\.0"):
        serve(site.room, Address(host="0.0.0.0"), ready=lambda links: None)


def test_a_port_that_is_taken_says_so(site):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LiftgateError, match=f"port {port}"):
            serve(site.room, Address(port=port), ready=lambda links: None)
