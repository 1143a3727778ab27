"""JSON and JSON Lines of any size, read without trust: bounded, UTF-8, every fault with its place.

A whole document is held as text once, and its long lists are handed over element by element, so
that memory is the file and one element. A line is never longer than a limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from liftgate.errors import DataError
from liftgate.importers.cells import shown

HEAD = 2**20
"""Bytes of a file from which its format is recognised."""
LONGEST_LINE = 64 * 2**20
"""Bytes of the longest line of a log."""
LARGEST = 2 * 2**30
"""Bytes of the largest document that is read whole."""

_AT_ONCE = 2**18
"""Bytes that are asked of the disk at a time."""

_BLANK = " \t\r\n"
_WIDE = (
    # Encoding, its mark, and which of four bytes are not zero when plain letters begin a text.
    ("UTF-32", b"\xff\xfe\x00\x00", b""),
    ("UTF-32", b"\x00\x00\xfe\xff", b""),
    ("UTF-16", b"\xff\xfe", b""),
    ("UTF-16", b"\xfe\xff", b""),
    ("UTF-16LE", b"", b"\x01\x00\x01\x00"),
    ("UTF-16BE", b"", b"\x00\x01\x00\x01"),
    ("UTF-32LE", b"", b"\x01\x00\x00\x00"),
    ("UTF-32BE", b"", b"\x00\x00\x00\x01"),
)
_DECODER = json.JSONDecoder()

Decode = Callable[[bytes], Any]
"""Reads one JSON value from UTF-8, maybe only a part of it; raises msgspec.MsgspecError."""

Handler = Callable[[Any, Mapping[str, Any]], None]
"""Takes one element of a list, and the members of the document that came before it."""


def keys_of(start: bytes) -> frozenset[str]:
    """Return the names in the first JSON object, as far as the beginning of a file shows them."""
    text = start.decode("utf-8-sig", errors="replace")
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        return frozenset()
    found = set()
    try:
        at = _skip(text, at + 1)
        while text[at : at + 1] == '"':
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                break
            found.add(name)
            _, at = _DECODER.raw_decode(text, _skip(text, at + 1))
            at = _skip(text, at)
            if text[at : at + 1] != ",":
                break
            at = _skip(text, at + 1)
    except (ValueError, RecursionError):
        pass  # what was cut off says nothing
    return frozenset(found)


def document(path: Path, lists: Mapping[tuple[str, ...], Handler]) -> dict[str, Any]:
    """Read a file with one JSON object.

    Args:
        path: the file.
        lists: path of names to a long list -> what takes its elements, one by one, in order.

    Returns:
        The object, with empty lists where elements were handed over.

    Raises:
        DataError: empty, too large, not UTF-8, not a JSON object, or nested too deeply.
    """
    size = path.stat().st_size
    if size > LARGEST:
        raise DataError(
            f"{path}: has {size / 2**30:.1f} GiB, expected at most {LARGEST / 2**30:g} in one "
            "JSON document",
            hint="write the log as JSON Lines, or in the tool's own packed format",
        )
    text = decoded(path.read_bytes(), str(path))
    walk = _Walk(text, str(path), lists)
    return walk.read()


def decoded(data: bytes, place: str) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Raises:
        DataError: empty, UTF-16 or another encoding.
    """
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise DataError(f"{place}: is empty; expected a log")
    refuse_wide(data[:4], place)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{place}: is not UTF-8 text (byte {error.start})",
            hint="convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
        ) from error


def refuse_wide(start: bytes, place: str) -> None:
    """Refuse text whose characters have two or four bytes, with or without a byte order mark.

    Args:
        start: at least the first four bytes, if there are as many.
        place: how errors call it.

    Raises:
        DataError: UTF-16 or UTF-32, as its mark or its zero bytes show.
    """
    for name, mark, zeros in _WIDE:
        pattern = bytes(byte != 0 for byte in start[:4])
        if (mark and start.startswith(mark)) or (zeros and pattern == zeros):
            raise DataError(
                f"{place}: is not UTF-8 text but looks like {name[:6]}",
                hint=f"convert the file: iconv -f {name} -t UTF-8 OLD > NEW",
            )


def loaded(data: bytes, place: str, decode: Decode = msgspec.json.decode) -> Any:
    """Parse one JSON value of a file.

    What is not plain JSON (the literals NaN and Infinity, half a surrogate, a number that is too
    large) takes the slow way, which gives the same values for everything else.

    Args:
        data: the bytes.
        place: how errors call it.
        decode: for a part of the value; where it refuses, the whole is returned.

    Raises:
        DataError: empty, not UTF-8, not JSON, or nested too deeply.
    """
    try:
        if not data.isascii():
            data.decode("utf-8")  # also in the parts that nobody wants
        return decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return parsed(decoded(data, place), place)


def parsed(text: str, place: str) -> Any:
    """Parse one JSON value; the literals NaN, Infinity and -Infinity become floats.

    Raises:
        DataError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_json(place, error, text) from error


def lines(
    path: Path, longest: int = LONGEST_LINE, *, decode: Decode = msgspec.json.decode
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON Lines file; blank lines are passed over.

    Args:
        path: the file.
        longest: bytes of the longest line.
        decode: for a part of each object, which takes less time; where it refuses, the whole
            object is given.

    Raises:
        DataError: at the first line that is too long, not UTF-8 or not a JSON object; or when
            there is none.
    """
    found = False
    with path.open("rb", buffering=_AT_ONCE) as file:
        for number, line in enumerate(iter(partial(file.readline, longest + 1), b""), 1):
            if len(line) > longest:
                raise DataError(
                    f"{path}:{number}: is longer than {longest / 2**20:g} MiB; expected one row a "
                    "line"
                )
            if not line.isspace():
                found = True
                value = loaded(line, f"{path}:{number}", decode)
                if not isinstance(value, dict):
                    raise DataError(f"{path}:{number}: got {shown(value)}, expected a JSON object")
                yield number, value
    if not found:
        raise DataError(f"{path}: is empty; expected a log")


def _skip(text: str, at: int) -> int:
    end = len(text)
    while at < end and text[at] in _BLANK:
        at += 1
    return at


def _not_json(place: str, error: Exception, text: str) -> DataError:
    if isinstance(error, RecursionError):
        return DataError(f"{place}: is nested too deeply to be a log")
    return DataError(
        f"{place}: is not valid JSON ({error}); it begins with {shown(text[:80].strip())}",
        hint="was it cut off while it was written or copied?",
    )


class _Walk:
    """One pass over a document."""

    def __init__(self, text: str, place: str, lists: Mapping[tuple[str, ...], Handler]) -> None:
        self._text, self._place, self._lists = text, place, lists
        self._top: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        try:
            at = _skip(self._text, 0)
            if self._text[at : at + 1] != "{":
                raise DataError(
                    f"{self._place}: got {shown(self._text[:80])}, expected a JSON object"
                )
            end = _skip(self._text, self._object(at, (), self._top))
        except DataError:
            raise
        except (ValueError, RecursionError) as error:
            raise _not_json(self._place, error, self._text) from error
        if end != len(self._text):
            raise DataError(f"{self._place}: goes on after the end of its JSON object")
        return self._top

    def _object(self, at: int, path: tuple[str, ...], found: dict[str, Any]) -> int:
        """Read an object into ``found``; return the place behind it."""
        text = self._text
        at = _skip(text, at + 1)
        if text[at : at + 1] == "}":
            return at + 1
        while True:
            name, at = _DECODER.raw_decode(text, at)
            if type(name) is not str:
                raise ValueError(f"a name was expected at character {at}")
            at = _skip(text, self._past(_skip(text, at), ":"))
            at = _skip(text, self._member(at, (*path, name), found))
            if text[at : at + 1] == "}":
                return at + 1
            at = _skip(text, self._past(at, ","))

    def _member(self, at: int, path: tuple[str, ...], found: dict[str, Any]) -> int:
        mark, handler = self._text[at : at + 1], self._lists.get(path)
        if handler is not None and mark == "[":
            found[path[-1]] = []
            return self._elements(at, handler)
        if mark == "{" and any(other[: len(path)] == path for other in self._lists):
            inner = found[path[-1]] = {}
            return self._object(at, path, inner)
        found[path[-1]], end = _DECODER.raw_decode(self._text, at)
        return end

    def _elements(self, at: int, handler: Handler) -> int:
        at = _skip(self._text, at + 1)
        if self._text[at : at + 1] == "]":
            return at + 1
        while True:
            element, at = _DECODER.raw_decode(self._text, at)
            handler(element, self._top)
            at = _skip(self._text, at)
            if self._text[at : at + 1] == "]":
                return at + 1
            at = _skip(self._text, self._past(at, ","))

    def _past(self, at: int, mark: str) -> int:
        if self._text[at : at + 1] != mark:
            raise ValueError(f"{mark!r} was expected at character {at}")
        return at + 1
