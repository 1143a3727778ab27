"""A ledger that moves from SQLite to a real PostgreSQL and back, and what goes wrong on the way."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time

import psycopg
import pytest

from liftgate.cli.main import main
from liftgate.errors import LedgerError
from liftgate.filelock import FileLock
from liftgate.ledger import Draft, Ledger, moving
from liftgate.ledger.stored import kind_of
from tests.services.ledger_office import Office, schema
from tests.services.postgres_server import programs


@pytest.fixture
def office(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("LIFTGATE_LEDGER", raising=False)
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path, capsys)


@pytest.fixture
def url(postgres):
    return schema(postgres)


def test_every_entry_arrives_as_it_was_and_the_workspace_goes_on_in_the_new_place(office, url):
    before = office.stored(office.file)
    assert office.move(url) == 0, office.said
    assert "Copied 60 entries from ledger.db" in office.said
    assert office.stored(url) == before == office.stored(office.file)
    assert office.points_to == url
    assert office.append() == 61
    assert office("verify") == 0, office.said
    assert office.move(url) == 0
    assert "Nothing to do: the ledger, 61 entries" in office.said


def test_the_old_place_is_read_and_refuses_what_is_added_by_whatever_program(office, url):
    assert office.move(url) == 0
    with pytest.raises(LedgerError, match="has moved to postgresql://") as caught:
        office.append(at=office.file)
    assert caught.value.hint.startswith("liftgate ledger move postgresql://")
    with sqlite3.connect(office.file) as by_hand, pytest.raises(sqlite3.Error, match="is closed"):
        by_hand.execute("INSERT INTO entry VALUES (61, 'k', x'', '')")
    with kind_of(str(office.file)).open_at(str(office.file), read_only=True) as ledger:
        assert ledger.verify() == 60


def test_it_comes_back_with_what_was_added_meanwhile_and_the_database_is_closed(office, url):
    assert office.move(url) == 0
    assert office.append() == 61
    assert office.move("sqlite", "--json") == 0, office.said
    said = json.loads(office.said)
    assert (said["entries"], said["held"], said["copied"]) == (61, 60, 1)
    assert said["consistency"]["old"] == 60
    assert said["consistency"]["hashes"] > 0
    assert office.points_to == "sqlite"
    assert office.append() == 62
    with pytest.raises(LedgerError, match=r"has moved to .*ledger\.db"):
        office.append(at=url)
    with psycopg.connect(url) as by_hand, pytest.raises(psycopg.Error, match="is closed"):
        by_hand.execute("INSERT INTO liftgate_entry VALUES (62, 'k', '', '')")
    assert office.move(url) == 0, office.said
    assert office.stored(url) == office.stored(office.file)
    assert office.append() == 63


def test_looking_first_changes_nothing(office, url):
    assert office.move(url, "--dry-run", "--json") == 0
    assert json.loads(office.said)["held"] == 0
    assert not kind_of(url).exists_at(url)
    assert office.points_to == "sqlite"
    assert office.append() == 61


def test_a_target_with_another_ledger_is_refused_and_left_as_it_is(office, url, tmp_path, capsys):
    other = Office(tmp_path / "other", capsys)
    (other.home / "ledger.url").write_text(url)
    other.append()
    assert office.move(url) == 2
    assert "holds another ledger, liftgate/" in office.said
    assert "search_path" in office.said
    assert other.append() == 2
    assert office.append() == 61


def test_a_target_that_goes_on_beyond_the_source_is_refused(office, url, tmp_path):
    saved = tmp_path / "saved"
    saved.mkdir()
    assert office.move(url, "--dry-run") == 0
    (saved / "ledger.db").write_bytes(office.file.read_bytes())
    assert office.move(url) == 0
    office.append()
    office.file.write_bytes((saved / "ledger.db").read_bytes())
    (office.home / "ledger.url").unlink()
    assert office.move(url) == 2
    assert "goes on beyond it, from entry 61" in office.said
    assert office.append(at=url) == 62


def test_a_source_that_does_not_verify_stays_where_it_is(office, url):
    with sqlite3.connect(office.file) as by_hand:
        by_hand.execute("DROP TRIGGER entry_is_never_changed")
        by_hand.execute(
            "UPDATE entry SET data = CAST(replace(data, '1', '2') AS BLOB) WHERE sequence = 20"
        )
    assert office.move(url) == 3
    assert "ledger entry 20" in office.said
    assert not kind_of(url).exists_at(url)
    assert office.points_to == "sqlite"


def test_while_a_run_is_writing_nothing_moves(office, url):
    (office.home / "store" / "active").mkdir(parents=True)
    lock = FileLock(office.home / "run.lock")
    assert lock.acquire()
    assert office.move(url) == 2
    assert "another liftgate run is going on" in office.said
    lock.release(remove=True)
    assert office.move(url) == 0


@pytest.mark.parametrize(
    "last", ["after 2 batches", "after the copying", "after the source closed"]
)
def test_wherever_the_process_ends_the_same_command_goes_on(office, url, monkeypatch, last):
    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(moving, "BATCH", 16)
        if last == "after 2 batches":
            whole, left = moving.Ledger.carry, [2]

            def carry(self, lines, last, mark):
                left[0] -= 1
                (die if left[0] < 0 else whole)(self, lines, last, mark)

            patch.setattr(kind_of(url), "carry", carry)
        elif last == "after the copying":
            patch.setattr(moving, "_shown", die)
        else:
            patch.setattr(moving, "_open", die)
        with pytest.raises(Killed):
            main(["ledger", "move", url, "--quiet"])
    assert office.points_to == "sqlite"
    with pytest.raises(LedgerError, match="is being moved here"):
        office.append(at=url)
    if last == "after the source closed":
        with pytest.raises(LedgerError, match="has moved to"):
            office.append()
    else:
        assert office.append() == 61
    assert office.move(url, "--json") == 0, office.said
    held = {"after 2 batches": 32}.get(last, 60)
    assert json.loads(office.said)["held"] == held
    assert office.stored(url) == office.stored(office.file)
    assert office.append() == json.loads(office.said)["entries"] + 1
    assert office("verify") == 0


def test_what_arrived_is_verified_as_a_whole_before_anything_is_closed(office, url, monkeypatch):
    whole = moving.Ledger.carry

    def tampered(self, lines, last, mark):
        whole(self, lines, last, mark)
        self._connection.execute("ALTER TABLE liftgate_entry DISABLE TRIGGER USER")
        self._connection.execute("UPDATE liftgate_entry SET kind = 'x' WHERE sequence = 30")

    with monkeypatch.context() as patch:
        patch.setattr(kind_of(url), "carry", tampered)
        assert office.move(url) == 3
    assert "ledger entry 30" in office.said
    assert office.points_to == "sqlite"
    assert office.append() == 61


def test_a_database_that_was_lost_before_anything_was_added_is_filled_again(office, url):
    assert office.move(url) == 0
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("DROP TABLE liftgate_entry, liftgate_subtree")
        owner.execute("DROP FUNCTION liftgate_refuse, liftgate_only_append")
    (office.home / "ledger.url").unlink()
    assert office.move(url) == 0, office.said
    assert office.stored(url) == office.stored(office.file)
    assert office.append() == 61


def test_an_entry_that_is_added_while_it_is_copied_arrives_too(office, url, monkeypatch):
    whole, late = moving._shown, iter([1])

    def shown(source, target, found):
        made = whole(source, target, found)
        for _ in late:
            office.append(at=office.file)
        return made

    monkeypatch.setattr(moving, "_shown", shown)
    assert office.move(url, "--json") == 0, office.said
    assert json.loads(office.said)["copied"] == 61
    assert office.stored(url) == office.stored(office.file)


def test_the_same_database_by_another_name_is_no_target(office, url):
    assert office.move(url) == 0
    assert office.move(url.replace("/postgres?", "/postgres?application_name=x&")) == 2
    assert "where the ledger is already" in office.said
    assert office.append() == 61


def test_somebody_else_who_shares_the_ledger_follows_by_the_same_command(
    office, postgres, url, tmp_path, capsys, monkeypatch
):
    assert office.move(url) == 0
    colleague = Office(tmp_path / "colleague", capsys)
    (colleague.home / "ledger.url").write_text(url)
    further = schema(postgres)
    assert office.move(further) == 0
    office.append()
    with pytest.raises(LedgerError, match="has moved to"):
        colleague.append()
    monkeypatch.chdir(colleague.home.parent)
    assert colleague.move(further) == 0
    assert colleague.points_to == further
    assert colleague.append() == 62


def test_a_restored_backup_verifies_and_an_old_one_is_told_by_a_checkpoint(office, url, postgres):
    assert office.move(url) == 0
    name = url.rpartition("%3D")[2]
    dump = subprocess.run(
        [programs() / "pg_dump", "--format=custom", f"--schema={name}", f"--dbname={postgres}"],
        capture_output=True,
        check=True,
    )
    office.append()
    kept = office.home.parent / "elsewhere.txt"
    assert office("checkpoint", "--out", str(kept)) == 0
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"DROP SCHEMA {name} CASCADE")
    restore = [programs() / "pg_restore", f"--dbname={postgres}"]
    subprocess.run(restore, input=dump.stdout, capture_output=True, check=True)
    assert office("verify") == 0, office.said
    assert office("verify", "--against", str(kept)) == 3
    assert "entry 61 is missing" in office.said
    assert office.append() == 61


def test_a_role_that_only_appends_can_follow_and_cannot_move(office, url, postgres):
    assert office.move(url) == 0
    name = url.rpartition("%3D")[2]
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE writer_{name} LOGIN")
        owner.execute(f"GRANT USAGE ON SCHEMA {name} TO writer_{name}")
        owner.execute(
            f"GRANT SELECT, INSERT ON {name}.liftgate_entry, {name}.liftgate_subtree"
            f" TO writer_{name}"
        )
    (office.home / "ledger.url").write_text(url.replace("//liftgate@", f"//writer_{name}@"))
    assert office.append() == 61
    assert office.move("sqlite") == 2
    assert "may not close the ledger, only 'liftgate'" in office.said
    assert office.append() == 62


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("mysql://h/db", "expected postgresql://"),
        ("elsewhere.db", "or 'sqlite'"),
        ("postgresql://me:secret@h/db", "would stay in ledger.url"),
    ],
)
def test_what_is_no_target_is_said(office, to, said):
    assert office.move(to) == 2
    assert said in office.said
    assert "secret" not in office.said


def test_a_ledger_that_the_environment_names_is_not_moved(office, url, monkeypatch):
    monkeypatch.setenv("LIFTGATE_LEDGER", url)
    assert office.move("sqlite") == 2
    assert "unset LIFTGATE_LEDGER" in office.said


def test_a_checkpoint_for_another_workspace_goes_there_whatever_the_environment_names(
    office, url, tmp_path, monkeypatch
):
    auditor = tmp_path / "auditor" / ".liftgate"
    with Ledger.open(auditor) as ledger:
        ledger.append("note", {})
    monkeypatch.setenv("LIFTGATE_LEDGER", url)
    office.append()
    assert office("checkpoint", "--workspace", str(auditor.parent)) == 0, office.said
    assert office("verify", "--against", str(auditor.parent)) == 0, office.said
    assert len(office.stored(url)) == 1
    assert len(office.stored(auditor / "ledger.db")) == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, "the server dies"])
def test_a_process_or_server_that_dies_in_the_middle_costs_nothing(office, url, postgres, how):
    with Ledger.open(office.home) as ledger:
        ledger.append_all(Draft("note", {"n": n}) for n in range(40_000))
    program = (
        "from liftgate.ledger import moving; moving.BATCH = 50\n"
        "from liftgate.cli.main import main\n"
        f"main(['ledger', 'move', {url!r}])"
    )
    going = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=office.home.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    with psycopg.connect(url, autocommit=True) as watcher:
        count = 0
        while count < 100:
            assert going.poll() is None, going.stderr.read()
            time.sleep(0.02)
            if kind_of(url).exists_at(url):
                count = watcher.execute("SELECT count(*) FROM liftgate_entry").fetchone()[0]
        if how == "the server dies":
            watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        else:
            going.send_signal(how)
    _, said = going.communicate(timeout=60)
    expected = {signal.SIGINT: (130, "run the same command"), signal.SIGKILL: (-9, "")}
    code, words = expected.get(how, (2, "Error: postgresql://"))
    assert (going.returncode, words in said) == (code, True), said
    assert office.points_to == "sqlite"
    assert office.append() == 40_061
    assert office.move(url, "--json") == 0, office.said
    assert 0 < json.loads(office.said)["held"] < 40_000
    assert office.stored(url) == office.stored(office.file)
