"""DSSE envelopes, version 1: a payload with its type, signed as one (specification 1.0.2).

What is signed is ``DSSEv1 SP len(type) SP type SP len(payload) SP payload``, so that no payload can
pass for one of another type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.errors import BrokenChain, DataError
from liftgate.ledger.keys import Key, PublicKey


@dataclass(frozen=True)
class Envelope:
    """A signed payload."""

    type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]
    """(id of the key, signature)."""

    def as_json(self) -> dict[str, Any]:
        """Return the envelope's JSON form."""
        return {
            "payloadType": self.type,
            "payload": _text(self.payload),
            "signatures": [{"keyid": name, "sig": _text(sig)} for name, sig in self.signatures],
        }


def encoding(type_: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed."""
    kind = type_.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(type_: str, payload: bytes, keys: Sequence[Key]) -> Envelope:
    """Sign a payload with one key or several.

    Raises:
        DataError: no key, or the same one twice.
    """
    if not keys or len({key.public.id for key in keys}) < len(keys):
        raise DataError("signature: expected one or more different keys")
    message = encoding(type_, payload)
    return Envelope(type_, payload, tuple((key.public.id, key.sign(message)) for key in keys))


def signers(envelope: Envelope, keys: Iterable[PublicKey]) -> list[PublicKey]:
    """Return those of some keys that signed an envelope.

    Raises:
        BrokenChain: a signature in the name of one of the keys is not its.
    """
    known = {key.id: key for key in keys}
    message = encoding(envelope.type, envelope.payload)
    found: dict[str, PublicKey] = {}
    for name, signature in envelope.signatures:
        key = known.get(name)
        if key is None:
            continue
        if not key.verifies(signature, message):
            raise BrokenChain(
                f"signature: the one in the name of key {key.name!r} is not its, "
                "or what it signed was altered"
            )
        found[name] = key
    return list(found.values())


def read(fields: Any, type_: str) -> Envelope:
    """Read an envelope from its JSON form; no signature is checked.

    Raises:
        DataError: it is none, or its payload is of another type.
    """
    try:
        if fields["payloadType"] != type_:
            raise DataError(
                f"envelope: got a payload of type {fields['payloadType']!r}, expected {type_!r}"
            )
        signatures = tuple((_string(one["keyid"]), _bytes(one["sig"])) for one in _list(fields))
        return Envelope(type_, _bytes(fields["payload"]), signatures)
    except (TypeError, KeyError, ValueError, AttributeError, binascii.Error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"envelope: not a signed one ({error!r})") from error


def _list(fields: Mapping[str, Any]) -> list[Any]:
    found = fields["signatures"]
    if not isinstance(found, list):
        raise TypeError("signatures are no list")
    return found


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {value!r}, expected text")
    return value


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any) -> bytes:
    return base64.b64decode(_string(text), validate=True)
