"""``ledger move``: the ledger of a workspace from SQLite to PostgreSQL, and back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from liftgate.errors import DataError, LedgerError, NotAllowed
from liftgate.ledger import Ledger, moving
from liftgate.ledger.place import (
    FILE,
    SCHEMES,
    VARIABLE,
    is_database,
    place_of,
    point_to,
    without_password,
)
from liftgate.ledger.stored import kind_of
from liftgate.protocols import Progress
from liftgate.records.notebook import Card
from liftgate.store import Workspace, going, only_one

HERE = "sqlite"
"""The target that is the workspace's own file."""
_STAGE = "copied"
_PLAIN = re.compile(r"[\w./-]*")
"""Holds no password: no URL, nor a part of one."""

Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Moving(Card):
    """A move that was made, or with ``done`` false, what one would do."""

    source: str
    target: str
    entries: int
    held: int
    """How many of them the target had before."""
    done: bool
    shown: moving.Moved | None = None
    """None: nothing was shown: it was only looked, or the ledger was there already."""


def move_ledger(
    workspace: Workspace, to: str, *, dry_run: bool = False, show: Show | None = None
) -> Moving:
    """Move the ledger, and point the workspace to its new place once that is verified.

    Args:
        workspace: whose ledger.
        to: a URL, or ``sqlite`` for the workspace's own file.
        dry_run: only look.
        show: told of progress.

    Raises:
        DataError: a target that nothing is moved to.
        NotAllowed: a run is going, or the role may not close the source.
        BrokenChain: the ledger does not verify, here or there.
        LedgerError: there is no ledger, the target holds another one, or a server is gone.
    """
    place, here = _target(workspace.home, to), place_of(workspace.home)
    if not Ledger.exists(workspace.home):
        raise LedgerError(f"{_said(here)}: there is no ledger", hint="run a study first")
    said, source_said = _said(place), _said(here)
    with _alone(workspace):
        if place == here:
            return _is_there(here, said)
        with kind_of(here).open_at(here, read_only=dry_run) as source:
            found = _looked(source, place, said)
            if not found.followed:
                source.refuse_to_close()
            if dry_run:
                return Moving(source_said, said, found.entries, found.held, done=False)
            with kind_of(place).open_at(place, read_only=False) as target:
                if not found.followed:
                    target.refuse_to_close()
                shown = moving.move(source, target, found, said, _teller(show))
        point_to(workspace.home, place)
    return Moving(source_said, said, shown.entries, found.held, done=True, shown=shown)


def _looked(source: Ledger, place: str, said: str) -> moving.Found:
    """Look at both ends; the target is not made by looking."""
    kind = kind_of(place)
    if not kind.exists_at(place):
        return moving.look(moving.Ends(source, None), said)
    with kind.open_at(place, read_only=True) as target:
        return moving.look(moving.Ends(source, target), said)


def _is_there(here: str, said: str) -> Moving:
    """Say that the workspace points there already."""
    with kind_of(here).open_at(here, read_only=True) as ledger:
        mark = ledger.closed
        if mark is not None:
            raise mark.error(ledger.place)
        entries = ledger.tip.sequence if ledger.tip else 0
    return Moving(said, said, entries, entries, done=True)


def _target(home: Path, to: str) -> str:
    if os.environ.get(VARIABLE, "").strip():
        raise DataError(
            f"{VARIABLE}: it names the ledger, so a workspace cannot be pointed elsewhere",
            hint=f"unset {VARIABLE}; what it says can stand in the workspace's ledger.url",
        )
    if to == HERE:
        return str(home / FILE)
    said = to if _PLAIN.fullmatch(to) else without_password(to)
    if not to.startswith(SCHEMES):
        raise DataError(
            f"place: got {said!r}, expected postgresql://ROLE@HOST/DATABASE or {HERE!r}"
        )
    if said != to:
        raise DataError(
            f"place: got {said} with a password or of another form, and it would stay in "
            "ledger.url; expected postgresql://ROLE@HOST/DATABASE",
            hint="keep a password in ~/.pgpass, and leave it out of the URL",
        )
    return to


def _said(place: str) -> str:
    return without_password(place) if is_database(place) else place


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Let no run of this workspace write meanwhile."""
    with only_one(workspace, "run"):
        alive = [one.run for one in going(workspace) if one.alive]
        if alive:
            raise NotAllowed(
                f"run {alive[0]} is going on in this workspace",
                hint="wait until it has ended, then repeat",
            )
        yield


def _teller(show: Show | None) -> moving.Told:
    def told(done: int, total: int) -> None:
        if show is not None:
            show(Progress(_STAGE, done, total, failed=None))

    return told
