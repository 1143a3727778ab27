"""Erased and lost answers are counted by trace and by ledger verify; failures say why."""

from __future__ import annotations

import contextlib
import json
import sqlite3


def contents(world):
    found = json.loads(world.liftgate("ledger", "verify", "--json").stdout)["contents"]
    return found["kept"], found["erased"], found["lost"]


def blob_file(world):
    (file,) = (world.folder / ".liftgate").rglob("blobs.db")
    return file


def test_erased_and_lost_answers_are_counted(world) -> None:
    world.study["exploratory"] = True
    world.write(items=40)
    world.decision()
    listed = json.loads(world.liftgate("ledger", "log", "--json").stdout)
    entry = listed["entries"][-1]["sequence"]
    reference = f"{entry}:new.primary"
    kept, erased, lost = contents(world)
    assert (kept, erased, lost) == (2, 0, 0)  # all answers are yes or no
    with contextlib.closing(sqlite3.connect(blob_file(world))) as connection, connection:
        connection.execute(
            "UPDATE blob SET data = NULL, codec = 'erased', erased_at = 'now' "
            "WHERE CAST(data AS TEXT) = '\"yes\"'"
        )
    assert contents(world) == (1, 1, 0)
    assert "1 kept, 1 erased, 0 lost" in world.liftgate("ledger", "verify").stdout
    traced = world.liftgate("trace", reference, "--json")
    assert json.loads(traced.stdout)["contents"] == {"kept": 1, "erased": 1, "lost": 0}
    with contextlib.closing(sqlite3.connect(blob_file(world))) as connection, connection:
        connection.execute("DELETE FROM blob WHERE CAST(data AS TEXT) = '\"no\"'")
    assert contents(world) == (0, 1, 1)
    assert "1 erased, 1 lost (gone without" in world.liftgate("trace", reference).stdout
    blob_file(world).unlink()
    assert contents(world) == (0, 0, 2)


def test_when_every_call_fails_the_terminal_says_why_and_what_to_do(world) -> None:
    (world.folder / "broken.py").write_text(
        "def system(name):\n"
        "    def answer(parts):\n"
        "        last = parts['text'].endswith('7')\n"
        "        raise ConnectionError('nobody listens' if not last else 'reset')\n"
        "    return answer\n"
    )
    for name in ("old", "new"):
        world.study["arms"][name] |= {"system": "python:broken:system", "params": {"name": name}}
    world.study["claims"]["guardrails"] = []
    world.study["exploratory"] = True
    world.write(items=40)
    done = world.liftgate("run", "study.yaml")
    assert "Nothing was answered: all 80 failed, most often (72 of 80) with crash" in done.stderr
    assert "nobody listens" in done.stderr
    assert "is the server running" in done.stderr


def test_where_some_calls_fail_the_most_frequent_reason_is_told(world) -> None:
    for name in ("old", "new"):
        world.study["arms"][name]["params"]["trouble"] = "raise"
    world.study["exploratory"] = True
    world.write(items=100)
    done = world.liftgate("run", "study.yaml")
    assert "Failed most often (" in done.stderr
    assert "no idea" in done.stderr
    assert "Nothing was answered" not in done.stderr
