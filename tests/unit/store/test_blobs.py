"""Texts by digest: kept once, checked when read, erased for good."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from liftgate.canon import digest
from liftgate.errors import BrokenChain, DataError
from liftgate.store import Store
from liftgate.store.blobs import Blobs


def change(home, statement):
    with contextlib.closing(sqlite3.connect(home / "blobs" / "blobs.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_value_is_there_before_and_after_it_is_written(store):
    key = store.put_json({"a": [1, None, "ü"]})
    assert key == digest({"a": [1, None, "ü"]})
    assert (store.blob_state(key), store.output(key)) == ("kept", {"a": [1, None, "ü"]})
    store.flush()
    assert (store.blob_state(key), store.output(key)) == ("kept", {"a": [1, None, "ü"]})


def test_many_values_survive_closing(home):
    with Store.open(home) as store:
        keys = [store.put_json({"n": n}) for n in range(450)]
    with Store.open(home, read_only=True) as store:
        assert [store.output(key)["n"] for key in keys] == list(range(450))


def test_erasing_removes_the_bytes_from_every_file_and_leaves_a_tombstone(home):
    secret = os.urandom(40).hex()
    with Store.open(home) as store:
        key = store.put_text(secret)
        store.flush()
        raw = b"".join(p.read_bytes() for p in (home / "blobs").iterdir())
        with contextlib.closing(sqlite3.connect(home / "blobs" / "blobs.db")) as connection:
            kept = connection.execute("SELECT data FROM blob").fetchone()[0]
        assert kept in raw
        store.erase(key)
        raw = b"".join(p.read_bytes() for p in (home / "blobs").iterdir())
        assert kept not in raw
        assert store.blob_state(key) == "erased"
        with pytest.raises(DataError, match="erased on 20"):
            store.output(key)
        assert store.put_text(secret) == key
    with Store.open(home) as store:
        assert store.blob_state(key) == "erased"


def test_erasing_a_value_that_was_not_yet_written_erases_it(store):
    key = store.put_text("soon gone")
    store.erase(key)
    assert store.blob_state(key) == "erased"


def test_of_another_store_only_an_erasure_that_the_ledger_tells_of_is_taken_over(home, tmp_path):
    with Store.open(tmp_path / "other") as other:
        told, untold, kept = (other.put_text(text) for text in ("told", "untold", "kept"))
        other.erase(told)
        other.erase(untold)
    Store.open(home).close()
    with (
        contextlib.closing(Blobs(home / "blobs", read_only=False)) as mine,
        contextlib.closing(Blobs(tmp_path / "other" / "blobs", read_only=True)) as theirs,
    ):
        assert mine.fetch(theirs, {told}) == 1
        assert [mine.state(key) for key in (told, untold, kept)] == ["erased", "unknown", "kept"]
    with Store.open(home) as store:
        store.put_text("untold")
        assert store.output(untold) == "untold"


def test_what_is_not_there_is_named(store):
    with pytest.raises(DataError, match="there is no such value"):
        store.output("sha256:" + "0" * 64)
    with pytest.raises(DataError, match="there is no such value"):
        store.erase("sha256:" + "0" * 64)
    assert store.blob_state("sha256:" + "0" * 64) == "unknown"


def test_not_json_is_refused(store):
    with pytest.raises(DataError):
        store.put_json({"x": float("nan")})


@pytest.mark.parametrize(
    ("value", "statement", "message"),
    [
        ("short", "UPDATE blob SET data = CAST('\"shory\"' AS BLOB)", "its bytes hash to"),
        ("long " * 99, "UPDATE blob SET data = CAST('x' AS BLOB)", "cannot be unpacked"),
        ("short", "UPDATE blob SET data = NULL", "its bytes hash to"),
    ],
)
def test_altered_bytes_are_named_when_read(home, value, statement, message):
    with Store.open(home) as store:
        key = store.put_text(value)
    change(home, statement)
    with Store.open(home) as store, pytest.raises(BrokenChain, match=message):
        store.output(key)


def test_a_file_that_is_no_database_is_named(home):
    with Store.open(home) as store:
        key = store.put_text("x")
    (home / "blobs" / "blobs.db").write_bytes(b"nothing of the kind" * 300)
    with (
        Store.open(home, read_only=True) as store,
        pytest.raises(BrokenChain, match=r"blobs\.db: cannot be read"),
    ):
        store.output(key)
