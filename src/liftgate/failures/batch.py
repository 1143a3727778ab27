"""A batch of failures to be coded: drawn by a seed, and found out when it is edited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from liftgate.canon import canonical, digest, sha256, short
from liftgate.errors import DataError

DRAWN = "failures.drawn"
HEAD = "batch"


def drawn(items: Sequence[str], count: int, seed: int) -> list[str]:
    """Return some of the items by lot, in the order of their lots; all where there are fewer."""

    def lot(item: str) -> bytes:
        return hashlib.sha256(f"{seed}\nfailures\n{item}".encode()).digest()

    return sorted(items, key=lot)[:count]


def batch_lines(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> list[bytes]:
    """Return a batch as lines: a head that names it, then its rows; all in canonical bytes."""
    head = {"liftgate": 1, HEAD: short(digest([list(map(dict, rows)), dict(about)])), **about}
    return [canonical(head), *(canonical(dict(row)) for row in rows)]


def line_digests(lines: Sequence[bytes]) -> list[str]:
    """Return what the ledger keeps of each line."""
    return [sha256(line) for line in lines]


def read_batch(data: bytes, file: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what the ledger says of a batch, once every line is what was drawn.

    Args:
        data: the file's bytes.
        file: its name in messages.
        entries: bodies of the ledger's drawn batches.

    Raises:
        DataError: no batch of this workspace, or one that was edited: names the first such line.
    """
    lines = data.splitlines()
    name = _name(lines[0] if lines else b"", file)
    known = [body for body in entries if body["batch"] == name]
    if not known:
        raise DataError(
            f"{file}: the batch {name!r} was not drawn in this workspace",
            hint="liftgate failures draw STUDY draws one",
        )
    kept = known[-1]["lines"]
    for number, (found, wanted) in enumerate(zip(line_digests(lines), kept, strict=False), 1):
        if found != wanted:
            raise DataError(
                f"{file}:{number}: was edited since it was drawn",
                hint="code in a file of your own; the batch is only to be read",
            )
    if len(lines) != len(kept):
        raise DataError(
            f"{file}: got {len(lines) - 1} rows, expected {len(kept) - 1} as they were drawn"
        )
    return known[-1]


def _name(line: bytes, file: str) -> str:
    try:
        head = json.loads(line)
        return str(head[HEAD])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}:1: is no head of a batch of failures") from error
