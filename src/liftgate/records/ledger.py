"""What is remembered: one line of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liftgate.records.notebook import Card


@dataclass(frozen=True)
class Entry(Card):
    """One line of the ledger. ``leaf`` hashes the canonical bytes of all the other fields."""

    sequence: int
    kind: str
    body: Mapping[str, Any]
    refs: Mapping[str, str]
    """Named digests of other things: files, rows, entries."""
    previous: str
    author: str
    time: datetime
    leaf: str
