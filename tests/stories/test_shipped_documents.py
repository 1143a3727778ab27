"""Every shipped document: built from a small study, changed by a hand, then overtaken."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest

from liftgate.documents.audit import Status
from liftgate.documents.compiled import templates
from liftgate.errors import DataError, StudyError, UnknownName
from liftgate.flow.document import build_document, check_document
from liftgate.ledger import Ledger
from liftgate.store import Store, Workspace, run_body
from tests.stories.conftest import World

BEFORE = ("dataset-card", "experiment-design")
"""Built from the lock: before any decision."""
AFTER = ("decision-memo", "model-card", "optimisation-report", "publication-kit")
SHIPPED = (*BEFORE, *AFTER)
ABOUT = """
liftgate: 1
dataset:
  name: Story questions
  description: Questions with a known answer, 200 of them.
  license: https://creativecommons.org/publicdomain/zero/1.0/
  url: https://example.org/story
  version: 1.0.0
  published: "2026-11-27"
  creators: [{name: A. Tester, is_person: true}]
publication:
  title: New against old
  authors: [A. Tester]
  statements:
    - {says: The new system is right more often., evidence: [new.primary]}
    - {says: It is small., evidence: [new.guardrails.0, new.size_mb]}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A locked study with two documents before any call, then a decision with all six."""
    world = World(tmp_path_factory.mktemp("documents"))
    world.write()
    (world.folder / "about.yaml").write_text(ABOUT, encoding="utf-8")
    assert world.liftgate("study", "lock", "study.yaml").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world.folder)
        early = {name: build(world, name, "early") for name in BEFORE}
        assert not (world.folder / "calls.log").exists()
        world.decision()
        for name in SHIPPED:
            build(world, name)
        yield world, early


def build(world, name, folder="docs"):
    return build_document(
        Workspace(world.folder / ".liftgate"),
        name,
        "study.yaml",
        out=world.folder / folder / name / "README.md",
        about=world.folder / "about.yaml",
    )


def check(world, name, folder="docs", suffix="md"):
    file = world.folder / folder / name / f"README.{suffix}"
    return check_document(Workspace(world.folder / ".liftgate"), file)


def other_digit(text):
    return re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), text, count=1)


def test_these_are_all_that_are_shipped():
    assert tuple(sorted(templates(()))) == tuple(sorted(SHIPPED))


@pytest.mark.parametrize("name", SHIPPED)
def test_one_changed_digit_is_named_with_its_file_and_line(built, name):
    world, _ = built
    folder = world.folder / "docs" / name
    for suffix in ("md", "html"):
        assert check(world, name, suffix=suffix).bad == ()
    files = [f for f in sorted(folder.rglob("*")) if f.is_file()]
    assert len(files) >= 2
    for file in files:
        true = file.read_text(encoding="utf-8")
        lines = true.split("\n")
        bound = r"<!--=[^<>]*-->[^<]*\d|<data [^>]*>[^<]*\d"
        wanted = bound if file.name.startswith("README") else r"\d"
        at, found = next((n, m) for n, x in enumerate(lines) if (m := re.search(wanted, x)))
        # A digit of what is printed, not of the name of its evidence.
        start = found.start() + (found[0].index(">") + 1 if wanted == bound else 0)
        lines[at] = lines[at][:start] + other_digit(lines[at][start:])
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            bad = check(world, name, suffix="html" if file.suffix == ".html" else "md").bad
        finally:
            file.write_text(true, encoding="utf-8")
        place = file.relative_to(folder).as_posix()
        assert [(b.file or "README", b.line, b.status) for b in bad] == [
            (place if place.partition(".")[0] != "README" else "README", at + 1, "contradicted")
        ], place


def test_a_changed_picture_of_a_page_is_noticed(built):
    world, _ = built
    file = world.folder / "docs" / "optimisation-report" / "README.html"
    true = file.read_text(encoding="utf-8")
    file.write_text(true.replace('r="5.5"', 'r="5.6"', 1), encoding="utf-8")
    (bad,) = check(world, "optimisation-report", suffix="html").bad
    file.write_text(true, encoding="utf-8")
    assert (bad.status, bad.text) == (Status.CONTRADICTED, "picture 1")


@pytest.mark.parametrize("name", BEFORE)
def test_a_document_of_the_lock_is_built_before_any_call_and_is_still_true_after(built, name):
    world, early = built
    assert early[name].entry == 1
    assert check(world, name, folder="early").bad == ()


def test_items_that_change_make_the_documents_of_the_lock_stale_before_any_amendment(built):
    world, _ = built
    file = world.folder / "items.jsonl"
    true = file.read_text(encoding="utf-8")
    file.write_text(true.replace("question 7", "another question 7"), "utf-8")
    found = [f for name in BEFORE for f in check(world, name).findings if f.name]
    file.write_text(true, encoding="utf-8")
    assert {f.status for f in found} == {Status.STALE}
    assert "liftgate study amend" in found[0].message


def test_a_run_that_was_not_disclosed_makes_the_publication_kit_stale(built, tmp_path):
    world, _ = built
    copy = World(tmp_path / "copy", world.study)
    shutil.copytree(world.folder, copy.folder)
    home = copy.folder / ".liftgate"
    with Ledger.open(home) as ledger, Store.open(home) as store:
        last = list(ledger.entries(kind="run.finished"))[-1].body
        some = store.trials(
            next(iter(ledger.entries(kind="decision"))).body["arms"][0]["fingerprint"]
        )
        writer = store.begin(last["study"], last["manifest"])
        writer.add_trial(replace(some[0], run=writer.run, output_digest=None, failure="crash"))
        run = writer.finish(complete=False)
        ledger.append("run.finished", run_body(run), refs=dict(run.files))
    bad = check(copy, "publication-kit").bad
    assert {b.status for b in bad} == {Status.STALE}
    assert any("/disclosure#calls" in b.name for b in bad)
    assert check(copy, "decision-memo").bad == ()
    build(copy, "publication-kit", "anew")
    text = (copy.folder / "anew" / "publication-kit" / "README.md").read_text("utf-8")
    assert "abandoned: it was not run to its end" in text
    assert "behind no decision" in text


def test_new_data_make_every_document_stale(built, tmp_path, monkeypatch):
    world, _ = built
    copy = World(tmp_path / "copy", world.study)
    shutil.copytree(world.folder, copy.folder)
    monkeypatch.chdir(copy.folder)
    copy.write(items=240)
    words = ("--reason", "more items", "--seen", "results")
    assert copy.liftgate("study", "amend", "study.yaml", *words).returncode == 0
    copy.decision()
    done = copy.liftgate("doc", "check", "docs/decision-memo/README.md", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["counts"]["stale"] == len(found["findings"])
    words = ("doc", "diff", "decision-memo", "story", "--from", str(found["entry"]), "--json")
    changes = json.loads(copy.liftgate(*words).stdout)["changes"]
    assert any({"before": "200", "after": "240"}.items() <= c.items() for c in changes)
    for name in SHIPPED:
        numbers = [f for f in check(copy, name).findings if f.name]
        assert numbers
        assert {f.status for f in numbers} == {Status.STALE}, name


def test_the_osf_form_has_every_required_heading_and_the_file_for_machines_says_the_same(built):
    world, _ = built
    folder = world.folder / "docs" / "experiment-design"
    text = (folder / "README.md").read_text(encoding="utf-8")
    told = json.loads((folder / "osf.json").read_text(encoding="utf-8"))
    headings = [q["heading"] for section in told for q in section["questions"]]
    assert headings == OSF
    for heading in OSF:
        assert f"### {heading}\n" in text
    answers = {q["heading"]: q["answer"] for section in told for q in section["questions"]}
    assert "200 items; page names their clusters; 400 calls in all." in text
    assert answers["Sample size"] in text
    assert "- [ ] Somebody owns the study." in text
    assert "- [x] A guardrail protects what must not get worse." in text


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("new.primary", "new.primry", UnknownName, "evidence of a statement"),
        ("more often.", "9 points more often.", StudyError, "not bound"),
        ("  title: New", "  titel: New", StudyError, "1 fault|2 faults"),
    ],
)
def test_a_statement_without_evidence_does_not_build(built, tmp_path, old, new, error, said):
    world, _ = built
    about = tmp_path / "about.yaml"
    about.write_text(ABOUT.replace(old, new), encoding="utf-8")
    workspace, out = Workspace(world.folder / ".liftgate"), tmp_path / "kit.md"
    with pytest.raises(error, match=said):
        build_document(workspace, "publication-kit", "story", out=out, about=about)
    assert not out.exists()


def test_a_kit_without_statements_of_its_own_states_the_claims_by_their_names(built, tmp_path):
    world, _ = built
    workspace, out = Workspace(world.folder / ".liftgate"), tmp_path / "kit.md"
    build_document(workspace, "publication-kit", "story", out=out)
    assert "| `new against old, guardrails.0` |" in out.read_text("utf-8")
    assert check_document(workspace, out).bad == ()


def test_a_dataset_card_needs_what_only_people_know(built, tmp_path):
    world, _ = built
    workspace, out = Workspace(world.folder / ".liftgate"), tmp_path / "card.md"
    with pytest.raises(DataError, match="--about"):
        build_document(workspace, "dataset-card", "story", out=out)
    assert not out.exists()


OSF = [
    "Title",
    "Authors",
    "Description",
    "Hypotheses",
    "Study type",
    "Blinding",
    "Is there any additional blinding in this study?",
    "Study design",
    "Randomization",
    "Existing Data",
    "Explanation of existing data",
    "Data collection procedures",
    "Sample size",
    "Sample size rationale",
    "Stopping rule",
    "Manipulated variables",
    "Measured variables",
    "Indices",
    "Statistical models",
    "Transformations",
    "Inference criteria",
    "Data exclusion",
    "Missing data",
    "Exploratory analysis",
    "Other",
]
"""Of the form OSF Preregistration, in its order."""
