"""Sealing an entry, reading it back, and checking a chain. Pure: knows no database.

An entry's canonical bytes hold all of its fields; its leaf is ``sha256(0x00 || bytes)``, the leaf
hash of RFC 6962, so that a Merkle tree can be built over the same leaves later. The bytes are
stored and hashed as stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from liftgate.canon import canonical, parse, short
from liftgate.errors import BrokenChain, DataError, LedgerError
from liftgate.records import Entry

FORMAT = 1
GENESIS = "sha256:" + "0" * 64
"""What the first entry names as the entry before it."""

_FIELDS = {"liftgate", "sequence", "kind", "body", "refs", "previous", "author", "time"}
_RESTORE = "restore the ledger from a copy; nothing after the named entry can be relied upon"


@dataclass(frozen=True)
class Sealed:
    """One stored line: ``sequence`` and ``kind`` are there to find it, ``data`` is what counts."""

    sequence: Any
    kind: Any
    data: Any
    leaf: Any


def leaf_of(data: bytes) -> str:
    """Return the leaf of an entry's canonical bytes."""
    return "sha256:" + hashlib.sha256(b"\x00" + data).hexdigest()


def seal(
    previous: Sealed | None,
    kind: str,
    body: Mapping[str, Any],
    *,
    refs: Mapping[str, str],
    author: str,
    time: datetime,
) -> Sealed:
    """Return the line that follows ``previous``.

    Raises:
        DataError: an empty kind, a naive time, or a value that JSON does not know.
    """
    if not kind:
        raise DataError("ledger entry: got an empty kind, expected a word such as 'run.finished'")
    if time.tzinfo is None:
        raise DataError(f"ledger entry {kind!r}: got the naive time {time}, expected an aware one")
    sequence = 1 if previous is None else previous.sequence + 1
    data = canonical(
        {
            "liftgate": FORMAT,
            "sequence": sequence,
            "kind": kind,
            "body": body,
            "refs": refs,
            "previous": GENESIS if previous is None else previous.leaf,
            "author": author,
            "time": time.astimezone(UTC),
        }
    )
    return Sealed(sequence, kind, data, leaf_of(data))


def unseal(line: Sealed) -> Entry:
    """Read a line, after checking that its bytes are the ones that its leaf names.

    Raises:
        BrokenChain: they are not.
        LedgerError: the entry was written by a newer liftgate.
    """
    fault = _own_fault(line)
    if fault:
        raise BrokenChain(f"ledger entry {line.sequence}: {fault}", hint=_RESTORE)
    fields = parse(line.data)
    if fields["liftgate"] != FORMAT:
        raise LedgerError(
            f"ledger entry {line.sequence}: got format {fields['liftgate']!r}, expected {FORMAT}",
            hint="use the liftgate that wrote it, or a newer one",
        )
    return Entry(
        sequence=fields["sequence"],
        kind=fields["kind"],
        body=fields["body"],
        refs=fields["refs"],
        previous=fields["previous"],
        author=fields["author"],
        time=datetime.fromisoformat(fields["time"]),
        leaf=line.leaf,
    )


def check(lines: Iterable[Sealed]) -> int:
    """Check lines that come in order of their sequence; return how many there are.

    Raises:
        BrokenChain: names the first bad entry and what differs.
    """
    count = 0
    previous = GENESIS
    for line in lines:
        fault = (
            _place_fault(line, count + 1)
            or _own_fault(line)
            or _link_fault(line, count + 1, previous)
        )
        if fault:
            raise BrokenChain(f"ledger entry {count + 1}: {fault}", hint=_RESTORE)
        previous = line.leaf
        count += 1
    return count


def _place_fault(line: Sealed, expected: int) -> str:
    if line.sequence == expected:
        return ""
    return f"it is missing; the entry found in its place is numbered {line.sequence}"


def _own_fault(line: Sealed) -> str:
    """What is wrong within the line, or an empty text."""
    if not isinstance(line.data, bytes) or not isinstance(line.leaf, str):
        return "its row does not hold bytes and a leaf"
    actual = leaf_of(line.data)
    if actual != line.leaf:
        return (
            f"its bytes hash to {short(actual)}…, its recorded leaf is "
            f"{short(line.leaf)}…: the one or the other was altered"
        )
    try:
        fields = parse(line.data)
    except ValueError:
        return "its bytes are not JSON"
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        return f"its bytes do not hold exactly the fields {', '.join(sorted(_FIELDS))}"
    for name in ("sequence", "kind"):
        if fields[name] != getattr(line, name):
            return f"its {name} column says {getattr(line, name)!r}, its bytes say {fields[name]!r}"
    return ""


def _link_fault(line: Sealed, sequence: int, previous: str) -> str:
    named = parse(line.data)["previous"]
    if named == previous:
        return ""
    before = f"entry {sequence - 1} has the leaf" if sequence > 1 else "a first entry names"
    return (
        f"it names {short(str(named))}… as the entry before it, but {before} "
        f"{short(previous)}…: one of them was altered and sealed again"
    )
