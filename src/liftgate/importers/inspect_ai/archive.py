"""A ZIP archive with Zstandard entries, read without trust: bounded, checked, nothing unpacked.

Python's own zipfile reads the directory; the entries are read here, because their method (93,
Zstandard) is not known to it before Python 3.14, and because a bound is wanted on all methods.
"""

from __future__ import annotations

import re
import sys
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from liftgate.errors import DataError
from liftgate.importers.cells import shown

ENTRY = 512 * 2**20
"""Bytes of the largest entry, unpacked."""
FREE = 2**30
RATIO = 1_000
"""An archive may unpack to ``FREE`` bytes and ``RATIO`` times its own size."""
MOST_ENTRIES = 4_000_000

_LOCAL = b"PK\x03\x04"
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_OUTSIDE = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")


class _Decompressor(Protocol):
    eof: bool

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Archive:
    """An archive that is open for reading; of entries with one name the last one counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("rb")
        try:
            self._entries = self._directory()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def names(self) -> list[str]:
        """Return the names of the entries, in the order of the archive."""
        return list(self._entries)

    def read(self, name: str) -> bytes:
        """Return an entry's bytes.

        Raises:
            DataError: the entry is damaged, encrypted, larger than it says, or of another method.
        """
        entry = self._entries[name]
        place = f"{self._path}: entry {shown(name)}"
        packed = self._packed(entry, place)
        try:
            data = _unpacked(packed, entry.compress_type, entry.file_size)
        except DataError:
            raise
        except Exception as error:  # each method has errors of its own
            raise DataError(f"{place}: is damaged ({error})") from error
        if data is None:
            raise DataError(
                f"{place}: is packed by method {entry.compress_type}, expected "
                "0 (stored), 8 (deflate) or 93 (Zstandard)"
            )
        if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
            raise DataError(
                f"{place}: is damaged: it does not have the length and checksum that it states"
            )
        return data

    def _directory(self) -> dict[str, zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(self._file) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise DataError(
                f"{self._path}: is not a whole ZIP archive ({error})",
                hint="was it cut off while it was copied? Copy it again",
            ) from error
        self._check(entries)
        return {entry.filename: entry for entry in entries}

    def _check(self, entries: list[zipfile.ZipInfo]) -> None:
        if len(entries) > MOST_ENTRIES:
            raise DataError(
                f"{self._path}: has {len(entries)} entries, expected at most {MOST_ENTRIES}"
            )
        for entry in entries:
            place = f"{self._path}: entry {shown(entry.filename)}"
            # zipfile cuts a name at its first NUL; the original tells.
            if _OUTSIDE.search(entry.orig_filename):
                raise DataError(
                    f"{place}: names a place outside the archive; no log does that",
                    hint="do not unpack this file; get it from its maker again",
                )
            if entry.flag_bits & 1:
                raise DataError(f"{place}: is encrypted, expected a plain log")
            if entry.file_size > ENTRY:
                raise DataError(
                    f"{place}: says that it unpacks to {entry.file_size / 2**20:.0f} MiB, "
                    f"expected at most {ENTRY / 2**20:.0f}"
                )
        total = sum(entry.file_size for entry in entries)
        allowed = FREE + RATIO * self._path.stat().st_size
        if total > allowed:
            raise DataError(
                f"{self._path}: would unpack to {total / 2**30:.1f} GiB, expected at most "
                f"{allowed / 2**30:.1f} from a file of its size"
            )

    def _packed(self, entry: zipfile.ZipInfo, place: str) -> bytes:
        self._file.seek(entry.header_offset)
        header = self._file.read(30)
        if len(header) < 30 or not header.startswith(_LOCAL):
            raise DataError(f"{place}: is damaged: there is no entry where the directory says")
        name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:], "little")
        self._file.seek(name + extra, 1)
        packed = self._file.read(entry.compress_size)
        if len(packed) < entry.compress_size:
            raise DataError(f"{place}: is cut off")
        return packed


def _unpacked(packed: bytes, method: int, size: int) -> bytes | None:
    """Unpack at most one byte more than was announced; None: an unknown method."""
    if method == _STORED:
        return packed
    if method == _DEFLATED:
        return zlib.decompressobj(-15).decompress(packed, size + 1)
    if method == _ZSTANDARD:
        return _zstandard(packed, size + 1)
    return None


def _zstandard(packed: bytes, most: int) -> bytes:
    new = _zstandard_decompressor()
    parts, left = [], most
    while packed and left > 0:
        frame: _Decompressor = new()
        data, feed = frame.decompress(packed, left), True
        while feed:
            parts.append(data)
            left -= len(data)
            feed = not frame.eof and left > 0 and bool(data)
            data = frame.decompress(b"", left) if feed else b""
        if not frame.eof:
            break
        packed = frame.unused_data
    return b"".join(parts)


def _zstandard_decompressor() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor
