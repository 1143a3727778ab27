"""Proofs for somebody who does not have the ledger: one entry is in it; it only grew.

A proof is a JSON document that leads to the root of a checkpoint; it is worth what that is worth.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from liftgate.canon import parse
from liftgate.errors import BrokenChain, DataError
from liftgate.ledger.chain import Sealed, leaf_of, unseal
from liftgate.ledger.checkpoint import Checkpoint, origin_of
from liftgate.ledger.merkle import is_consistent, root_by_inclusion
from liftgate.ledger.protocol import Chain
from liftgate.ledger.stored import leaf_bytes
from liftgate.records import Entry

FORMAT = 1


def prove_entry(chain: Chain, sequence: int, size: int | None = None) -> dict[str, Any]:
    """Return the proof that an entry is among the first ``size`` entries; None: all.

    Raises:
        UnknownName: there is no such entry.
        DataError: the entry is not among the first so many.
    """
    line, tree = chain.sealed(sequence), chain.tree
    count = tree.size if size is None else size
    return {
        "liftgate": FORMAT,
        "proof": "inclusion",
        "origin": origin_of(chain),
        "size": count,
        "entry": base64.b64encode(line.data).decode(),
        "path": [node.hex() for node in tree.inclusion(sequence - 1, count)],
    }


def prove_growth(chain: Chain, old: int, new: int | None = None) -> dict[str, Any]:
    """Return the proof that the first ``new`` entries begin with the first ``old``.

    Raises:
        DataError: there are not so many.
    """
    tree = chain.tree
    count = tree.size if new is None else new
    return {
        "liftgate": FORMAT,
        "proof": "consistency",
        "origin": origin_of(chain),
        "old": old,
        "size": count,
        "root": tree.root(count).hex(),
        "path": [node.hex() for node in tree.consistency(old, count)],
    }


def check_entry(proof: Any, kept: Checkpoint) -> Entry:
    """Check a proof of inclusion against a checkpoint; return the entry that it proves.

    Raises:
        DataError: it is no such proof, or of another size.
        BrokenChain: it does not lead to the checkpoint's root.
    """
    path, size = _path(proof, "inclusion", kept)
    try:
        data = base64.b64decode(proof["entry"], validate=True)
        fields, leaf = parse(data), leaf_of(data)
        entry = unseal(Sealed(fields["sequence"], fields["kind"], data, leaf))
    except (TypeError, ValueError, KeyError, binascii.Error) as error:
        raise DataError(f"proof: it holds no entry ({error!r})") from error
    root = root_by_inclusion(leaf_bytes(leaf), entry.sequence - 1, size, path)
    if root != kept.root:
        raise BrokenChain(
            f"proof: entry {entry.sequence} as it stands there is not in the ledger of the "
            f"checkpoint of {kept.size:,} entries"
        )
    return entry


def check_growth(proof: Any, old: Checkpoint, new: Checkpoint | None = None) -> int:
    """Check a proof of consistency against one checkpoint or two; return the larger size.

    Raises:
        DataError: it is no such proof, or of other sizes.
        BrokenChain: the later ledger does not begin with the earlier one.
    """
    path, size = _path(proof, "consistency", new)
    try:
        root = bytes.fromhex(proof["root"]) if new is None else new.root
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(f"proof: it holds no root ({error!r})") from error
    if proof.get("old") != old.size or proof["origin"] != old.origin:
        raise DataError(f"proof: it is not about the checkpoint of {old.size:,} entries")
    if not is_consistent((old.size, old.root), (size, root), path):
        raise BrokenChain(
            f"proof: the ledger of {size:,} entries does not begin with the {old.size:,} of the "
            "checkpoint"
        )
    return size


def _path(proof: Any, kind: str, kept: Checkpoint | None) -> tuple[list[bytes], int]:
    try:
        if proof["liftgate"] != FORMAT or proof["proof"] != kind:
            raise ValueError(f"got a proof of {proof['proof']!r}, expected {kind!r}")
        path = [bytes.fromhex(node) for node in proof["path"]]
        size, origin = proof["size"], proof["origin"]
        if type(size) is not int or len(path) > 128 or any(len(node) != 32 for node in path):
            raise ValueError("its size or its path is none")
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError(f"proof: not one of {kind} ({error})") from error
    if kept is not None and (size, origin) != (kept.size, kept.origin):
        raise DataError(
            f"proof: got one for {size:,} entries of {origin}, expected {kept.size:,} of "
            f"{kept.origin}"
        )
    return path, size
