"""The study that a comparison drafts: what it lacks, and what may not get into it."""

from __future__ import annotations

import json

import pytest
import yaml

from liftgate.cli.main import main
from tests.unit.cli.tables import Folder, two


def _lint(folder: Folder, name: str) -> tuple[int, list[str]]:
    with pytest.raises(SystemExit) as stopped:
        main(["study", "lint", name, "--json"])
    body = json.loads(folder._capsys.readouterr().out)
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, [fault["path"] for fault in body.get("faults", [])]


def test_the_drafted_study_lacks_exactly_what_nobody_could_know(folder: Folder) -> None:
    names = two(folder, 60, page=lambda i: i // 2, lang=lambda i: "de", f1=lambda i: (i % 7) / 10)
    args = ("--cluster", "page", "--slice", "lang", "--margin", "f1=0.02", "--save-study", "s.yaml")
    assert folder.run(*names, *args)[0] == 0
    code, open_fields = _lint(folder, "s.yaml")
    assert code == 2
    assert sorted(open_fields) == [
        "arms.baseline.system",
        "arms.candidate.system",
        "claims.primary.superior.target",
        "dataset.source",
        "hypothesis",
        "owner",
        "scorers.acc.scorer",
        "scorers.f1.scorer",
    ]
    body = yaml.safe_load((folder.path / "s.yaml").read_text("utf-8"))
    assert body["pilot"] == {"baseline": "base.csv", "candidate": "cand.csv"}
    assert body["claims"]["guardrails"] == [{"metric": "f1", "non_inferior": {"margin": 0.02}}]
    assert (body["dataset"]["cluster"], body["dataset"]["slices"]) == ("page", ["lang"])


def test_a_drafted_study_that_is_filled_in_passes_lint(folder: Folder) -> None:
    folder.run(*two(folder, 60), "--margin", "3%", "--save-study", "s.yaml")
    path = folder.path / "s.yaml"
    body = yaml.safe_load(path.read_text("utf-8"))
    body |= {"hypothesis": "It is better.", "owner": "me"}
    body["dataset"]["source"] = "items.jsonl"
    for name, arm in body["arms"].items():
        arm["system"] = f"python:systems:{name}"
    body["scorers"]["acc"]["scorer"] = "exact"
    path.write_text(yaml.safe_dump(body))
    assert _lint(folder, "s.yaml") == (0, [])


def test_hostile_names_cannot_break_out_of_a_drafted_study(folder: Folder) -> None:
    evil = 'a\n"}: [x'
    column = '"' + evil.replace('"', '""') + '"'
    base = [{"id": i, column: i % 2, "c": f"{i}"} for i in range(40)]
    names = (
        folder.table("base.csv", base),
        folder.table("cand.csv", [{**r, column: 1} for r in base]),
    )
    args = ("--metric", evil, "--save-study", "s.yaml")
    assert folder.run(*names, *args)[0] == 0
    body = yaml.safe_load((folder.path / "s.yaml").read_text("utf-8"))
    assert list(body["scorers"]) == ["a_x"]
    assert set(body) >= {"liftgate", "claims", "seed", "pilot"}


def test_a_study_is_never_overwritten(folder: Folder) -> None:
    (folder.path / "s.yaml").write_text("mine")
    code, _, err = folder.run(*two(folder), "--save-study", "s.yaml")
    assert code == 2
    assert "s.yaml: exists" in err
    assert (folder.path / "s.yaml").read_text() == "mine"
