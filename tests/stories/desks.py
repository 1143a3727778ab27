"""A small ledger with a lock and a decision, and whoever owns its file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import datetime

import pytest

from liftgate.cli.main import main
from liftgate.ledger import Draft, Ledger
from liftgate.ledger.chain import Sealed

DECISION = {
    "study": "s", "study_digest": "sha256:" + "1" * 64, "recommended": "new",
    "arms": [{"name": "old", "fingerprint": "sha256:" + "2" * 64},
             {"name": "new", "fingerprint": "sha256:" + "3" * 64}],
    "decisions": [{"candidate": "new", "word": "ship", "voids": [], "verdicts": [
        {"candidate": "new", "claim": "primary", "reading": "superior", "p_value": 0.01,
         "estimate": {"value": 0.1}}]}],
    "rows": {"digest": "sha256:" + "4" * 64, "files": {}}, "claims": [], "population": "new-items",
    "dataset": {"digest": "sha256:" + "5" * 64}, "error_statement": "…",
    "not_shown": ["replication"],
}  # fmt: skip
LOCK = {
    "study": {"study": "s", "hypothesis": "h", "claims": {}, "decision": {}},
    "study_digest": "sha256:" + "1" * 64,
    "dataset": {"digest": "sha256:" + "5" * 64},
}


class Desk:
    """A workspace with a small ledger, and the command line in it."""

    def __init__(self, folder, capsys):
        self.folder, self.home, self._capsys = folder, folder / ".liftgate", capsys
        with Ledger.open(self.home) as ledger:
            ledger.append("study.locked", LOCK)
            ledger.append("decision", DECISION)
            ledger.append_all(Draft("note", {"n": n}) for n in range(18))

    def __call__(self, *words):
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        self.said = "".join(self._capsys.readouterr())
        return stopped.value.code

    def by_hand(self, *statements):
        with contextlib.closing(sqlite3.connect(self.home / "ledger.db")) as connection:
            for statement in statements:
                connection.execute(*statement) if isinstance(statement, tuple) else (
                    connection.execute(statement)
                )
            connection.commit()

    def lines(self):
        with Ledger.open(self.home, read_only=True) as ledger:
            return [ledger.sealed(n) for n in range(1, ledger.tip.sequence + 1)]

    def rewrite(self, change):
        """Seal every entry anew after a change, as the owner of the file can."""
        old = self.lines()
        for file in self.home.glob("ledger.db*"):
            file.unlink()
        previous: Sealed | None = None
        with Ledger.open(self.home) as ledger:
            for line in old:
                fields = json.loads(line.data)
                change(fields)
                time = datetime.fromisoformat(fields["time"])
                ledger.append(
                    fields["kind"], fields["body"], refs=fields["refs"], author="x", time=time
                )
        return previous

    def keys(self):
        for name in ("ada", "bob"):
            assert self("keys", "new", name) == 0
        trust = ("keys", "trust", "bob.pub.json", "--role", "decider", "--sign-with", "ada")
        assert self(*trust) == 0
