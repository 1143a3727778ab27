"""Every error that liftgate raises on purpose.

LiftgateError                      ``.hint`` says what to do next
├─ StudyError (ValueError)         a file for people is wrong: every fault with file:line:col
│  └─ LockedError                  not locked, or changed after the lock (path, old and new value)
├─ DataError (ValueError)          a table, dataset or argument is wrong: place, got, expected
├─ UnknownName (LookupError)       no scorer named 'exat'; known: exact, …
├─ NotEnoughData (ValueError)      a method declines to give a number
├─ SystemFailed                    a system under test gave no answer; ``.kind`` says which way
├─ Unavailable                     a system cannot be asked at all: no outcome, the run ends
├─ NotAllowed (PermissionError)    the caller may not do this
│  └─ Refused                      asked for, not allowed, not done; the ledger tells of it
└─ LedgerError
   ├─ BrokenChain                  evidence was altered: names the first bad place
   └─ NotReproduced                the same run gave another result

A failure of one item is data; an exception is for the caller. Only ``liftgate.cli`` turns an error
into text and an exit code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class LiftgateError(Exception):
    """The root of the tree.

    Args:
        message: what happened, with the place, what was got and what was expected.
        hint: what to do next, in one sentence; empty when the message says it all.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file, with its position (1-based; 0 when a position makes no sense)."""

    path: str
    """Where in the document, e.g. ``claims.guardrails.0.margin``."""
    message: str
    """What was got and what was expected."""
    line: int = 0
    column: int = 0
    source: str = ""
    """The line of the file, for showing."""
    suggestion: str = ""
    """A near name, when one exists."""

    def text(self, file: str) -> str:
        """Render as ``file:line:col: path: message (did you mean 'x'?)``."""
        place = f"{file}:{self.line}:{self.column}" if self.line else file
        suffix = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        where = f"{self.path}: " if self.path else ""
        return f"{place}: {where}{self.message}{suffix}"


class StudyError(LiftgateError, ValueError):
    """A study (or another file for people) is wrong; ``.faults`` holds all faults at once."""

    def __init__(
        self, message: str, *, file: str = "", faults: Iterable[Fault] = (), hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.faults = tuple(faults)


class LockedError(StudyError):
    """A study is not locked, or differs from what was locked."""


class DataError(LiftgateError, ValueError):
    """A table, dataset or argument is wrong: names the place, what was got and expected."""


_MOST_NAMED = 40
"""So many known names are listed."""


class UnknownName(LiftgateError, LookupError):
    """A name that no plug-in, column or arm carries."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.known = tuple(sorted(known))
        self.suggestion = did_you_mean(name, self.known)
        listed = ", ".join(self.known[:_MOST_NAMED]) or "none"
        if len(self.known) > _MOST_NAMED:
            listed += f", … ({len(self.known):,} in all)"
        guess = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        super().__init__(f"no {kind} named {name!r}{guess}; known: {listed}", hint=hint)


class NotEnoughData(LiftgateError, ValueError):
    """A method declines to give a number, and says why."""


class SystemFailed(LiftgateError):
    """A system under test gave no usable answer.

    Raise it inside a system to report an outcome of its own kind: ``refusal`` or ``unparsable``.
    Any other exception counts as ``crash``, and no answer in time as ``timeout``. ``reported`` is
    what the provider said of the call: a refusal is paid for, too. ``trace`` is a
    ``liftgate.Trace`` of what was done before it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "crash",
        hint: str = "",
        reported: Mapping[str, Any] | None = None,
        trace: Any = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.reported = reported
        self.trace = trace


class Unavailable(LiftgateError):
    """A system cannot be asked at all: its key is refused, its model unknown, its money spent.

    That says nothing about the system, so it is no outcome: the run ends, and the next one goes on.
    """


class NotAllowed(LiftgateError, PermissionError):
    """The caller has no right to do this."""


class Refused(NotAllowed):
    """What was asked for is not allowed, was not done, and the ledger tells of it."""


class LedgerError(LiftgateError):
    """The ledger cannot be read or written."""


class BrokenChain(LedgerError):
    """Stored evidence is not what was recorded; the message names the first bad place."""


class NotReproduced(LedgerError):
    """Running the same thing again gave another result."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name, or an empty string when none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def carried(error: Exception) -> Exception:
    """Return an exception that can go to another process; of any other one, what it says."""
    import pickle

    try:
        # Some can be pickled and not be read again.
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # noqa: BLE001 - it is the code of whoever made it
        said = str(error)
        if not isinstance(error, LiftgateError):
            said = f"{type(error).__name__}: {said}"
        return LiftgateError(said, hint=getattr(error, "hint", ""))
    return error
