"""What goes between the engine and its worker processes: pickled messages with their length.

Both ends belong to one user on one machine, and the far one runs the code under test anyway.
"""

from __future__ import annotations

import pickle
import struct
from enum import StrEnum
from typing import Any

_LENGTH = struct.Struct(">Q")
HEAD = _LENGTH.size


class Kind(StrEnum):
    """What a message is; each is a tuple that begins with its kind."""

    OPEN = "open"
    """To the worker: its number, and the site's bytes. The first message."""
    JOBS = "jobs"
    """To the worker: a list of (ticket, job)."""
    CLOSE = "close"
    """To the worker: let go of what is under way, send what is there, and end."""
    READY = "ready"
    """From the worker: it is open."""
    ROWS = "rows"
    """From the worker: a list of (ticket, the row's bytes, whether it is the job's last)."""
    STUCK = "stuck"
    """From the worker: a ticket, and why a row of its cannot be sent."""
    BROKEN = "broken"
    """From the worker: the bytes of what it raised when it was opened. Its last message."""
    CLOSED = "closed"
    """From the worker: it has sent everything. Its last message."""


def framed(message: tuple[Any, ...]) -> bytes:
    """Return a message with its length before it."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


def length(head: bytes) -> int:
    """Return how many bytes follow a head."""
    found: int = _LENGTH.unpack(head)[0]
    return found


def message(data: bytes) -> tuple[Any, ...]:
    """Return the message that was framed."""
    found: tuple[Any, ...] = pickle.loads(data)  # noqa: S301 - our own process at the other end
    return found


def packed(value: Any) -> bytes:
    """Return a value's bytes.

    Raises:
        Exception: it cannot be pickled; whatever its own code raises.
    """
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Any:
    """Return the value of its bytes."""
    return pickle.loads(data)  # noqa: S301 - our own process at the other end
