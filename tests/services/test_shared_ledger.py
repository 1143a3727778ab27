"""Several workspaces on one ledger in PostgreSQL: each gets what the others ran."""

from __future__ import annotations

import shutil
import time

import psycopg
import pytest

from liftgate.cli.main import main
from liftgate.errors import DataError
from liftgate.flow.fetch import fetch
from liftgate.flow.ledger import erase, verify
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger, verified_entries
from liftgate.ledger.author import default_author
from liftgate.store import Store, Workspace
from tests.services.ledger_office import schema
from tools.blocks import ROOT


class Person:
    """Somebody with a workspace of their own and the study of the tutorial."""

    def __init__(self, folder, monkeypatch, capsys):
        shutil.copytree(ROOT / "examples" / "first-study", folder)
        self.folder, self.workspace = folder, Workspace(folder / ".liftgate")
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words):
        self._monkeypatch.chdir(self.folder)
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        self.said = "".join(self._capsys.readouterr())
        return stopped.value.code

    def values(self):
        with Store.open(self.workspace.home, read_only=True) as store:
            return {digest for _, digest, *_ in store._blobs._rows(0)}


@pytest.fixture
def ada_and_bob(tmp_path, postgres, monkeypatch, capsys):
    monkeypatch.setenv("LIFTGATE_LEDGER", schema(postgres))
    people = [Person(tmp_path / name, monkeypatch, capsys) for name in ("ada", "bob")]
    assert people[0]("run", "study.yaml", "--quiet") == 0
    return people


def test_what_another_workspace_ran_is_brought_and_not_paid_for_again(ada_and_bob):
    ada, bob = ada_and_bob
    assert bob("run", "study.yaml", "--quiet") == 3
    assert "is not in this workspace: " in bob.said
    assert "was decided: SHIP " in bob.said
    assert "liftgate data fetch" in bob.said
    assert not list(bob.workspace.runs.iterdir())  # nothing was called, nothing paid for
    assert bob("data", "fetch", str(ada.folder)) == 0, bob.said
    assert "Brought 1 run" in bob.said
    assert bob("run", "study.yaml", "--quiet") == 0, bob.said
    assert verify(bob.workspace).entries == 3
    assert bob("data", "fetch", str(ada.folder)) == 0
    assert "Brought 0 runs and 0 values" in bob.said


def test_a_study_that_somebody_runs_is_refused_with_who_it_is_until_they_end_or_die(
    ada_and_bob, monkeypatch
):
    ada, bob = ada_and_bob
    monkeypatch.setenv("LIFTGATE_AUTHOR", "ada")
    default_author.cache_clear()
    with Ledger.open(ada.workspace.home) as ledger, ledger.only_one("dates"):
        assert bob("run", "study.yaml", "--quiet") == 2
        assert "dates: ada on " in bob.said
        assert "runs this study on the same ledger, since 20" in bob.said
    assert bob("run", "study.yaml", "--quiet") == 3
    default_author.cache_clear()


def test_what_was_erased_there_is_erased_here_too_and_never_comes_back(ada_and_bob):
    ada, bob = ada_and_bob
    assert bob("data", "fetch", str(ada.folder)) == 0
    assert ada("data", "erase", "dates", "--item-id", "date-001", "--reason", "asked for") == 0
    assert bob("data", "fetch", str(ada.folder)) == 0
    assert "Erased here, as the ledger says: " in bob.said
    assert verify(ada.workspace).contents == verify(bob.workspace).contents
    assert verify(bob.workspace).contents.erased > 0


def test_a_workspace_that_joins_later_has_the_tombstones_and_nothing_is_lost(ada_and_bob):
    ada, bob = ada_and_bob
    assert ada("data", "erase", "dates", "--item-id", "date-001", "--reason", "asked for") == 0
    assert bob("data", "fetch", str(ada.folder)) == 0
    assert verify(ada.workspace).contents == verify(bob.workspace).contents
    assert verify(bob.workspace).contents.lost == 0


def test_a_file_that_is_not_what_the_ledger_recorded_is_not_brought(ada_and_bob):
    ada, bob = ada_and_bob
    (file,) = ada.workspace.runs.glob("*/scores.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert bob("data", "fetch", str(ada.folder)) == 3
    assert "altered" in bob.said
    assert not list(bob.workspace.runs.iterdir())
    ada.folder.joinpath(".liftgate", "store", "runs").rename(ada.folder / "away")
    (ada.folder / ".liftgate" / "store" / "runs").mkdir()
    assert bob("data", "fetch", str(ada.folder)) == 1
    assert "Still away: run " in bob.said


def test_a_value_that_is_not_its_digests_is_not_brought(ada_and_bob):
    ada, bob = ada_and_bob
    with Store.open(ada.workspace.home) as store:
        store._blobs._open().execute("UPDATE blob SET data = x'00' WHERE id = 7")
    assert bob("data", "fetch", str(ada.folder)) == 3
    assert "blob " in bob.said


def test_a_workspace_is_no_other_one_to_itself(ada_and_bob, tmp_path):
    ada, _ = ada_and_bob
    for folder in (ada.folder, tmp_path):
        with pytest.raises(DataError, match="expected the folder of one"):
            fetch(ada.workspace, folder)


def test_an_erased_value_that_somebody_has_still_is_not_brought_back(ada_and_bob):
    ada, bob = ada_and_bob
    assert bob("data", "fetch", str(ada.folder)) == 0
    digest = min(bob.values())
    erase(ada.workspace, digest, reason="asked for")
    assert ada("data", "fetch", str(bob.folder)) == 0
    with Store.open(ada.workspace.home, read_only=True) as store:
        assert store.blob_state(digest) == "erased"


def test_commands_that_read_lazily_give_their_connections_back(ada_and_bob, postgres):
    ada, _ = ada_and_bob
    with psycopg.connect(postgres, autocommit=True) as watcher:
        for words in (["report"], ["trace", "3"], ["run", "study.yaml", "--quiet"]):
            assert ada(*words) == 0, ada.said
            entries = verified_entries(ada.workspace.home)
            assert others(watcher) == 1
            del entries
            assert others(watcher) == 0
        index = StudyIndex(ada.workspace)
        assert index.now()
        assert others(watcher) == 1
        del index
        assert others(watcher) == 0


def others(watcher):
    """Count the connections of others; the server may need a moment to notice one's end."""
    for _ in range(20):
        count = watcher.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()[0]
        if count == 0:
            break
        time.sleep(0.02)
    return count
