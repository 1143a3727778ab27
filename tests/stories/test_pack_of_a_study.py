"""What an auditor gets: one file that verifies in an empty environment, and says its gaps."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest

RISKS = (
    "CBRN information or capabilities", "confabulation", "dangerous, violent, or hateful content",
    "data privacy", "environmental impacts", "harmful bias or homogenization",
    "human-AI configuration", "information integrity", "information security",
    "intellectual property", "obscene, degrading, and/or abusive content",
    "value chain and component integration",
)  # fmt: skip


def without(pack, removed):
    """Return a pack without some of its files, whose manifest does not name them either."""
    made = io.BytesIO()
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(made, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        for name in old.namelist():
            if name in removed:
                del manifest["files"][name]
        for name in old.namelist():
            if name not in removed and name != "manifest.json":
                new.writestr(name, old.read(name))
        new.writestr("manifest.json", json.dumps(manifest))
    return made.getvalue()


@pytest.fixture
def pack(approved):
    for name in ("pack.zip", "again.zip"):
        assert approved("ledger", "pack", "story", "--out", name) == 0, approved.said
    return approved.folder / "pack.zip"


@pytest.fixture
def empty(pack, tmp_path):
    """Return a run of the pack's own program in an environment that has no package at all."""
    home = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    with zipfile.ZipFile(pack) as opened:
        (home / "verify.py").write_bytes(opened.read("verify.py"))
    python = home / "bin" / "python"
    probe = [str(python), "-I", "-c", "import liftgate"]
    assert subprocess.run(probe, check=False, capture_output=True).returncode == 1

    def run(file):
        words = [str(python), "-I", str(home / "verify.py"), str(file)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


def test_two_builds_have_the_same_bytes_and_verify_in_an_empty_environment(pack, empty):
    assert pack.read_bytes() == pack.with_name("again.zip").read_bytes()
    done = empty(pack)
    assert done.returncode == 0, done.stderr
    assert "signed by bob" in done.stdout
    gaps = done.stdout.partition("Not covered:\n")[2].splitlines()
    assert len(gaps) > 20


def test_one_removed_item_is_noticed_also_when_the_manifest_is_written_anew(pack, empty, tmp_path):
    with zipfile.ZipFile(pack) as opened:
        names = opened.namelist()
        kinds = {name: json.loads(opened.read(name))["kind"]
                 for name in names if name.startswith("entries/")}  # fmt: skip
    needed = [n for n, kind in kinds.items() if kind in ("study.locked", "run.finished")]
    removed = [*needed, *(n for n in names if n.startswith("runs/")), "proofs.json"]
    assert len(removed) > 5
    file = tmp_path / "less.zip"
    for name in removed:
        file.write_bytes(without(pack, {name}))
        done = empty(file)
        assert done.returncode == 3, name
        assert "Not sound: " in done.stderr
    # Without what was signed about it, only the decision asks for its lock.
    signed = {name for name, kind in kinds.items() if kind == "statement"}
    locks = {name for name, kind in kinds.items() if kind == "study.locked"}
    file.write_bytes(without(pack, signed))
    assert empty(file).returncode == 0
    file.write_bytes(without(pack, {*signed, *locks}))
    done = empty(file)
    assert done.returncode == 3
    assert "the lock is missing that a decision rests on" in done.stderr


def test_every_control_has_its_evidence_or_is_a_gap(pack, approved):
    with zipfile.ZipFile(pack) as opened:
        controls = json.loads(opened.read("controls.json"))
        manifest = json.loads(opened.read("manifest.json"))
        names = set(opened.namelist())
    points = [name.removeprefix("Annex IV ") for name in controls if name.startswith("Annex IV ")]
    assert sorted({point[0] for point in points}) == [str(n) for n in range(1, 10)]
    assert [name.removeprefix("AI 600-1 ") for name in controls if "600-1" in name] == list(RISKS)
    for control, files in controls.items():
        if files:
            assert set(files.split(", ")) <= names, control
        assert (control in manifest["not_covered"]) is (not files)
    signed = "Annex IV 2(g) test logs and reports, signed by the persons responsible"
    assert controls[signed]
    assert controls["AI 600-1 value chain and component integration"]
    assert not controls["AI 600-1 harmful bias or homogenization"], "nothing is claimed of slices"
    assert any("2024/1689" in one for one in manifest["controls"])


def test_a_claim_over_slices_is_evidence_for_what_asks_about_groups():
    from datetime import UTC, datetime

    from liftgate.lineage.pack import controls
    from liftgate.records import Entry

    study = {"claims": {"primary": {}, "watch": [{"metric": "right", "by_slice": "kind"}]}}
    entry = Entry(3, "study.locked", {"study": study}, {}, "", "ada", datetime.now(UTC), "")
    found = controls([entry])
    for control in ("Annex IV 2(g) potentially discriminatory impacts",
                    "AI 600-1 harmful bias or homogenization"):  # fmt: skip
        assert found[control] == "entries/000000003.json"
