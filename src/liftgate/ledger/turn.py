"""One at a time, of all who share a ledger: what is said of whoever has the turn."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime

from liftgate.errors import NotAllowed
from liftgate.ledger.author import default_author

_SAID = re.compile(r"(?P<since>\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ) (?P<who>.+)", re.DOTALL)


def mine() -> str:
    """Return what this process says of itself: since when, who, on which machine."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {default_author()} on {socket.gethostname()}"


def refusal(what: str, said: str) -> NotAllowed:
    """Return the error for whoever comes second.

    Args:
        what: the study.
        said: ``mine`` of who holds it, as far as it can be read; a label, no proof.
    """
    found = _SAID.match(said)
    who = f"{found['who']} runs" if found else "somebody runs"
    since = f", since {found['since']}" if found else ""
    return NotAllowed(
        f"{what}: {who} this study on the same ledger{since}",
        hint="wait until that has ended, bring what it ran (liftgate data fetch FOLDER), then "
        "repeat: what was called there is not called again",
    )
