"""A checkpoint: size and root of the tree at one time, small enough to leave the machine.

Its text is a C2SP checkpoint (tlog-checkpoint) in a signed note (signed-note), which other tools
for transparency logs can read: origin, size, root, and one line more for the time. Without a
signature it is worth what the place is worth where it is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from liftgate.errors import BrokenChain, DataError, LedgerError
from liftgate.ledger.chain import Checked
from liftgate.ledger.keys import Key, PublicKey, checked_name, moment
from liftgate.ledger.protocol import Chain

_ED25519 = b"\x01"
_MARK = "\u2014 "
_ORIGIN = re.compile(r"liftgate/[0-9a-f]{16}")
_SIZE = re.compile(r"[1-9][0-9]{0,17}")
_EXPECTED = "expected four lines: liftgate/ORIGIN, size, root, time"


@dataclass(frozen=True)
class NoteSignature:
    """A signature line of a note."""

    name: str
    hint: bytes
    """The first four bytes of a digest of name and key: finds the key, proves nothing."""
    value: bytes


@dataclass(frozen=True)
class Checkpoint:
    """What a ledger was at one time."""

    origin: str
    """Which ledger: named by its first entry."""
    size: int
    root: bytes
    time: datetime
    signatures: tuple[NoteSignature, ...] = ()

    @property
    def body(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.time.isoformat()}\n"

    @property
    def text(self) -> str:
        """The whole note."""
        lines = [
            f"{_MARK}{one.name} {base64.b64encode(one.hint + one.value).decode()}\n"
            for one in self.signatures
        ]
        return f"{self.body}\n{''.join(lines)}"

    def signed(self, key: Key) -> Checkpoint:
        """Return it with one signature more."""
        value = key.sign(self.body.encode())
        made = NoteSignature(key.public.name, hint(key.public), value)
        return replace(self, signatures=(*self.signatures, made))

    def signers(self, keys: Iterable[PublicKey]) -> list[PublicKey]:
        """Return those of some keys that signed it.

        Raises:
            BrokenChain: a signature in the name of one of the keys is not its.
        """
        known = {(key.name, hint(key)): key for key in keys}
        found = []
        for one in self.signatures:
            key = known.get((one.name, one.hint))
            if key is None:
                continue
            if not key.verifies(one.value, self.body.encode()):
                raise BrokenChain(
                    f"checkpoint of {self.size:,} entries: the signature in the name of "
                    f"{key.name!r} is not its, or the checkpoint was altered"
                )
            found.append(key)
        return found


def hint(key: PublicKey) -> bytes:
    """Return by what a note finds a key (signed-note, key ID)."""
    return hashlib.sha256(key.name.encode() + b"\n" + _ED25519 + key.public).digest()[:4]


def origin_of(chain: Chain) -> str:
    """Return which ledger this is.

    Raises:
        LedgerError: it is empty, and could be any.
    """
    if chain.tip is None:
        raise LedgerError("ledger: it is empty, there is nothing to keep", hint="run a study first")
    return f"liftgate/{chain.entry(1).leaf.removeprefix('sha256:')[:16]}"


def take(chain: Chain, found: Checked, *, now: datetime | None = None) -> Checkpoint:
    """Return an unsigned checkpoint of a ledger.

    Args:
        chain: the ledger.
        found: what its examination gave: nothing is vouched for that was not examined.
        now: None: the present time.

    Raises:
        LedgerError: it is empty.
    """
    time = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return Checkpoint(origin_of(chain), found.entries, found.root, time)


def read(text: str, place: str) -> tuple[Checkpoint, ...]:
    """Read the checkpoints of a text, in their order; blank lines between them are ignored.

    Raises:
        DataError: something else stands there; names the place and line.
    """
    found: list[Checkpoint] = []
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif line.startswith(_MARK):
            if not found:
                raise DataError(f"{place}: line {at + 1}: a signature of nothing, {_EXPECTED}")
            found[-1] = replace(
                found[-1],
                signatures=(*found[-1].signatures, _signature(line, f"{place}: line {at + 1}")),
            )
            at += 1
        else:
            found.append(_checkpoint(lines[at : at + 4], f"{place}: line {at + 1}"))
            at += 4
    if not found:
        raise DataError(f"{place}: holds no checkpoint, {_EXPECTED}")
    return tuple(found)


def compare(kept: Checkpoint, chain: Chain, found: Checked) -> None:
    """Check that a verified ledger begins with what a checkpoint says.

    Args:
        kept: the checkpoint.
        chain: the ledger.
        found: what its examination gave, the checkpoint's size asked for.

    Raises:
        BrokenChain: entries were cut off, or changed and sealed again, or it is another ledger.
    """
    place = f"checkpoint of {kept.size:,} entries ({kept.time:%Y-%m-%d %H:%M:%SZ})"
    if found.entries < kept.size:
        raise BrokenChain(
            f"{place}: the ledger holds {found.entries:,}; entry {found.entries + 1} is missing",
            hint="its last entries were cut off: restore the ledger from a copy",
        )
    if origin_of(chain) != kept.origin:
        raise BrokenChain(
            f"{place}: it is of {kept.origin}, this is {origin_of(chain)}",
            hint="this is another ledger, or it was written anew from its first entry",
        )
    if found.roots.get(kept.size) != kept.root:
        raise BrokenChain(
            f"{place}: the first {kept.size:,} entries have another root than it says",
            hint="an entry among them was changed and the chain sealed again: compare with a copy",
        )


def _checkpoint(lines: list[str], place: str) -> Checkpoint:
    try:
        origin, size, root, time = lines
        if not _ORIGIN.fullmatch(origin) or not _SIZE.fullmatch(size):
            raise ValueError(f"got {origin[:40]!r}, {size[:20]!r}")
        if not time.startswith("time "):
            raise ValueError(f"got {time[:40]!r}")
        found = Checkpoint(
            origin, int(size), base64.b64decode(root, validate=True), moment(time[5:])
        )
    except (ValueError, binascii.Error) as error:
        raise DataError(f"{place}: no checkpoint ({error}), {_EXPECTED}") from error
    if len(found.root) != 32 or found.body != "".join(line + "\n" for line in lines):
        raise DataError(f"{place}: no checkpoint, {_EXPECTED}")
    return found


def _signature(line: str, place: str) -> NoteSignature:
    words = line.removeprefix(_MARK).split(" ")
    try:
        name, text = words
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise DataError(f"{place}: no signature line") from error
    if len(data) != 68:
        raise DataError(f"{place}: got a signature of {len(data) - 4} bytes, expected 64")
    return NoteSignature(checked_name(name), data[:4], data[4:])
