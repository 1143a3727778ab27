"""The chain itself: what it finds, and what it is known not to find."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from liftgate.canon import canonical
from liftgate.errors import BrokenChain, LedgerError
from liftgate.ledger.chain import Sealed, check, leaf_of, seal, unseal

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def chain(length: int) -> list[Sealed]:
    lines: list[Sealed] = []
    for number in range(length):
        previous = lines[-1] if lines else None
        lines.append(seal(previous, "k", {"n": number}, refs={}, author="a", time=NOW))
    return lines


def resealed(line: Sealed, old: bytes, new: bytes) -> Sealed:
    assert old in line.data
    data = line.data.replace(old, new)
    return replace(line, data=data, leaf=leaf_of(data))


def test_a_sound_chain_counts_its_entries():
    assert check(chain(5)).entries == 5


@pytest.mark.parametrize("position", range(0, 150, 7))
def test_any_flipped_byte_of_an_entry_is_named(position):
    lines = chain(4)
    data = bytearray(lines[2].data)
    data[position % len(data)] ^= 1
    lines[2] = replace(lines[2], data=bytes(data))
    with pytest.raises(BrokenChain, match=r"entry 3: its bytes hash to"):
        check(lines)


def test_an_altered_leaf_is_named():
    lines = chain(3)
    lines[1] = replace(lines[1], leaf="sha256:" + "1" * 64)
    with pytest.raises(BrokenChain, match=r"entry 2: its bytes hash to"):
        check(lines)


def test_a_removed_middle_entry_is_named():
    lines = chain(5)
    del lines[2]
    with pytest.raises(BrokenChain, match=r"entry 3: it is missing.*numbered 4"):
        check(lines)


def test_a_removed_first_entry_is_named():
    with pytest.raises(BrokenChain, match=r"entry 1: it is missing"):
        check(chain(3)[1:])


def test_an_edited_entry_with_a_new_leaf_is_found_at_its_successor():
    lines = chain(4)
    lines[1] = resealed(lines[1], b'"n":1', b'"n":9')
    with pytest.raises(BrokenChain, match=r"entry 3: it names .* but entry 2 has the leaf"):
        check(lines)


def test_an_entry_put_in_the_place_of_another_is_found():
    lines = chain(4)
    lines[1] = replace(lines[2], sequence=2)
    with pytest.raises(BrokenChain, match=r"entry 2: its sequence column says 2.*bytes say 3"):
        check(lines)


def test_a_kind_column_that_differs_from_the_bytes_is_found():
    lines = chain(2)
    lines[1] = replace(lines[1], kind="decision")
    with pytest.raises(BrokenChain, match=r"entry 2: its kind column says 'decision'"):
        check(lines)


def test_a_first_entry_that_names_a_predecessor_is_found():
    lines = chain(2)
    forged = resealed(lines[0], b"sha256:" + b"0" * 64, b"sha256:" + b"1" * 64)
    with pytest.raises(BrokenChain, match=r"entry 1: it names 1111"):
        check([forged])


@pytest.mark.parametrize("data", [b"not json", b"[]", b"{}", b"\xff", None, 7, "text"])
def test_a_row_that_is_no_entry_is_named_even_with_a_fitting_leaf(data):
    leaf = leaf_of(data) if isinstance(data, bytes) else "sha256:x"
    with pytest.raises(BrokenChain, match="entry 1"):
        check([Sealed(1, "k", data, leaf)])


def test_known_limit_a_shortened_chain_is_a_sound_chain():
    assert check(chain(5)[:3]).entries == 3


def test_known_limit_an_edited_tip_with_a_new_leaf_is_a_sound_chain():
    lines = chain(3)
    lines[2] = resealed(lines[2], b'"n":2', b'"n":9')
    assert check(lines).entries == 3


def test_an_entry_of_a_newer_format_is_refused_by_name():
    line = chain(1)[0]
    data = canonical(
        {
            "liftgate": 2, "sequence": 1, "kind": "k", "body": {}, "refs": {},
            "previous": "", "author": "", "time": NOW,
        }
    )  # fmt: skip
    with pytest.raises(LedgerError, match="got format 2, expected 1"):
        unseal(replace(line, data=data, leaf=leaf_of(data)))
