"""The mark of a ledger that takes no entries: it has moved away, or is just being moved here.

The mark is a trigger, so that the storage itself refuses, whatever program asks; only who owns the
tables can set it or take it away.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from liftgate.errors import LedgerError
from liftgate.ledger.place import is_database

MOVED = "moved"
ARRIVING = "arriving"
SAYS = "this ledger is closed: "
"""What the storage says before the mark when it refuses an entry."""


@dataclass(frozen=True)
class Closed:
    """Why a ledger takes no entries."""

    why: str
    """``moved`` or ``arriving``."""
    place: str
    """Where it went, or whence it comes; without a password."""
    time: str
    by: str
    token: str = ""
    """Tells this mark from every other one."""

    @property
    def text(self) -> str:
        """The mark as the storage keeps it: JSON without an apostrophe or a letter beyond ASCII."""
        return json.dumps(asdict(self), sort_keys=True).replace("'", "\\u0027")

    @classmethod
    def read(cls, text: str) -> Closed:
        """Read a mark; of one that somebody else made, what it says."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return cls("closed", text, "", "")

    def error(self, place: str) -> LedgerError:
        """Return what a refused writer is told.

        Args:
            place: of the ledger that is closed.
        """
        if self.why == MOVED:
            follow = f"liftgate ledger move {self.place} lets this workspace follow"
            return LedgerError(
                f"{place}: this ledger has moved to {self.place} ({self.time}, {self.by}); "
                "here it is only read",
                hint=follow if is_database(self.place) else "write in the workspace that has it",
            )
        if self.why == ARRIVING:
            return LedgerError(
                f"{place}: a ledger is being moved here from {self.place} ({self.time}, {self.by})",
                hint="wait until that is done; was it interrupted, then run the same move again",
            )
        return LedgerError(f"{place}: this ledger is closed ({self.place})")
