"""GGUF files: what their headers say, and the same weights written as 16-bit floats.

The layout is that of the GGUF specification, version 3 (little endian); blocks of quantised weights
are those of ggml: Q8_0 holds 32 weights as a half-precision scale and 32 signed bytes, Q4_1 as a
scale, a minimum and 32 half bytes, the first sixteen in the low halves.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32
FILE_TYPE = "general.file_type"
MOSTLY_F16 = 1
F32, F16, Q4_1, Q8_0 = 0, 1, 3, 8
BLOCK = 32
BLOCK_BYTES = {Q4_1: 20, Q8_0: 34}
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"}
_SCALARS[12] = "d"
_UINT32, _TEXT, _LIST = 4, 8, 9
_MOST = 1_000_000
"""Entries, tensors or elements of a list; no model comes near."""
_LONGEST_TEXT = 16 * 1024 * 1024
_MOST_DIMENSIONS = 4


@dataclass(frozen=True)
class Tensor:
    """Where one tensor lies."""

    name: str
    shape: tuple[int, ...]
    """The fastest dimension first, as in the file."""
    form: int
    """The number by which ggml knows the type of its elements."""
    offset: int
    """From the beginning of the data."""

    @property
    def weights(self) -> int:
        """How many numbers it holds."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True)
class Header:
    """What stands before the weights."""

    metadata: Mapping[str, Any]
    tensors: tuple[Tensor, ...]
    places: Mapping[str, int]
    """Key -> where its value stands in the file."""
    metadata_end: int
    data: int
    """Where the weights begin."""
    alignment: int = ALIGNMENT
    """Every tensor begins at a multiple of it."""

    def number(self, key: str) -> int | None:
        """Return an integer of the metadata under the model's own architecture, or None."""
        value = self.metadata.get(f"{self.metadata.get('general.architecture')}.{key}")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def chat_template(self) -> str | None:
        """The Jinja template by which messages become a prompt; None: the file has none."""
        found = self.metadata.get("tokenizer.chat_template")
        return found if isinstance(found, str) else None

    @property
    def trained_context(self) -> int | None:
        """How many tokens the model was trained to look back on, where the file says."""
        return self.number("context_length")

    def cache_bytes(self, context: int) -> int:
        """Return what the attention cache of ``context`` tokens takes, in 16-bit floats.

        2 · layers · tokens · key-value heads · width of a head · 2 bytes; where the file does not
        say, 0.
        """
        layers, heads = self.number("block_count"), self.number("attention.head_count")
        width = self.number("embedding_length")
        if not layers or not heads or not width:
            return 0
        shared = self.number("attention.head_count_kv") or heads
        each = self.number("attention.key_length") or width // heads
        return 2 * layers * context * shared * each * 2


def read_header(path: Path) -> Header:
    """Read the header of a GGUF file.

    Raises:
        DataError: it is none, or is cut off, or has a version that is not read here.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path.name).header()
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read: {error.strerror}") from error


def write_f16(source: Path, target: Path) -> None:
    """Write a model's weights as 16-bit floats; what is stored in full precision stays so.

    The new file is complete or not there at all.

    Raises:
        DataError: the file is none, or holds weights of a form that is not read here.
    """
    header = read_header(source)
    for tensor in header.tensors:
        if tensor.form not in (F32, F16, *BLOCK_BYTES):
            raise DataError(
                f"{source.name}: {tensor.name}: got the weight form {tensor.form}, "
                "expected F32, F16, Q8_0 or Q4_1"
            )
    if FILE_TYPE in header.places and not isinstance(header.metadata[FILE_TYPE], int):
        raise DataError(f"{source.name}: {FILE_TYPE}: expected a number")
    partial = target.with_suffix(".partial")
    with source.open("rb") as given, partial.open("wb") as made:
        _write_header(given, made, header)
        for tensor in header.tensors:
            made.write(b"\0" * (-made.tell() % header.alignment))
            made.write(_as_f16(given, header, tensor, source.name))
        made.write(b"\0" * (-made.tell() % header.alignment))
        made.flush()
        os.fsync(made.fileno())
    partial.replace(target)


def _write_header(given: IO[bytes], made: IO[bytes], header: Header) -> None:
    """Copy the metadata as it stands, but for the file type, and list the tensors anew."""
    given.seek(0)
    before = bytearray(given.read(header.metadata_end))
    if FILE_TYPE in header.places:
        struct.pack_into("<I", before, header.places[FILE_TYPE], MOSTLY_F16)
    made.write(before)
    offset = 0
    for tensor in header.tensors:
        name = tensor.name.encode()
        form = F32 if tensor.form == F32 else F16
        made.write(struct.pack("<Q", len(name)) + name + struct.pack("<I", len(tensor.shape)))
        made.write(struct.pack(f"<{len(tensor.shape)}QIQ", *tensor.shape, form, offset))
        size = tensor.weights * (4 if form == F32 else 2)
        offset += size + -size % header.alignment


def _as_f16(given: IO[bytes], header: Header, tensor: Tensor, name: str) -> bytes:
    count = tensor.weights
    size = {F32: 4 * count, F16: 2 * count}.get(tensor.form)
    if size is None:
        size = count // BLOCK * BLOCK_BYTES[tensor.form]
    given.seek(header.data + tensor.offset)
    raw = given.read(size)
    if len(raw) != size or (tensor.form in BLOCK_BYTES and count % BLOCK):
        raise DataError(f"{name}: {tensor.name}: the weights are cut off")
    if tensor.form in (F32, F16):
        return raw
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES[tensor.form])
    weights = _q8_0(blocks) if tensor.form == Q8_0 else _q4_1(blocks)
    return weights.astype("<f2").tobytes()


def _halves(blocks: NDArray[np.uint8], first: int) -> NDArray[np.float32]:
    column = np.ascontiguousarray(blocks[:, first : first + 2])
    return column.view("<f2").astype(np.float32)


def _q8_0(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    steps = np.ascontiguousarray(blocks[:, 2:]).view(np.int8).astype(np.float32)
    return np.asarray(_halves(blocks, 0) * steps, dtype=np.float32)


def _q4_1(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    packed = blocks[:, 4:]
    steps = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
    return np.asarray(_halves(blocks, 0) * steps + _halves(blocks, 2), dtype=np.float32)


class _Reader:
    """Reads a header front to back; no length in it is believed before it was checked."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)

    def header(self) -> Header:
        if self._take(4) != MAGIC:
            raise DataError(f"{self._name}: expected a GGUF file, which begins with GGUF")
        version = self._one("I")
        if version not in VERSIONS:
            raise DataError(f"{self._name}: got GGUF version {version}, expected 2 or 3")
        tensors, entries = self._count(), self._count()
        metadata: dict[str, Any] = {}
        places: dict[str, int] = {}
        for _ in range(entries):
            key = self._text()
            form = self._one("I")
            places[key] = self._file.tell()
            metadata[key] = self._value(form)
        end = self._file.tell()
        listed = tuple(self._tensor() for _ in range(tensors))
        alignment = metadata.get("general.alignment", ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise DataError(f"{self._name}: general.alignment: got {alignment!r}")
        data = self._file.tell()
        return Header(metadata, listed, places, end, data + -data % alignment, alignment)

    def _tensor(self) -> Tensor:
        name, dimensions = self._text(), self._one("I")
        if dimensions > _MOST_DIMENSIONS:
            raise DataError(f"{self._name}: {name}: got {dimensions} dimensions, expected 1 to 4")
        shape = tuple(self._one("Q") for _ in range(dimensions))
        return Tensor(name, shape, self._one("I"), self._one("Q"))

    def _value(self, form: int, *, inside: bool = False) -> Any:
        if form in _SCALARS:
            return self._one(_SCALARS[form])
        if form == _TEXT:
            return self._text()
        if form != _LIST or inside:
            raise DataError(f"{self._name}: metadata of the unknown type {form}")
        form, count = self._one("I"), self._count()
        return [self._value(form, inside=True) for _ in range(count)]

    def _count(self) -> int:
        found: int = self._one("Q")
        if found > _MOST:
            raise DataError(f"{self._name}: got a list of {found:,}, more than any model has")
        return found

    def _text(self) -> str:
        length = self._one("Q")
        if length > _LONGEST_TEXT:
            raise DataError(f"{self._name}: got a text of {length:,} bytes")
        return self._take(length).decode("utf-8", "replace")

    def _one(self, form: str) -> Any:
        (value,) = struct.unpack(f"<{form}", self._take(struct.calcsize(form)))
        return value

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise DataError(f"{self._name}: the file is cut off after {self._size:,} bytes")
        return data
