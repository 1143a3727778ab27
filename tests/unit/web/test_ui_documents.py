"""Built documents: found, held against the ledger, read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from liftgate.documents.binding import bind
from liftgate.documents.compiled import inner_html
from liftgate.figures import sparkline, standalone
from liftgate.figures.standalone import STYLE
from liftgate.flow.document import build_document
from liftgate.flow.documents_view import Shelf
from liftgate.flow.run import run_study
from liftgate.flow.study_index import StudyIndex
from liftgate.store import Workspace
from liftgate.web.guard import alone
from liftgate.web.ui.documents import traced
from tests.unit.documents.conftest import Page
from tests.unit.documents.test_hostile_texts import ATTACKS
from tests.unit.web.ui_place import ROOT, client, decided, place

ATTACK = ATTACKS["script"] + ATTACKS["image"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The first study, run to its decision, and a memo of it."""
    folder = tmp_path_factory.mktemp("documents")
    shutil.copytree(ROOT / "examples/first-study", folder, dirs_exist_ok=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        run_study(Path("study.yaml"), report=False)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def folder(study, tmp_path):
    made = tmp_path / "copy"
    shutil.copytree(study, made)
    workspace = Workspace(made / ".liftgate")
    build_document(workspace, "decision-memo", "dates", out=made / "docs" / "memo.md")
    return made


def visit(folder):
    return client(Workspace(folder / ".liftgate"))


def states(view):
    return {row["file"]: row["state"] for row in view["rows"]}


def test_a_built_document_is_found_and_nothing_else_is(folder):
    (folder / "docs" / "other.md").write_text("# not built\n")
    (folder / ".hidden").mkdir()
    shutil.copy(folder / "docs" / "memo.md", folder / ".hidden" / "memo.md")
    view = visit(folder).get("/documents.json").json()
    assert states(view) == {"docs/memo.md": "not checked"}
    (row,) = view["rows"]
    assert (row["template"], row["study"], row["entry"]) == ("decision-memo", "dates", 3)


def test_a_check_says_supported_and_one_altered_digit_contradicted(folder):
    text = (folder / "docs" / "memo.md").read_text()
    (folder / "docs" / "altered.md").write_text(text.replace("43.8", "44.8"))
    someone = visit(folder)
    assert set(states(someone.get("/documents.json").json()).values()) == {"not checked"}
    view = someone.get("/documents.json?check=now").json()
    assert states(view) == {"docs/altered.md": "contradicted", "docs/memo.md": "supported"}
    assert view["check"] is None
    assert states(someone.get("/documents.json").json()) == states(view)
    bad = someone.get("/documents.json?state=contradicted").json()
    assert [row["file"] for row in bad["rows"]] == ["docs/altered.md"]
    one = someone.get("/document.json?file=docs/altered.md").json()["checked"]
    assert one["findings"][0]["status"] == "contradicted"
    page = Page(someone.get("/document?file=docs/altered.md").text)
    assert "✖ contradicted" in page.text
    assert one["findings"][0]["message"] in page.text


def test_what_was_found_is_forgotten_when_file_or_ledger_change(folder):
    someone = visit(folder)
    someone.get("/documents.json?check=now")
    memo = folder / "docs" / "memo.md"
    memo.write_text(memo.read_text().replace("43.8", "44.8"))
    assert states(someone.get("/documents.json").json()) == {"docs/memo.md": "not checked"}
    someone.get("/documents.json?check=now")
    place(folder, decided(_lock(folder)))
    assert states(someone.get("/documents.json").json()) == {"docs/memo.md": "stale"}


def _lock(folder):
    from liftgate.ledger import Draft, Ledger

    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        entry = ledger.entry(1)
    return Draft(entry.kind, entry.body)


def test_a_document_is_read_in_the_page_and_its_markup_stays_text(folder):
    memo = folder / "docs" / f"{ATTACKS['css'].replace('/', '')}.md"
    text = (folder / "docs" / "memo.md").read_text()
    text = text.replace("## Evidence", f"## Evidence\n\n{ATTACK}\n\n[go](javascript:alert(1))\n")
    memo.write_text(text)
    someone = visit(folder)
    name = f"docs/{memo.name}"
    answer = someone.get(f"/document?file={quote(name)}")
    assert answer.status == 200
    page = Page(answer.text)
    assert "Decision memo: dates" in page.text
    assert "<script>alert" in page.text
    assert not [tag for tag, _ in page.tags if tag in ("img", "style")]
    assert not [one for tag, one in page.tags if tag == "a" and "javascript" in one["href"]]
    listed = Page(someone.get("/documents").text)
    assert not [tag for tag, _ in listed.tags if tag in ("img", "style")]


def with_picture(folder, drawn, *, name="front-cost.svg", says="quality against cost"):
    text = (folder / "docs" / "memo.md").read_text()
    shown = text.replace("## Evidence", f"![{says}]({name})\n\n## Evidence")
    (folder / "docs" / "memo.md").write_text(shown)
    (folder / "docs" / "front-cost.svg").write_text(drawn)
    return visit(folder)


def test_a_document_shows_the_pictures_that_lie_beside_it(folder):
    drawn = standalone(sparkline([0.0, 1.0, 0.5], title="three").svg)
    someone = with_picture(folder, drawn, says='quality <against> "cost"')
    page = Page(someone.get("/document?file=docs/memo.md").text)
    (image,) = [one for tag, one in page.tags if tag == "img"]
    assert image["alt"] == 'quality <against> "cost"'
    answer = someone.get(image["src"])
    assert (answer.status, answer.text) == (200, drawn)
    assert answer.headers["content-type"] == "image/svg+xml"
    policy = answer.headers["content-security-policy"]
    assert policy == alone(STYLE)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    view = someone.get("/document.json?file=docs/memo.md").json()
    assert [one["address"] for one in view["pictures"]] == [image["src"]]


@pytest.mark.parametrize(
    "name", ["../secret.svg", "other.svg", "memo.md", "link.svg", "", ".front-cost.svg"]
)
def test_no_other_file_is_shown_as_a_picture(folder, name):
    for one in (folder / "secret.svg", folder / "docs" / "other.svg"):
        one.write_text("<svg></svg>")
    (folder / "docs" / "link.svg").symlink_to(folder / "secret.svg")
    someone = with_picture(folder, "<svg></svg>", name=name if name == "link.svg" else "x.svg")
    assert someone.get(f"/document/picture?file=docs/memo.md&name={quote(name)}").status == 404
    assert someone.get("/document/picture?file=study.yaml&name=x.svg").status == 404
    assert "<img" not in someone.get("/document?file=docs/memo.md").text


@pytest.mark.parametrize(
    "file", ["../secret.md", "/etc/passwd", "docs/other.md", "study.yaml", "", ".liftgate/x.md"]
)
def test_only_a_built_document_is_read(folder, file):
    (folder.parent / "secret.md").write_text((folder / "docs" / "memo.md").read_text())
    (folder / "docs" / "other.md").write_text("# not built\n")
    assert visit(folder).get(f"/document?file={quote(file)}").status == 404


def test_a_link_out_of_the_folder_is_not_followed(folder):
    (folder.parent / "out.md").write_text((folder / "docs" / "memo.md").read_text())
    (folder / "docs" / "out.md").symlink_to(folder.parent / "out.md")
    assert states(visit(folder).get("/documents.json").json()) == {"docs/memo.md": "not checked"}


def test_a_broken_record_or_chain_is_said_and_not_raised(folder):
    memo = folder / "docs" / "memo.md"
    memo.write_text(memo.read_text().replace('"entry":3', '"entry":2'))
    someone = visit(folder)
    view = someone.get("/documents.json?check=now").json()
    assert states(view) == {"docs/memo.md": "broken"}
    assert "which this ledger has not" in someone.get("/document?file=docs/memo.md").text


def test_a_file_is_read_again_only_when_it_changed(folder, monkeypatch):
    workspace = Workspace(folder / ".liftgate")
    shelf = Shelf(StudyIndex(workspace), workspace, folder)
    reads = []
    real = Path.read_text

    def counted(self, *args, **kwargs):
        reads.append(self.name)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", counted)
    shelf.found()
    shelf.found()
    assert reads.count("memo.md") == 1
    (folder / "docs" / "memo.md").write_text("# emptied\n")
    assert shelf.found() == []


def test_a_bound_number_leads_to_what_is_behind_it_and_a_constant_nowhere():
    bound = [("3:new.primary#text", "+4 points"), ("constant:alpha", "5 %"),
             ("3#dataset.items", "160"), ('3:a">b.primary#low', "1")]  # fmt: skip
    html, _ = inner_html(" of ".join(bind(name, text) for name, text in bound) + "\n")
    made = traced(html)
    assert '<a id="m1" href="/trace?ref=3%3Anew.primary">+4 points</a>' in made
    assert made.count("<a ") == 2
    assert '<data id="m2" value="constant:alpha">5 %</data>' in made
    assert '"/trace?ref=3%3Aa%22%3Eb.primary"' in made


def test_the_page_of_a_document_links_its_numbers_to_their_traces(folder):
    page = Page(visit(folder).get("/document?file=docs/memo.md").text)
    links = [one["href"] for tag, one in page.tags if tag == "a" and "/trace?" in one["href"]]
    assert "/trace?ref=3%3Alenient.primary" in links
