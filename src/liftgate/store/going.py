"""Runs that are not finished, seen from outside: how far each is, and whether its process lives."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from liftgate.errors import LiftgateError
from liftgate.filelock import is_held
from liftgate.sqlite import connect
from liftgate.store.active import reading
from liftgate.store.tables import moment
from liftgate.store.workspace import Workspace


@dataclass(frozen=True)
class Going:
    """A run that is going, or whose process died; counts only, never a score."""

    run: str
    study: str
    """The study's digest."""
    started_at: datetime
    alive: bool
    """False: its process died; the next command that writes finishes it."""
    trials: int
    scores: int
    last: datetime | None
    """When the newest trial began; None: there is none yet."""


def going(workspace: Workspace) -> list[Going]:
    """Return the runs that are not finished, oldest first; one that ends meanwhile is left out.

    Raises:
        BrokenChain: the file of a run cannot be read.
    """
    found = (_seen(path) for path in sorted(workspace.active.glob("*.db")))
    return [one for one in found if one is not None]


def _seen(path: Path) -> Going | None:
    try:
        alive = is_held(path.with_suffix(".lock"))
        with reading(path), contextlib.closing(connect(path, read_only=True)) as connection:
            return _of(connection, alive=alive)
    except LiftgateError:
        if not path.exists():
            return None
        raise


def _of(connection: sqlite3.Connection, *, alive: bool) -> Going | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
        return None  # it is being made
    run, study, started = connection.execute("SELECT run, study, started_at FROM about").fetchone()
    # Rows are only added, so the last one's number is their count, without a walk over them.
    trials, scores = (
        connection.execute(f"SELECT coalesce(max(rowid), 0) FROM {name}").fetchone()[0]  # noqa: S608
        for name in ("trials", "scores")
    )
    last = connection.execute(
        "SELECT started_at FROM trials ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    return Going(
        run, study, moment(started), alive, trials, scores, moment(last[0]) if last else None
    )
