"""GGUF headers, and weights as 16-bit floats; both against files written by the specification."""

from __future__ import annotations

import struct

import pytest

from liftgate.errors import DataError
from liftgate.models.gguf import read_header, write_f16
from tests.unit.models import tiny


def halves(path, tensor, count) -> list[float]:
    header = read_header(path)
    at = header.data + next(t.offset for t in header.tensors if t.name == tensor)
    return list(struct.unpack(f"<{count}e", path.read_bytes()[at : at + 2 * count]))


def test_the_header_says_what_the_file_holds(tmp_path) -> None:
    header = read_header(tiny.write(tmp_path / "m.gguf"))
    assert header.metadata == tiny.METADATA
    assert header.chat_template == "{{ messages }}"
    assert header.trained_context == 128
    assert [(t.name, t.shape, t.form) for t in header.tensors] == [t[:3] for t in tiny.TENSORS]
    # Keys and values, 2 layers, 10 tokens, 2 heads of width 8, 2 bytes.
    assert header.cache_bytes(10) == 2 * 2 * 10 * 2 * 8 * 2


def test_what_a_file_does_not_say_is_not_guessed(tmp_path) -> None:
    header = read_header(tiny.write(tmp_path / "m.gguf", metadata={}))
    assert (header.chat_template, header.trained_context, header.cache_bytes(10)) == (None, None, 0)


@pytest.mark.parametrize("alignment", [32, 64])
def test_every_form_becomes_the_same_weights_in_16_bits(tmp_path, alignment) -> None:
    metadata = {**tiny.METADATA, "general.alignment": alignment}
    given = tiny.write(tmp_path / "m.gguf", metadata=metadata, alignment=alignment)
    made = tmp_path / "f16.gguf"
    write_f16(given, made)
    assert halves(made, "token_embd.weight", 32) == tiny.Q8_0_WEIGHTS
    assert halves(made, "blk.0.attn_q.weight", 32) == tiny.Q4_1_WEIGHTS
    assert halves(made, "blk.0.half.weight", 2) == tiny.F16_WEIGHTS
    header = read_header(made)
    assert header.metadata == {**metadata, "general.file_type": 1}
    assert [t.form for t in header.tensors] == [1, 0, 1, 1]
    assert all(t.offset % alignment == 0 for t in header.tensors)
    norm = header.data + header.tensors[1].offset
    stored = made.read_bytes()[norm : norm + 12]
    assert stored == struct.pack("<3f", *tiny.F32_WEIGHTS)


def test_writing_twice_gives_the_same_bytes(tmp_path) -> None:
    given = tiny.write(tmp_path / "m.gguf")
    first, second = tmp_path / "a.gguf", tmp_path / "b.gguf"
    write_f16(given, first)
    write_f16(first, second)
    assert first.read_bytes() == second.read_bytes()


def test_a_form_that_is_not_known_is_refused_before_anything_is_written(tmp_path) -> None:
    given = tiny.write(tmp_path / "m.gguf", tensors=[("w", (256,), 14, b"\0" * 210)])
    with pytest.raises(DataError, match="w: got the weight form 14"):
        write_f16(given, tmp_path / "f16.gguf")
    assert list(tmp_path.iterdir()) == [given]


def test_a_header_that_is_cut_off_anywhere_is_refused(tmp_path) -> None:
    whole = tiny.gguf()
    path = tmp_path / "m.gguf"
    end = read_header(tiny.write(path)).data - tiny.ALIGNMENT
    for length in range(end):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"m\.gguf"):
            read_header(path)


def test_weights_that_are_cut_off_are_refused(tmp_path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(tiny.gguf()[:-40])
    with pytest.raises(DataError, match="cut off"):
        write_f16(path, tmp_path / "f16.gguf")
    assert not (tmp_path / "f16.gguf").exists()


HUGE = struct.pack("<Q", 2**60)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", "expected a GGUF file"),
        (b"GGUF" + struct.pack("<I", 9), "GGUF version 9"),
        (b"GGUF" + struct.pack("<I", 3) + HUGE + HUGE, "more than any model has"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + HUGE, "a text of"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + tiny.text("k") + b"\xff\0\0\0", "unknown type"),
    ],
)
def test_what_is_no_model_is_refused_without_believing_its_lengths(tmp_path, data, said) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    with pytest.raises(DataError, match=said):
        read_header(path)


def test_a_file_that_is_gone_is_said(tmp_path) -> None:
    with pytest.raises(DataError, match=r"gone\.gguf: cannot be read"):
        read_header(tmp_path / "gone.gguf")
