"""Entries in a hash chain: what was locked, run and decided, in which order."""

from __future__ import annotations

from liftgate.ledger.chain import GENESIS, Checked, leaf_of
from liftgate.ledger.known import KnownEntries, verified_entries
from liftgate.ledger.protocol import Chain
from liftgate.ledger.stored import Draft, Ledger

__all__ = [
    "GENESIS",
    "Chain",
    "Checked",
    "Draft",
    "KnownEntries",
    "Ledger",
    "leaf_of",
    "verified_entries",
]
