"""From a record to bytes to a digest: RFC 8785 canonical JSON and SHA-256.

The bytes are stored and hashed as they are; nothing is ever encoded again to be verified, because
``1.0`` and ``1`` are one number and two texts.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from liftgate.errors import DataError

_SAFE_INTEGER = 2**53 - 1


def plain(value: Any, *, place: str = "$") -> Any:
    """Turn a record into JSON values: dataclasses and mappings to dicts, sequences to lists.

    Raises:
        DataError: for NaN, infinities, integers of 2^53 or more in size and types that JSON does
            not know; the message names the place.
    """
    if isinstance(value, Enum):
        return plain(value.value, place=place)
    if value is None or isinstance(value, (bool, str, int, float)):
        return _scalar(value, place)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name), place=f"{place}.{f.name}") for f in fields(value)
        }
    if isinstance(value, Mapping):
        return {_key(k, place): plain(v, place=f"{place}.{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, place=f"{place}[{i}]") for i, v in enumerate(value)]
    raise DataError(f"{place}: got {type(value).__name__}, expected a JSON value")


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 canonical JSON bytes of a record."""
    if type(value) is dict and (text := _flat(value)) is not None:
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            pass  # the long way says where
    elif _is_simple(value):
        # With plain keys and common numbers the standard library writes the same bytes, in C.
        try:
            return _simple(value).encode("utf-8")
        except UnicodeEncodeError:
            pass  # the long way says where
    import rfc8785

    return rfc8785.dumps(plain(value))


_quoted = json.encoder.encode_basestring


def _flat(value: dict[Any, Any]) -> str | None:
    """Write an object of texts, which most inputs are; None: it is not one."""
    for name, text in value.items():
        if type(text) is not str or type(name) is not str or not name.isascii():
            return None
    pairs = [f"{_quoted(name)}:{_quoted(value[name])}" for name in sorted(value)]
    return f"{{{','.join(pairs)}}}"


def _unknown(value: Any) -> Any:
    raise TypeError(f"got {type(value).__name__}, expected a JSON value")


# What ``json.JSONEncoder.encode`` makes anew for each value: text is not escaped, keys are sorted.
_parts = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, _unknown, _quoted, None, ":", ",", True, False, True
)


def _simple(value: Any) -> str:
    return "".join(_parts(value, 0))


def _is_simple(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_SAFE_INTEGER <= value <= _SAFE_INTEGER)
    if kind is float:
        # Between these sizes Python and RFC 8785 write the same shortest digits, fractions alike.
        return bool(1e-4 <= abs(value) < 1e15 and value % 1)
    if kind is dict:
        for name, one in value.items():
            if type(name) is not str or not name.isascii():
                return False
            if type(one) is not str and not _is_simple(one):
                return False
        return True
    return kind is list and all(map(_is_simple, value))


def parse(data: bytes) -> Any:
    """Read canonical bytes; what is returned has the same canonical bytes again.

    Raises:
        ValueError: the bytes are not JSON.
    """
    return json.loads(data, parse_int=whole)


def parse_each(data: bytes) -> Iterator[Any]:
    """Read the values of a canonical array one by one, as ``parse`` reads them.

    Raises:
        ValueError: the bytes are not a canonical array.
    """
    text = data.decode()
    if text[:1] != "[" or text[-1:] != "]":
        raise ValueError("not a canonical array")
    at, end = 1, len(text) - 1
    while at < end:
        try:
            value, at = _scan(text, at)
        except StopIteration as error:
            raise ValueError(f"no value at character {at}") from error
        if at < end and text[at] != ",":
            raise ValueError(f"no comma at character {at}")
        yield value
        at += 1


def sha256(data: bytes) -> str:
    """Return ``sha256:<64 hex digits>`` of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return ``sha256:<64 hex digits>`` of a file's bytes."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Return the digest of a record's canonical bytes."""
    return sha256(canonical(value))


def digest_lines(rows: Iterable[Any]) -> str:
    """Return the digest of a set of rows: sorted canonical lines, so that order does not matter."""
    lines = sorted(canonical(row) for row in rows)
    hasher = hashlib.sha256()
    for line in lines:
        hasher.update(line)
        hasher.update(b"\n")
    return "sha256:" + hasher.hexdigest()


def short(digest_text: str, length: int = 12) -> str:
    """Return the first hex digits of a digest, for people."""
    return digest_text.removeprefix("sha256:")[:length]


def whole(text: str) -> int | float:
    """Read a whole number; one that no canonical integer may be was a float when it was written."""
    number = int(text)
    return number if abs(number) <= _SAFE_INTEGER else float(text)


_scan = json.JSONDecoder(parse_int=whole).scan_once  # type: ignore[attr-defined]


def _scalar(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, place)
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise DataError(f"{place}: got the integer {value}, expected less than 2^53 in size")
        return int(value)
    if not math.isfinite(value):
        raise DataError(f"{place}: got {value}, expected a finite number or null")
    return float(value)


def _text(value: str, place: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"{place}: got text that is not valid Unicode ({error.reason})") from error
    return str(value)


def _key(key: Any, place: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise DataError(f"{place}: got the key {key!r}, expected text")
    return _text(key, place)
