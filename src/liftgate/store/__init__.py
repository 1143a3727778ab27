"""Trials, scores, measures and blobs: SQLite while running, Parquet when done, DuckDB to read."""

from __future__ import annotations

from liftgate.store.active import GROUP_S
from liftgate.store.blobs import Contents
from liftgate.store.finished import RUN_FINISHED, run_body
from liftgate.store.going import Going, going
from liftgate.store.lock import only_one
from liftgate.store.seen import Seen
from liftgate.store.store import Store
from liftgate.store.tables import Attempt, microseconds
from liftgate.store.workspace import FOLDER, Workspace
from liftgate.store.writer import RunWriter

__all__ = [
    "FOLDER",
    "GROUP_S",
    "RUN_FINISHED",
    "Attempt",
    "Contents",
    "Going",
    "RunWriter",
    "Seen",
    "Store",
    "Workspace",
    "going",
    "microseconds",
    "only_one",
    "run_body",
]
