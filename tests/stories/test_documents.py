"""A card is built, changed by a hand, and overtaken by new evidence."""

from __future__ import annotations

import json

from liftgate.flow.document import check_document
from liftgate.store import Workspace


def test_a_document_is_true_until_a_digit_or_the_evidence_changes(world):
    world.write()
    world.decision()
    done = world.liftgate("doc", "build", "decision-memo", "study.yaml", "--out", "memo.md")
    assert done.returncode == 0, done.stderr
    memo = world.folder / "memo.md"
    assert world.liftgate("doc", "check", "memo.md").returncode == 0
    assert (
        check_document(Workspace(world.folder / ".liftgate"), world.folder / "memo.html").bad == ()
    )

    true = memo.read_text(encoding="utf-8")
    at = next(n for n, line in enumerate(true.split("\n"), 1) if "200<!--/-->" in line)
    memo.write_text(true.replace("200<!--/-->", "201<!--/-->", 1), encoding="utf-8")
    done = world.liftgate("doc", "check", "memo.md")
    assert done.returncode == 1
    assert f"memo.md:{at}: contradicted" in done.stdout
    memo.write_text(true, encoding="utf-8")

    done = world.liftgate("doc", "build", "model-card", "study.yaml", "--out", "card/README.md")
    assert done.returncode == 0, done.stderr
    workspace = Workspace(world.folder / ".liftgate")
    assert check_document(workspace, world.folder / "card" / "README.md").bad == ()
    for name in ("README.md", ".eval_results/liftgate.yaml", "model.cdx.json"):
        file = world.folder / "card" / name
        made = file.read_text(encoding="utf-8")
        at = next(n for n, line in enumerate(made.split("\n"), 1) if "0.7" in line)
        file.write_text(made.replace("0.7", "0.8", 1), encoding="utf-8")
        (bad,) = check_document(workspace, world.folder / "card" / "README.md").bad
        assert (bad.line, bad.status) == (at, "contradicted")
        assert bad.file in ("", name)
        file.write_text(made, encoding="utf-8")

    world.write(items=260)
    done = world.liftgate(
        "study", "amend", "study.yaml", "--reason", "more items", "--seen", "results"
    )
    assert done.returncode == 0, done.stderr
    world.decision()
    done = world.liftgate("doc", "check", "memo.md", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["counts"]["stale"] == len(found["findings"])

    words = ("doc", "diff", "decision-memo", "story", "--from", str(found["entry"]), "--json")
    done = world.liftgate(*words)
    changes = json.loads(done.stdout)["changes"]
    assert {"before": "200", "after": "260"}.items() <= next(
        c for c in changes if c["name"].endswith("#dataset.items")
    ).items()


def test_a_team_has_templates_of_its_own(world):
    world.write()
    world.decision()
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
