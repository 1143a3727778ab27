"""Tiny GGUF files, written by the specification and not by the code under test."""

from __future__ import annotations

import struct
from pathlib import Path

F32, F16, Q4_1, Q8_0 = 0, 1, 3, 8
ALIGNMENT = 32


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key: str, value: object) -> bytes:
    head = text(key)
    if isinstance(value, bool):
        return head + struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return head + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return head + struct.pack("<If", 6, value)
    if isinstance(value, list):
        return head + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    return head + struct.pack("<I", 8) + text(str(value))


METADATA: dict[str, object] = {
    "general.architecture": "llama",
    "general.file_type": 3,
    "llama.block_count": 2,
    "llama.context_length": 128,
    "llama.embedding_length": 32,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.rope.freq_base": 10000.0,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.tokens": ["a", "b", "é"],
    "tokenizer.chat_template": "{{ messages }}",
}
# One block each, of weights that are told by hand: steps 0 … 15, then 15 … 0, times 0.5, from -1.
Q4_1_BLOCK = struct.pack("<2e", 0.5, -1.0) + bytes(n | (15 - n) << 4 for n in range(16))
Q4_1_WEIGHTS = [0.5 * n - 1 for n in (*range(16), *reversed(range(16)))]
Q8_0_BLOCK = struct.pack("<e", 0.25) + struct.pack("<32b", *range(-16, 16))
Q8_0_WEIGHTS = [0.25 * n for n in range(-16, 16)]
F32_WEIGHTS = [1.0, -2.5, 3.1]
F16_WEIGHTS = [0.5, 2.0]
TENSORS = [
    ("token_embd.weight", (32,), Q8_0, Q8_0_BLOCK),
    ("blk.0.attn_norm.weight", (3,), F32, struct.pack("<3f", *F32_WEIGHTS)),
    ("blk.0.attn_q.weight", (32, 1), Q4_1, Q4_1_BLOCK),
    ("blk.0.half.weight", (2,), F16, struct.pack("<2e", *F16_WEIGHTS)),
]


def gguf(metadata=None, tensors=TENSORS, version: int = 3, alignment: int = ALIGNMENT) -> bytes:
    """Return a file's bytes."""
    metadata = METADATA if metadata is None else metadata
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(entry(key, value) for key, value in metadata.items())
    data = b""
    for name, shape, form, raw in tensors:
        data += b"\0" * (-len(data) % alignment)
        head += text(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}QIQ", *shape, form, len(data))
        data += raw
    return head + b"\0" * (-len(head) % alignment) + data + b"\0" * (-len(data) % alignment)


def write(path: Path, **changes) -> Path:
    path.write_bytes(gguf(**changes))
    return path
