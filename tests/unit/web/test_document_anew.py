"""A page of a document that does not hold says how it is built anew, in commands that do it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from liftgate.cli.main import main
from liftgate.documents.audit import record_of
from liftgate.flow.built_anew import built_anew
from liftgate.ledger import Draft, Ledger
from liftgate.store import Workspace
from tests.unit.documents.conftest import Page
from tests.unit.web.ui_place import ROOT, client, decided, place

ABOUT = """liftgate: 1
dataset:
  name: Dates
  description: Texts with dates.
  license: https://creativecommons.org/publicdomain/zero/1.0/
  url: https://example.org/dates
  version: 1.0.0
  published: 2026-11-27
  creators: [{name: A team}]
"""


def do(folder: Path, line: str) -> int | str | None:
    """Run a command in a folder, as a shell would; return its exit code."""
    first, *words = shlex.split(line)
    assert first == "liftgate"
    before = Path.cwd()
    os.chdir(folder)
    try:
        with pytest.raises(SystemExit) as stopped:
            main(words)
    finally:
        os.chdir(before)
    return stopped.value.code


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The first study, decided, with documents of several sorts."""
    folder = tmp_path_factory.mktemp("anew") / "made"
    shutil.copytree(ROOT / "examples/first-study", folder)
    (folder / "about.yaml").write_text(ABOUT)
    (folder / "documents.yaml").unlink(missing_ok=True)
    assert do(folder, "liftgate run study.yaml --quiet --no-report") in (0, 1, 4)
    for line in (
        "decision-memo dates --out 'docs/our memo.md'",
        "model-card dates --arm strict --out card/README.md",
        "dataset-card study.yaml --about about.yaml --out data/README.md",
    ):
        assert do(folder, f"liftgate doc build {line}") == 0
    return folder


@pytest.fixture
def folder(study, tmp_path):
    made = tmp_path / "copy"
    shutil.copytree(study, made)
    return made


def seen(folder, file, **query):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return client(Workspace(folder / ".liftgate")).get(f"/document.json?file={file}{more}").json()


def decide_again(folder):
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        lock = next(iter(ledger.entries(kind="study.locked")))
        place(folder, decided(Draft(lock.kind, lock.body)))


def test_of_what_holds_or_was_not_checked_no_command_is_shown(folder):
    assert seen(folder, "docs/our memo.md")["anew"] == []
    view = seen(folder, "docs/our memo.md", check="now")
    assert (view["checked"]["state"], view["anew"]) == ("supported", [])
    page = client(Workspace(folder / ".liftgate")).get("/document?file=docs/our memo.md").text
    assert "build it anew" not in page


@pytest.mark.parametrize(
    ("file", "command"),
    [
        (
            "docs/our memo.md",
            "liftgate doc build decision-memo dates --out 'docs/our memo.md'",
        ),
        (
            "card/README.md",
            "liftgate doc build model-card dates --arm strict --out card/README.md",
        ),
        (
            "data/README.md",
            "liftgate doc build dataset-card study.yaml --about about.yaml --out data/README.md",
        ),
    ],
)
def test_the_command_of_the_page_builds_the_document_anew(folder, file, command):
    text = (folder / file).read_text()
    altered = re.sub(r"(<!--=[^<>]*-->[^<\d]*)\d", r"\g<1>77", text, count=1)
    (folder / file).write_text(altered)
    view = seen(folder, file, check="now")
    assert view["checked"]["state"] != "supported"
    assert [one["command"] for one in view["anew"]] == [command]
    page = client(Workspace(folder / ".liftgate")).get(f"/document?file={file}&check=now").text
    assert command in Page(page).text
    assert page.count("data-copy") == 1
    assert do(folder, command) == 0
    assert (folder / file).read_text() == text
    assert seen(folder, file, check="now")["checked"]["state"] == "supported"


def test_a_document_that_was_overtaken_says_so_before_it_is_checked(folder):
    decide_again(folder)
    view = seen(folder, "docs/our memo.md")
    assert view["checked"] is None
    (step,) = view["anew"]
    assert step["command"] == "liftgate doc build decision-memo dates --out 'docs/our memo.md'"
    assert do(folder, step["command"]) == 0
    assert seen(folder, "docs/our memo.md")["entry"] == view["entry"] + 1


def record(folder, file, **changes):
    found, _ = record_of((folder / file).read_text(), file)
    return {**found, **changes}


def commands(folder, file, found, **how):
    workspace = Workspace(folder / ".liftgate")
    how = {"decide": False, **how}
    return [one["command"] for one in built_anew(workspace, folder, file, found, **how)]


def test_where_rows_came_after_the_decision_the_study_is_decided_first(folder):
    found = record(folder, "docs/our memo.md")
    assert commands(folder, "memo.md", found, decide=True) == [
        "liftgate run study.yaml",
        "liftgate doc build decision-memo study.yaml --out memo.md",
    ]


def test_what_the_folder_does_not_tell_is_a_word_in_capitals(folder):
    found = record(folder, "data/README.md", template="theirs", about={"liftgate": 1})
    for name in ("study.yaml", "about.yaml"):
        (folder / name).unlink()
    (line,) = commands(folder, "data/README.md", found)
    assert line == "liftgate doc build TEMPLATE.md.j2 dates --about FILE --out data/README.md"


def test_a_template_of_the_team_is_named_by_its_file(folder):
    (folder / "own").mkdir()
    (folder / "own" / "theirs.md.j2").write_text("{# from: lock #}\nText\n")
    found = record(folder, "docs/our memo.md", template="theirs", arm="")
    (line,) = commands(folder, "-x.md", found)
    assert line == "liftgate doc build own/theirs.md.j2 study.yaml --out ./-x.md"
    assert do(folder, line) == 0
