"""The short way to canonical bytes gives those of RFC 8785, whatever is written."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from liftgate.canon import canonical, parse, parse_each
from liftgate.errors import DataError

SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def nested(leaves):
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
    )


@given(nested(SCALARS) | nested(SCALARS | FLOATS))
def test_canonical_bytes_are_those_of_rfc_8785(value) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert canonical(parse(canonical(value))) == canonical(value)


@pytest.mark.parametrize(
    "value",
    ['\x00\x1f\x7f\u2028\U0001f600"\\/\b\f\n\r\t', {"b": 1, "a": {"é": 2, "Z": 3}}, [True, 1, 1.0]],
)
def test_what_is_easily_written_otherwise_is_not(value) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.lists(nested(SCALARS | FLOATS)))
def test_the_values_of_an_array_are_read_one_by_one_as_at_once(values) -> None:
    data = canonical(values)
    assert list(parse_each(data)) == parse(data)


@pytest.mark.parametrize(
    "data", [b"", b"1", b"[", b"]", b"[1", b"[1 2]", b"[1;2]", b"[,]", b"[1,,2]"]
)
def test_what_is_no_canonical_array_is_not_read_in_part(data) -> None:
    with pytest.raises(ValueError, match="no"):
        list(parse_each(data))


@pytest.mark.parametrize("value", ["\ud800", {"a": "\ud800"}, {"\ud800": 1}, 2**53, [2**60]])
def test_what_has_no_canonical_bytes_is_refused_either_way(value) -> None:
    with pytest.raises(DataError):
        canonical(value)
