"""Sealing an entry, reading it back, and checking a chain. Pure: knows no database.

An entry's canonical bytes hold all of its fields; its leaf is ``sha256(0x00 || bytes)``, the leaf
hash of RFC 6962, over which the Merkle tree is built. The bytes are stored and hashed as stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from liftgate.canon import canonical, parse, short, whole
from liftgate.errors import BrokenChain, DataError, LedgerError
from liftgate.ledger.merkle import Frontier
from liftgate.records import Entry

FORMAT = 1
GENESIS = "sha256:" + "0" * 64
"""What the first entry names as the entry before it."""

_FIELDS = {"liftgate", "sequence", "kind", "body", "refs", "previous", "author", "time"}
_sha256 = hashlib.sha256
_BLOCK = 4096
# The scanner itself: ``json.loads`` would look for an encoding and for blanks first.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_scan_exactly = json.JSONDecoder(parse_int=whole).scan_once  # type: ignore[attr-defined]
_RESTORE = "restore the ledger from a copy; nothing after the named entry can be relied upon"


@dataclass(slots=True)  # frozen, a million lines would take a second longer to make
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
    if not kind or "\0" in kind:
        raise DataError(f"ledger entry: got the kind {kind!r}, expected a word: 'run.finished'")
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
            "time": time.astimezone(UTC).isoformat(),
        }
    )
    return Sealed(sequence, kind, data, leaf_of(data))


def unseal(line: Sealed) -> Entry:
    """Read a line, after checking that its bytes are the ones that its leaf names.

    Raises:
        BrokenChain: they are not.
        LedgerError: the entry was written by a newer liftgate.
    """
    fields, fault = _opened(line)
    if fault:
        raise BrokenChain(f"ledger entry {line.sequence}: {fault}", hint=_RESTORE)
    return entry_of(line, fields)


def entry_of(line: Sealed, fields: Mapping[str, Any]) -> Entry:
    """Return the entry of a line that was found sound.

    Args:
        line: as it is stored.
        fields: those of its bytes.

    Raises:
        BrokenChain: its time is none.
        LedgerError: the entry was written by a newer liftgate.
    """
    if fields["liftgate"] != FORMAT:
        raise LedgerError(
            f"ledger entry {line.sequence}: got format {fields['liftgate']!r}, expected {FORMAT}",
            hint="use the liftgate that wrote it, or a newer one",
        )
    try:
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
    except (TypeError, ValueError) as error:
        raise BrokenChain(
            f"ledger entry {line.sequence}: its time is not one ({error})", hint=_RESTORE
        ) from error


@dataclass(frozen=True)
class Checked:
    """What was found when every line and every link was checked."""

    entries: int
    root: bytes
    """Of the Merkle tree over all leaves."""
    roots: Mapping[int, bytes]
    """Size -> root of the first so many leaves, for the sizes asked for; larger ones are absent."""
    nodes: Mapping[tuple[int, int], bytes]
    """(level, number) -> hash of each complete subtree at a stored level."""
    clock_went_back: tuple[int, ...]
    """Entries whose time is earlier than that of an entry before them."""


def check(lines: Iterable[Sealed], sizes: Iterable[int] = ()) -> Checked:
    """Check lines that come in order of their sequence, and build their tree.

    Args:
        lines: all of them.
        sizes: of earlier trees whose roots are wanted.

    Raises:
        BrokenChain: names the first bad entry and what differs.
    """
    walk = Walk(frozenset(sizes))
    for _ in walk.over(lines):
        pass
    return walk.found()


@dataclass
class Walk:
    """A check of a chain, which goes on from where it stands as entries are added."""

    sizes: frozenset[int] = frozenset()
    entries: int = 0
    """How many were checked, all of them sound."""
    leaf: str = GENESIS
    """Of the last of them."""
    latest: str = ""
    """The latest time so far."""
    size: int = 0
    """Bytes of the last of them."""
    _frontier: Frontier = field(default_factory=Frontier)
    _waiting: list[bytes] = field(default_factory=list)
    _roots: dict[int, bytes] = field(default_factory=dict)
    _nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _clock_went_back: list[int] = field(default_factory=list)

    def over(
        self, lines: Iterable[Sealed], *, exact: bool = False
    ) -> Iterator[tuple[Sealed, dict[str, Any]]]:
        """Check the lines that come next, and yield each with its fields once it is found sound.

        Args:
            lines: those after the ones that were checked, in order.
            exact: whether the fields are to be kept, numbers as ``canon.parse`` reads them.

        Raises:
            BrokenChain: names the first bad entry and what differs; all before it were sound.
        """
        previous, latest = self.leaf, self.latest
        scan = _scan_exactly if exact else _scan
        if 0 in self.sizes and self.entries == 0:
            self._grow()
        for number, line in enumerate(lines, start=self.entries + 1):
            try:
                hashed = _sha256(b"\x00" + line.data)
                text = line.data.decode()
                fields, end = scan(text, 0)
                time = fields["time"]
                sound = (
                    line.leaf == "sha256:" + hashed.hexdigest()
                    and end == len(text)
                    and line.sequence == number
                    and fields.keys() == _FIELDS
                    and fields["previous"] == previous
                    and fields["sequence"] == number
                    and fields["kind"] == line.kind
                )
                # UTC texts of one form sort as their times do.
                if time < latest:
                    self._clock_went_back.append(number)
                else:
                    self.latest = latest = time
            except (TypeError, ValueError, AttributeError, KeyError, StopIteration, RecursionError):
                sound = False
            if not sound:
                raise BrokenChain(
                    f"ledger entry {number}: {_fault(line, number, previous)}", hint=_RESTORE
                )
            self.leaf = previous = line.leaf
            self.entries, self.size = number, len(line.data)
            self._waiting.append(hashed.digest())
            if number % _BLOCK == 0 or number in self.sizes:
                self._grow()
            yield line, fields

    def found(self) -> Checked:
        """Return what was found so far."""
        self._grow()
        return Checked(
            self._frontier.size,
            self._frontier.root(),
            self._roots,
            self._nodes,
            tuple(self._clock_went_back),
        )

    def _grow(self) -> None:
        """Put the waiting leaves into the tree, and keep its root if it was asked for."""
        self._frontier.extend(self._waiting, self._nodes)
        self._waiting.clear()
        if self._frontier.size in self.sizes:
            self._roots[self._frontier.size] = self._frontier.root()


def _fault(line: Sealed, number: int, previous: str) -> str:
    """Say what is wrong with a line, after the quick check found that something is."""
    return (
        _place_fault(line, number)
        or _own_fault(line)
        or _link_fault(line, number, previous)
        or "its fields are not of the kinds that liftgate writes"
    )


def _place_fault(line: Sealed, expected: int) -> str:
    if line.sequence == expected:
        return ""
    return f"it is missing; the entry found in its place is numbered {line.sequence}"


def _own_fault(line: Sealed) -> str:
    """What is wrong within the line, or an empty text."""
    return _opened(line)[1]


def _opened(line: Sealed) -> tuple[dict[str, Any], str]:
    """Return the fields of a line, or none and what is wrong within it."""
    if not isinstance(line.data, bytes) or not isinstance(line.leaf, str):
        return {}, "its row does not hold bytes and a leaf"
    actual = leaf_of(line.data)
    if actual != line.leaf:
        return {}, (
            f"its bytes hash to {short(actual)}…, its recorded leaf is "
            f"{short(line.leaf)}…: the one or the other was altered"
        )
    try:
        fields = parse(line.data)
    except ValueError:
        return {}, "its bytes are not JSON"
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        return {}, f"its bytes do not hold exactly the fields {', '.join(sorted(_FIELDS))}"
    for name in ("sequence", "kind"):
        said = fields[name]
        if said != getattr(line, name):
            return {}, f"its {name} column says {getattr(line, name)!r}, its bytes say {said!r}"
    return fields, ""


def _link_fault(line: Sealed, sequence: int, previous: str) -> str:
    named = parse(line.data)["previous"]
    if named == previous:
        return ""
    before = f"entry {sequence - 1} has the leaf" if sequence > 1 else "a first entry names"
    return (
        f"it names {short(str(named))}… as the entry before it, but {before} "
        f"{short(previous)}…: one of them was altered and sealed again"
    )
