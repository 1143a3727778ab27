"""Schemas of a database, and workspaces whose ledgers move into them."""

from __future__ import annotations

import itertools

import psycopg
import pytest

from liftgate.cli.main import main
from liftgate.ledger import Draft, Ledger
from liftgate.ledger.stored import kind_of

NUMBERS = itertools.count()


def schema(postgres: str) -> str:
    """Make an empty schema of its own, and return the URL that leads there."""
    name = f"m{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{postgres}&options=-csearch_path%3D{name}"


class Office:
    """A workspace, and the command line in it."""

    def __init__(self, folder, capsys, entries=60):
        self.home, self._capsys = folder / ".liftgate", capsys
        self.home.mkdir(parents=True)
        self.file = self.home / "ledger.db"
        with Ledger.open(self.home) as ledger:
            ledger.append("content.erased", {"digest": "sha256:0", "reason": "asked for"})
            ledger.append("ledger.checkpoint", {"origin": "liftgate/0", "size": 3, "note": "…"})
            ledger.append("keys.changed", {"version": 1, "digest": "sha256:1"})
            ledger.append_all(Draft("note", {"n": n, "x": n / 7}) for n in range(entries - 3))

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["ledger", *words])
        self.said = "".join(self._capsys.readouterr())
        return stopped.value.code

    def move(self, to, *words):
        return self("move", to, *words)

    def stored(self, place):
        with kind_of(str(place)).open_at(str(place), read_only=True) as ledger:
            return list(ledger.lines(1))

    @property
    def points_to(self):
        file = self.home / "ledger.url"
        return file.read_text().strip() if file.exists() else "sqlite"

    def append(self, *, at=None):
        if at is None:
            with Ledger.open(self.home) as ledger:
                return ledger.append("note", {"late": True}).sequence
        with kind_of(str(at)).open_at(str(at), read_only=False) as ledger:
            return ledger.append("note", {"late": True}).sequence
