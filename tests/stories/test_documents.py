"""``liftgate doc`` from the command line: a digit changed by a hand, a team's own template."""

from __future__ import annotations

import pytest

from tests.stories.conftest import World


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A workspace with a decision."""
    world = World(tmp_path_factory.mktemp("decided"))
    world.write()
    world.decision()
    return world


def test_a_changed_digit_is_an_exit_code_for_ci_with_file_and_line(decided):
    world = decided
    done = world.liftgate("doc", "build", "decision-memo", "study.yaml", "--out", "memo.md")
    assert done.returncode == 0, done.stderr
    done = world.liftgate("doc", "check", "memo.md")
    assert (done.returncode, done.stderr) == (0, "")
    memo = world.folder / "memo.md"
    true = memo.read_text(encoding="utf-8")
    at = next(n for n, line in enumerate(true.split("\n"), 1) if "200<!--/-->" in line)
    memo.write_text(true.replace("200<!--/-->", "201<!--/-->", 1), encoding="utf-8")
    done = world.liftgate("doc", "check", "memo.md")
    assert done.returncode == 1
    assert f"memo.md:{at}: contradicted" in done.stdout


def test_a_team_has_templates_of_its_own(decided):
    world = decided
    folder = world.folder / "liftgate-templates"
    folder.mkdir()
    (folder / "note.md.j2").write_text('{{ d.number("new.primary") }}', encoding="utf-8")
    assert "note                     own" in world.liftgate("doc", "list").stdout
    done = world.liftgate("doc", "build", "note", "story", "--out", "note.md")
    assert done.returncode == 0, done.stderr
    (folder / "note.md.j2").write_text("It is 20 points better.", encoding="utf-8")
    done = world.liftgate("doc", "build", "note", "story", "--out", "other.md")
    assert done.returncode == 2
    assert "note.md.j2:1:" in done.stderr
    assert not (world.folder / "other.md").exists()


def test_a_team_builds_from_the_lock_too_and_may_extend_a_shipped_design(decided):
    folder = decided.folder / "liftgate-templates"
    folder.mkdir(exist_ok=True)
    (folder / "experiment-design.md.j2").write_text(
        '{# from: lock #}\n{% extends "decision-note.md.j2" %}', encoding="utf-8"
    )
    (folder / "decision-note.md.j2").write_text(
        '{{ d.value("dataset.items") }} items are planned.', encoding="utf-8"
    )
    words = ("doc", "build", "experiment-design", "story", "--out", "design.md", "--json")
    done = decided.liftgate(*words)
    assert done.returncode == 0, done.stderr
    assert '"entry": 1' in done.stdout
    assert "200<!--/--> items are planned." in (decided.folder / "design.md").read_text("utf-8")
    assert "experiment-design        own" in decided.liftgate("doc", "list").stdout


def test_what_is_stale_for_one_reason_is_told_once_and_counted(decided):
    world = decided
    world.liftgate("doc", "build", "decision-memo", "study.yaml", "--out", "old.md")
    marked = ("impact", "dataset:items.jsonl", "--mark", "--reason", "wrong labels")
    assert world.liftgate(*marked).returncode == 0

    told = world.liftgate("doc", "check", "old.md").stdout.splitlines()

    assert [line.partition(": ")[0] for line in told[:2]] == ["old.md:3", "old.md"]
    count = int(told[-1].split()[0])
    assert told[-1].startswith(f"{count} stale (entry")
    assert f"{count - 1} more, stale as well: reopened by ledger entry" in told[1]
    assert len(told) == 3
