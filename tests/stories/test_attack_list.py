"""Every attack of the list, through the command line and at the storage: none is believed.

What the command line prints is what the table in docs/reference/attacks.md shows. Attacks with a
story of their own (a policy weakened by too few, packs, sqlite3 by hand) are in the modules that
the table names.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from liftgate.errors import BrokenChain, DataError, LedgerError
from liftgate.importers.junit import read_junit
from liftgate.ledger import Draft, Ledger
from liftgate.ledger.chain import seal
from liftgate.records import Columns
from tests.stories.attack_table import assert_told
from tests.stories.offices import approve_by_hand, score_one_again

COMMAND = [sys.executable, "-m", "liftgate"]


def sound_at_the_storage(home):
    with Ledger.open(home, read_only=True) as ledger:
        return ledger.verify()


def test_a_byte_that_is_flipped_anywhere_in_the_ledger_is_named(desk):
    file = desk.home / "ledger.db"
    sound = file.read_bytes()
    # SQLite's own counters, where any value is as good as another.
    counters = {*range(18, 20), *range(24, 28), *range(40, 100)}
    stored = [at for at, byte in enumerate(sound) if byte and at not in counters]
    for position in random.Random(7).sample(stored, 15):
        data = bytearray(sound)
        data[position] ^= 1 << (position % 8)
        file.write_bytes(data)
        assert desk("ledger", "verify") == 3, (position, desk.said)
        with pytest.raises(BrokenChain):
            sound_at_the_storage(desk.home)
        for log in desk.home.glob("ledger.db-*"):
            log.unlink()
    at = sound.index(b'"word":"ship"')
    file.write_bytes(sound[: at + 8] + b"s\x69ip" + sound[at + 12 :])
    assert desk("ledger", "verify") == 3
    assert_told("a byte is flipped", desk.said)


def test_a_byte_that_is_flipped_in_a_file_of_a_run_is_named_and_ships_nothing(approved):
    assert approved.status() == 0
    for name in ("scores.parquet", "trials.parquet", "measures.parquet", "run.json"):
        file = next(approved.home.glob(f"store/runs/*/{name}"))
        sound = file.read_bytes()
        file.write_bytes(sound[:-9] + bytes([sound[-9] ^ 4]) + sound[-8:])
        for words in (("ledger", "verify"), ("gate", "status", "study.yaml")):
            assert approved(*words) == 3, approved.said
            assert name in approved.said
            assert_told("a byte of a run's file is flipped", approved.said)
        file.write_bytes(sound)
    assert approved.status() == 0


def test_an_old_approval_does_not_count_for_new_evidence_however_it_is_replayed(approved):
    old = approved.entries("statement")[-1]
    score_one_again(approved)
    with Ledger.open(approved.home) as ledger:
        ledger.append("statement", old.body, refs=old.refs)
    assert approved.status() == 1
    assert_told("an old approval is replayed on new evidence", approved.said)


def test_the_author_does_not_approve_whatever_name_entries_carry(office, monkeypatch):
    assert office("keys", "trust", "ada.pub.json", "--role", "product", "--sign-with", "owner") == 0
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    monkeypatch.setenv("LIFTGATE_AUTHOR", "somebody else")
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "ada") == 1
    assert_told("one's own study is approved", office.said)
    approve_by_hand(office, "ada")
    assert office.status() == 1
    assert_told("one's own study is approved", office.said)


def test_a_role_forged_in_the_trust_file_a_key_file_or_the_environment_is_none(office, monkeypatch):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    trust = office.home / "trust.json"
    good = trust.read_text()
    fields = json.loads(good)
    for change in (
        lambda all_: all_["versions"].pop(),
        lambda all_: all_["versions"].append(all_["versions"][0]),
        lambda all_: all_["versions"][-1]["signatures"].clear(),
        _product_for_everybody,
    ):
        forged = json.loads(good)
        change(forged)
        trust.write_text(json.dumps(forged))
        assert office("approve", "study.yaml", "--role", "product", "--sign-with", "rai") == 3
        assert_told("a role is forged in a file", office.said)
        assert office.status() == 3
    trust.unlink()
    assert office.status() == 3
    trust.write_text(json.dumps(fields))
    key = office.folder / "private" / "rai.json"
    key.write_text(json.dumps({**json.loads(key.read_text()), "roles": ["product"]}))
    for name in ("LIFTGATE_ROLE", "LIFTGATE_ROLES", "LIFTGATE_AUTHOR", "ROLE"):
        monkeypatch.setenv(name, "product")
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "rai") == 1
    assert_told("a role is forged in the environment", office.said)


def _product_for_everybody(fields):
    import base64

    last = fields["versions"][-1]
    payload = json.loads(base64.b64decode(last["payload"]))
    for key in payload["keys"]:
        key["roles"] = ["product"]
    last["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()


def test_a_revoked_key_counts_no_more(office):
    assert office("sign", "study.yaml", "--sign-with", "ada") == 0
    assert office("keys", "revoke", "bob", "--reason", "left", "--sign-with", "owner") == 0
    assert office("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 1
    assert_told("a revoked key signs", office.said)
    approve_by_hand(office, "bob")
    assert office.status() == 1
    assert_told("a revoked key signs", office.said)
    assert office("ledger", "verify") == 3


def test_a_clock_that_is_set_back_revives_no_key_no_waiver_and_no_fresh_decision(approved):
    assert approved("keys", "revoke", "bob", "--reason", "left", "--sign-with", "owner") == 0

    class Before(datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) - timedelta(hours=5)

    with (
        mock.patch("liftgate.ledger.consent.datetime", Before),
        mock.patch("liftgate.flow.policies.datetime", Before),
        mock.patch("liftgate.flow.standing.datetime", Before),
        mock.patch("liftgate.ledger.stored.datetime", Before),
    ):
        assert approved("approve", "study.yaml", "--role", "product", "--sign-with", "bob") == 1
        assert "revoked" in approved.said
        approved("gate", "status", "study.yaml")
        assert_told("the clock is set back", approved.said)
    approve_by_hand(approved, "bob", now=datetime.now(UTC) - timedelta(hours=5))
    assert approved("ledger", "verify") == 3
    assert "revoked" in approved.said
    with Ledger.open(approved.home) as ledger:
        ledger.append("note", {}, time=datetime.now(UTC) - timedelta(days=9))
    approved("ledger", "log")
    with Ledger.open(approved.home, read_only=True) as ledger:
        assert ledger.examine().clock_went_back


def test_two_writers_that_race_give_one_chain_without_a_gap(desk):
    words = ["ledger", "correct", "2", "--path", "rows.digest", "--reason", "race", "--value"]
    racing = [
        subprocess.Popen([*COMMAND, *words, str(n)], stdout=subprocess.PIPE, cwd=desk.folder)
        for n in range(4)
    ]
    printed = [one.communicate(timeout=60)[0].decode() for one in racing]
    assert [one.returncode for one in racing] == [0] * 4
    for said in printed:
        assert_told("two writers race", said)
    assert desk("ledger", "verify") == 0
    assert [line.sequence for line in desk.lines()] == list(range(1, 25))
    # Both sealed their entry upon the same tip: the storage takes one of them.
    tip = desk.lines()[-1]
    rows = [seal(tip, "note", {"by": name}, refs={}, author=name, time=datetime.now(UTC))
            for name in "ab"]  # fmt: skip
    insert = "INSERT INTO entry VALUES (?, ?, ?, ?)"
    first, second = ((insert, (r.sequence, r.kind, r.data, r.leaf)) for r in rows)
    desk.by_hand(first)
    with pytest.raises(sqlite3.IntegrityError, match="only added after the last"):
        desk.by_hand(second)


@contextlib.contextmanager
def full_disk(folder, home):
    """Move a ledger to a file system that is full, and yield what starts a command there.

    A tmpfs where mounting is allowed; else a limit on the size of files, which SQLite meets at
    the same place.
    """
    small = folder / "small"
    small.mkdir()
    mounted = shutil.which("mount") and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)],
        check=False, capture_output=True,
    ).returncode  # fmt: skip
    try:
        shutil.copytree(home, small / "home", dirs_exist_ok=True)
        if mounted:
            yield small / "home", None, (small / "ballast")
        else:
            limit = (small / "home" / "ledger.db").stat().st_size + 40_000
            yield (
                small / "home",
                lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                None,
            )
    finally:
        if mounted:
            subprocess.run(["umount", str(small)], check=True)


def _fill_up(file):
    if file is None:
        return
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


def test_a_disk_that_fills_up_in_mid_append_adds_nothing_and_breaks_nothing(desk):
    big = "x" * 100_000
    words = ["ledger", "correct", "2", "--path", "study", "--reason", "r", "--value", big]
    with full_disk(desk.folder, desk.home) as (home, limited, ballast):
        before = home.joinpath("ledger.db").read_bytes()
        _fill_up(ballast)
        done = subprocess.run(
            [*COMMAND, *words], capture_output=True, text=True, preexec_fn=limited,
            env={**os.environ, "LIFTGATE_HOME": str(home)}, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert_told("the disk is full in mid-append", done.stderr)
        assert "Traceback" not in done.stderr
        if ballast is not None:
            with pytest.raises(LedgerError) as caught, Ledger.open(home) as ledger:
                ledger.append("note", {"text": big})
            assert not isinstance(caught.value, BrokenChain)
            ballast.unlink()
        assert sound_at_the_storage(home) == 20
        assert home.joinpath("ledger.db").read_bytes()[100:] == before[100:]
        with Ledger.open(home) as ledger:
            assert ledger.append("note", {}).sequence == 21


def test_an_account_that_may_write_forges_no_decision(office):
    """A decision is only as good as its rows: what they do not give is not believed."""
    study = office.write(tier="startup", study="worse")
    study["arms"]["old"]["params"], study["arms"]["new"]["params"] = (
        {**study["arms"]["new"]["params"], "model": "m1"},
        {**study["arms"]["old"]["params"], "model": "m1"},
    )
    office.write(tier="startup", study="worse", arms=study["arms"])
    assert office("run", "study.yaml", "--quiet") in {1, 4}, office.said
    real = office.entries("decision")[-1]
    body = json.loads(json.dumps(real.body))
    for one in body["decisions"]:
        one["word"] = "ship"
    body["recommended"] = "new"
    with Ledger.open(office.home) as ledger:
        ledger.append("decision", body, refs=real.refs)
    assert office.status() == 3
    assert_told("a decision is forged by an account that may write", office.said)


# One of each way in which bodies are read: by the shapes, by the signatures, by a policy.
KINDS = ("decision", "study.amended", "statement", "policy.proposed", "run.finished",
         "keys.changed", "gate_activated", "content.erased", "labels.drawn", "act.proposed",
         "judge.calibrated", "decision.reopened")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_of_a_known_kind_with_a_foreign_body_is_named_or_passed_over(approved, kind):
    bodies = ({}, {"study": "story", "name": "story", "policy": {}, "follows": None, "id": 1,
                   "digest": 1, "files": {}, "about": "x", "predicate": 1,
                   "verdict": []})  # fmt: skip
    with Ledger.open(approved.home) as ledger:
        ledger.append_all([Draft(kind, body) for body in bodies])
    for words in (("policy", "show"), ("gate", "status", "study.yaml")):
        # Whatever it says, it says it: no command may end in a traceback.
        assert approved(*words) in {0, 1, 2, 3, 4}, approved.said
    if kind == "decision":
        assert_told("an entry of a known kind has a foreign body", approved.said)


EVIL = "\x1b[2J\x1b]0;x\x07'; DROP TABLE entry; --\u202e<script>alert(1)</script>\r\n\x00"


def test_hostile_strings_in_every_field_stay_strings(approved):
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    evil = EVIL.replace("\x00", "")
    commands = [
        ("approve", "study.yaml", "--role", "product", "--sign-with", "bob", "--note", evil),
        ("approve", "study.yaml", "--role", evil, "--sign-with", "bob"),
        ("approve", "study.yaml", "--role", "product", "--sign-with", evil),
        ("waive", "study.yaml", "--condition", evil, "--until", until, "--reason", evil,
         "--owner", evil, "--sign-with", "bob"),
        ("waive", "study.yaml", "--condition", "fresh", "--until", evil, "--reason", evil,
         "--owner", evil, "--sign-with", "bob"),
        ("keys", "new", evil),
        ("keys", "revoke", evil, "--reason", evil, "--sign-with", "owner"),
        ("keys", "revoke", "robot", "--reason", evil, "--sign-with", "owner"),
        ("keys", "list"),
        ("rights", "explain", evil),
        ("ledger", "correct", "1", "--path", evil, "--value", evil, "--reason", evil),
        ("ledger", "correct", "7", "--path", "study", "--value", evil, "--reason", evil),
        ("ledger", "erase", evil, "--reason", evil),
        ("ledger", "log"), ("ledger", "show", "7"),
        ("ledger", "pack", evil, "--out", "p.zip"),
        ("policy", "show", evil), ("policy", "diff", evil, evil),
        ("study", "amend", "study.yaml", "--reason", evil, "--seen", "nothing"),
        ("gate", "status", "study.yaml"),
    ]  # fmt: skip
    for words in commands:
        assert approved(*words) in {0, 1, 2, 3}, approved.said
        for mark in ("\x1b[2J", "\x07", "\u202e"):
            assert mark not in approved.said, (words, approved.said)
    assert approved("ledger", "verify") == 0
    assert_told("hostile strings in every field", approved.said)


@pytest.mark.parametrize("coding", ["utf-8", "iso-8859-1"])
def test_a_log_whose_entities_grow_or_name_other_files_is_refused(desk, tmp_path, coding):
    tests = '<testsuite name="s"><testcase name="a"><failure>{}</failure></testcase></testsuite>'
    head = f'<?xml version="1.0" encoding="{coding}"?><!DOCTYPE testsuite '
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    (tmp_path / "secret.txt").write_text("token-7")
    (tmp_path / "old.xml").write_text(tests.format(""))
    path = tmp_path / "new.xml"
    for declared in (
        f'[<!ENTITY a0 "x">{levels}]>',
        '[<!ENTITY a29 SYSTEM "secret.txt">]>',
        '[<!ENTITY % a SYSTEM "secret.txt"> %a; <!ENTITY a29 "">]>',
        'SYSTEM "secret.txt">',
    ):
        path.write_text(head + declared + tests.format("&a29;"), encoding=coding)
        assert desk("compare", "old.xml", "new.xml") == 2
        assert_told("entities in a log that is XML", desk.said)
        assert "token-7" not in desk.said
        with pytest.raises(DataError, match="document type"):
            read_junit(path, Columns())
