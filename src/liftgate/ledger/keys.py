"""Ed25519 keys: private ones in a folder of their owner, public ones as records.

A key proves itself, not a person: who holds it, and what it may be used for, is what the trust file
says (``liftgate.ledger.trust``). Signing needs ``cryptography``, imported when first used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, LedgerError, UnknownName
from liftgate.records.notebook import Card

VARIABLE = "LIFTGATE_KEYS"
DAYS = 365
"""How long a new key is valid unless told otherwise."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class PublicKey(Card):
    """One public key with what is said of it."""

    name: str
    public: bytes
    """32 bytes."""
    valid_from: datetime
    valid_until: datetime

    @property
    def id(self) -> str:
        """SHA-256 of the public key, in hex: what a signature names."""
        return hashlib.sha256(self.public).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature over a message is this key's."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the record, as files hold it."""
        return {
            "id": self.id,
            "name": self.name,
            "public": base64.b64encode(self.public).decode(),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
        }

    @classmethod
    def from_json(cls, fields: Any, place: str) -> PublicKey:
        """Read a record.

        Raises:
            DataError: it is none; names the place.
        """
        try:
            found = cls(
                checked_name(fields["name"]),
                base64.b64decode(fields["public"], validate=True),
                moment(fields["valid_from"]),
                moment(fields["valid_until"]),
            )
        except (TypeError, KeyError, ValueError, binascii.Error) as error:
            raise DataError(f"{place}: no record of a public key ({error})") from error
        if len(found.public) != 32 or fields.get("id") != found.id:
            raise DataError(f"{place}: its id is not that of its public key")
        return found


@dataclass(frozen=True)
class Key:
    """A private key with its public record."""

    public: PublicKey
    secret: bytes
    """32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)

    def __repr__(self) -> str:
        return f"Key({self.public.name!r})"


def folder() -> Path:
    """Return where private keys lie: ``LIFTGATE_KEYS``, else the user's configuration folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "liftgate" / "keys"


def new_key(name: str, *, days: float = DAYS, now: datetime | None = None) -> Key:
    """Make a key and keep it in ``folder()``, readable by its owner alone.

    Args:
        name: of letters, digits, dots, dashes and underscores.
        days: how long it is valid.
        now: from when on; None: the present time.

    Raises:
        DataError: a name that is none, no time to be valid in, or a key of that name exists.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    checked_name(name)
    if not 0 < days <= 36_500:
        raise DataError(f"days: got {days:g}, expected more than 0 and at most 36,500")
    start = (now or datetime.now(UTC)).replace(microsecond=0)
    private = Ed25519PrivateKey.generate()
    public = PublicKey(
        name, private.public_key().public_bytes_raw(), start, start + timedelta(days=days)
    )
    key = Key(public, private.private_bytes_raw())
    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    fields = {**public.as_json(), "secret": base64.b64encode(key.secret).decode()}
    try:
        descriptor = os.open(_path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise DataError(
            f"key {name!r}: there is one of that name in {place}", hint="choose another name"
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(fields, file, indent=2)
        file.write("\n")
    return key


def load_key(name: str) -> Key:
    """Return one's own key.

    Raises:
        UnknownName: there is none of that name.
        DataError: its file is damaged.
        LedgerError: others can read its file.
    """
    path = _path(checked_name(name))
    if not path.is_file():
        raise UnknownName("key", name, own_names(), hint=f"liftgate keys new {name}")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise LedgerError(f"{path}: others can read this private key", hint=f"chmod 600 {path}")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        secret = base64.b64decode(fields["secret"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise DataError(f"{path}: no key file ({error})") from error
    key = Key(PublicKey.from_json(fields, str(path)), secret)
    if len(secret) != 32 or not key.public.verifies(key.sign(b"liftgate"), b"liftgate"):
        raise DataError(f"{path}: its private and its public part are not one key")
    return key


def own_names() -> list[str]:
    """Return the names of one's own keys, sorted."""
    return sorted(path.stem for path in folder().glob("*.json"))


def checked_name(name: Any) -> str:
    """Return a key's name.

    Raises:
        DataError: it holds anything but letters, digits, dots, dashes and underscores.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DataError(
            f"key name: got {name!r}, expected at most 64 letters, digits, dots, dashes and "
            "underscores, the first a letter or digit"
        )
    return name


def moment(text: Any) -> datetime:
    """Read an aware time.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(text, str):
        raise ValueError(f"got {text!r}, expected a time")  # noqa: TRY004 - told as bad text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"got {text!r}, expected a time in ISO 8601") from None
    if found.tzinfo is None:
        raise ValueError(f"the time {text!r} names no zone")
    return found


def _path(name: str) -> Path:
    return folder() / f"{name}.json"
