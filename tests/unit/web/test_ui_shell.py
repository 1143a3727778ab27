"""What every page of a workspace keeps to: who may come in, what is sent, what is kept."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from liftgate import web
from liftgate.errors import NotAllowed
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from liftgate.web.guard import LOOPBACK, form_token
from liftgate.web.ui import app
from liftgate.web.ui.door import new_tokens
from liftgate.web.ui.shell import NAV, VISITOR, Role, Site, Visitor, acting, visitor
from tests.unit.web.asking import Client

STATIC = Path(web.__file__).parent / "static"


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path / "<b>place" / ".liftgate").create()
    with Ledger.open(made.home) as ledger:
        ledger.append("policy.set", {"text": "hello"})
    return made


@pytest.fixture
def acted(monkeypatch):
    """What a POST route of the tests' own was told."""
    told = []

    def act(_site, fields, who):
        told.append((fields, who.role))
        return "/studies"

    both = (*app.MODULES, lambda site: [acting(site, "/act", act)])
    monkeypatch.setattr(app, "MODULES", both)
    return told


def client(workspace, tokens=None, hosts=LOOPBACK):
    return Client(
        app.make_ui_app(Site(workspace, workspace.home.parent), hosts=hosts, tokens=tokens)
    )


def test_the_vendored_script_is_the_one_whose_digest_lies_beside_it():
    lines = (STATIC / "vendor" / "SHA256SUMS").read_text().splitlines()
    named = {name: digest for digest, name in map(str.split, lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == named
    assert len(named) == 2


def test_no_page_evaluates_text_or_injects_styles(workspace):
    text = client(workspace).get("/studies").text
    for setting in (
        '"allowEval":false',
        '"includeIndicatorStyles":false',
        '"allowScriptTags":false',
    ):
        assert setting in text
    for name in (Path(web.__file__).parent / "templates" / "ui").iterdir():
        source = name.read_text()
        assert not re.search(
            r"\sstyle=|\shx-on|js:|javascript:|\son[a-z]+=|<script(?! src=)", source
        )


def test_only_areas_with_a_page_are_in_the_navigation(workspace):
    site = Site(workspace, workspace.home.parent)
    app.make_ui_app(site, hosts=LOOPBACK, tokens=None)
    shown = [one["address"] for one in site.nav("/studies")]
    assert "/studies" in shown
    assert set(shown) == {address for _, address in NAV} & site.addresses


def test_the_first_page_is_the_studies_and_the_name_of_the_folder_stays_text(workspace):
    someone = client(workspace)
    assert someone.get("/").headers["location"] == "/studies"
    assert "&lt;b&gt;place" in someone.get("/studies").text


def test_a_file_of_ours_is_kept_for_good_and_a_page_never(workspace):
    someone = client(workspace)
    page = someone.get("/studies")
    assert page.headers["cache-control"] == "no-store"
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert paths
    for path in paths:
        kept = someone.get(path)
        assert (kept.status, kept.headers["cache-control"]) == (
            200, "public, max-age=31536000, immutable",
        )  # fmt: skip
        other = someone.get(path.replace("/static/", "/static/0"))
        assert (other.status, other.headers["cache-control"]) == (404, "no-store")


def test_every_answer_carries_the_policy(workspace):
    someone = client(workspace)
    for path in ("/studies", "/studies.json", "/nothing", "/studies?page=x", "/favicon.ico"):
        policy = someone.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_another_host_name_hears_nothing(workspace):
    someone = client(workspace)
    someone.host = "example.test"
    assert someone.get("/studies").status == 421


def test_without_a_link_nothing_is_told_off_loopback(workspace):
    tokens = new_tokens()
    stranger = client(workspace, tokens, hosts=None)
    for path in ("/", "/studies", "/studies.json", "/enter/guess", "/static/0/ui.css"):
        answer = stranger.get(path)
        assert (answer.status, answer.text) == (403, "A link is needed.")
    assert stranger.get(f"/enter/{tokens[Role.READER]}").status == 303
    assert "here as reader" in stranger.get("/studies").text
    stranger.get(f"/enter/{tokens[Role.LEAD]}")
    assert "here as lead" in stranger.get("/studies").text


def test_a_cookie_is_out_of_reach_of_scripts_and_of_forms_of_other_sites(workspace):
    tokens = new_tokens()
    header = client(workspace, tokens).get(f"/enter/{tokens[Role.READER]}").headers["set-cookie"]
    assert "HttpOnly" in header
    assert "samesite=lax" in header.lower()


def test_a_change_asks_for_role_origin_and_the_token_of_the_page(workspace, acted):
    tokens = new_tokens()
    lead, reader = client(workspace, tokens, None), client(workspace, tokens, None)
    lead.get(f"/enter/{tokens[Role.LEAD]}")
    reader.get(f"/enter/{tokens[Role.READER]}")
    mine, theirs = (form_token(tokens[role]) for role in (Role.LEAD, Role.READER))
    assert lead.post("/act", f"form_token={theirs}".encode()).status == 403
    assert lead.post("/act", b"note=1").status == 403
    assert lead.post("/act", f"form_token={mine}".encode(), origin="http://evil.test").status == 403
    assert lead.post("/act", f"form_token={mine}".encode(), origin=None).status == 403
    assert reader.post("/act", f"form_token={theirs}".encode()).status == 403
    assert acted == []
    done = lead.post("/act", f"note=a%26b&form_token={mine}".encode())
    assert (done.status, done.headers["location"]) == (303, "/studies")
    assert acted == [({"note": "a&b"}, Role.LEAD)]


def test_on_this_machine_a_form_of_another_site_is_refused_too(workspace, acted):
    someone = client(workspace)
    page = someone.get("/studies")
    assert someone.post("/act", b"note=1", origin="http://127.0.0.1:8000").status == 403
    assert "form_token" not in page.text
    assert acted == []


def test_a_reader_is_told_what_a_role_may_not(workspace):
    assert Role.LEAD.may(Role.READER)
    assert not Role.READER.may(Role.LEAD)
    request = SimpleNamespace(scope={VISITOR: Visitor(Role.READER, "t")})
    with pytest.raises(NotAllowed, match="role lead"):
        visitor(request, Role.LEAD)
