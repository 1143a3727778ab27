"""A run made again: the verdict, and the planted cause by its name."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
import subprocess
import zlib

import pytest


@pytest.fixture
def ran(world):
    world.write(items=200)
    (world.folder / ".gitignore").write_text("calls.log\n__pycache__\n.liftgate\n")
    git(world, "init", "-q")
    git(world, "add", ".")
    git(world, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one")
    (world.folder / "notes.txt").write_text("API_KEY=sk-plantedplantedplanted\n")
    (world.folder / "plain.txt").write_text("no secret\n")
    world.decision()
    (world.folder / "notes.txt").unlink()
    (world.folder / "plain.txt").unlink()
    return world


def git(world, *words):
    subprocess.run(["git", *words], cwd=world.folder, check=True)


def again(world, *words):
    done = world.liftgate("reproduce", "story", "--json", *words)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def blobs(world):
    """Return what the blob store holds, unpacked and decoded: packed bytes hide any text."""
    (file,) = (world.folder / ".liftgate").rglob("blobs.db")
    with contextlib.closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT codec, data FROM blob WHERE data IS NOT NULL").fetchall()
    plain = [zlib.decompress(data) if codec == "zlib" else data for codec, data in rows]
    values = [json.loads(data) for data in plain]
    files = [base64.b64decode(v["base64"]) for v in values if isinstance(v, dict) and "base64" in v]
    return [*plain, *files]


def change(world, file, old, new):
    path = world.folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_unchanged_run_is_bitwise_and_leaves_the_workspace_as_it_was(ran) -> None:
    before = sorted(p for p in (ran.folder / ".liftgate" / "store").rglob("*"))
    code, found = again(ran)
    assert (code, found["verdict"], found["trials"]) == (0, "bitwise", 400)
    assert sorted(p for p in (ran.folder / ".liftgate" / "store").rglob("*")) == before
    kept = blobs(ran)
    assert b"no secret\n" in kept
    assert not any(b"sk-planted" in data for data in kept)


def test_a_changed_dataset_row_is_named(ran) -> None:
    change(ran, "items.jsonl", '"question 7", "target": "yes"', '"question 7", "target": "x"')
    code, found = again(ran)
    assert (code, found["verdict"], found["cause"]) == (1, "not reproduced", "dataset")


def test_a_changed_parameter_is_named(ran) -> None:
    change(ran, "study.yaml", '"right": 0.7', '"right": 0.1')
    code, found = again(ran)
    assert (code, found["cause"]) == (1, "parameters")


def test_noise_is_named_when_nothing_else_differs(world) -> None:
    world.write(items=200)
    source = world.folder / "story_systems.py"
    source.write_text(source.read_text().replace("repr(parts)", "repr((parts, os.urandom(4)))"))
    world.decision()
    code, found = again(world)
    assert (code, found["cause"]) == (1, "noise: the system does not repeat itself")


def test_changed_code_is_named_and_a_secret_hinders_no_committed_code(world) -> None:
    world.write(items=200)
    (world.folder / ".gitignore").write_text("calls.log\n__pycache__\n.liftgate\n")
    git(world, "init", "-q")
    git(world, "add", ".")
    git(world, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one")
    (world.folder / "note.txt").write_text("kept\n")
    world.decision()
    change(world, "story_systems.py", "< right else", ">= right else")
    code, found = again(world)
    assert (code, found["cause"]) == (1, "code"), found
