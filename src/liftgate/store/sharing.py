"""Runs and values of another workspace whose ledger is the same one."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from liftgate.store import finished
from liftgate.store.blobs import Blobs
from liftgate.store.once import Recorded
from liftgate.store.workspace import Workspace


def refuse_missing(workspace: Workspace, recorded: Recorded) -> None:
    """Refuse to go on while a recorded file is away; quick, for none is read.

    For what costs money: nothing is called when the evidence that it adds to is not whole.

    Raises:
        BrokenChain: names the first file that is missing.
    """
    for run, files in recorded.items():
        for name in files:
            finished.must_be_there(workspace.runs / run / name)


def fetch(
    workspace: Workspace, other: Workspace, recorded: Recorded, erased: Collection[str]
) -> tuple[list[str], int]:
    """Copy what another workspace has of the recorded runs, and its values.

    Args:
        workspace: where they are wanted.
        other: whence.
        recorded: the runs that the ledger names.
        erased: digests of values that were erased, here or anywhere: they stay away.

    Returns:
        The runs, and how many values.

    Raises:
        BrokenChain: something there is not what was recorded.
        LiftgateError: the machine refuses.
    """
    fetched = []
    for run, files in recorded.items():
        there = other.runs / run
        if not (workspace.runs / run).exists() and there.is_dir():
            finished.fetch(there, workspace.runs, files)
            fetched.append(run)
    with (
        closing(Blobs(workspace.blobs, read_only=False)) as mine,
        closing(Blobs(other.blobs, read_only=True)) as theirs,
    ):
        return fetched, mine.fetch(theirs, erased)
