"""A file for people: what its text means, and where everything stands."""

from __future__ import annotations

import pytest

from liftgate.errors import StudyError
from liftgate.study.source import MAX_DEPTH, Mark, Source, parse


def value(text: str) -> object:
    source = parse(f"a: {text}\n", "f.yaml")
    assert source.faults == ()
    return source.value["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-23", "2026-11-23"),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
        ("1.2.3", "1.2.3"),
        ("<<", "<<"),
        ("=", "="),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.25", -0.25),
        ("+7", 7),
        ("-12", -12),
        ("0", 0),
        ("9007199254740992", 2**53),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ('"1"', "1"),
        ("'true'", "true"),
        ('""', ""),
        ('"a\\u00e9\\n"', "aé\n"),
        ("|\n  1\n  2", "1\n2\n"),
        (">\n  1\n  2", "1 2\n"),
        ("{b: [1, {c: d}], e: }", {"b": [1, {"c": "d"}], "e": None}),
        ("a # comment", "a"),
        ("a#no comment", "a#no comment"),
    ],
)
def test_plain_text_means_what_people_expect(text: str, expected: object) -> None:
    got = value(text)
    assert got == expected
    assert type(got) is type(expected)


def test_keys_are_always_text() -> None:
    assert parse("{1: a, true: b, null: c, 1.5: d, no: e}", "f").value == {
        "1": "a",
        "true": "b",
        "null": "c",
        "1.5": "d",
        "no": "e",
    }


@pytest.mark.parametrize(
    ("text", "path", "message", "mark"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", "given twice, first on line 1", (3, 1)),
        ("a: &x 1\n", "a", "anchor &x", (1, 4)),
        ("a: &x 1\nb: *x\n", "b", "alias *x", (2, 4)),
        ("a: !!python/name:os.system x\n", "a", "tag tag:yaml.org,2002:python", (1, 4)),
        ("a: !!str 1\n", "a", "tag", (1, 4)),
        ("a: ! 1\n", "a", "tag", (1, 4)),
        ("a: .nan\n", "a", "got .nan, expected a finite number", (1, 4)),
        ("a: -.inf\n", "a", "got -.inf, expected a finite number", (1, 4)),
        ("a: 1e999\n", "a", "got 1e999, expected a finite number", (1, 4)),
        ("a: 9007199254740993\n", "a", "whole number up to 2^53", (1, 4)),
        (f"a: {'9' * 5000}\n", "a", "whole number up to 2^53", (1, 4)),
        ("? [a, b]\n: 1\n", "", "a key that is not text", (1, 3)),
        ("b:\n  ? {a: 1}\n  : [x, {y: z}]\n  c: 1\n", "b", "a key that is not text", (2, 5)),
        ("&k a: 1\n", "a", "anchor or tag", (1, 1)),
        ("%YAML 1.1\n---\na: 1\n", "", "% directive", (1, 1)),
    ],
)
def test_what_hides_meaning_is_a_fault_with_its_place(
    text: str, path: str, message: str, mark: tuple[int, int]
) -> None:
    source = parse(text, "f.yaml")
    assert [(f.path, (f.line, f.column)) for f in source.faults if message in f.message] == [
        (path, mark)
    ]


def test_after_a_duplicate_key_the_first_value_stands_and_the_rest_is_read() -> None:
    source = parse("a: 1\na: {deep: [1, {x: 2}]}\nb: 3\n", "f")
    assert source.value == {"a": 1, "b": 3}
    assert len(source.faults) == 1


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "empty", 1),
        ("# only a comment\n", "empty", 1),
        ("a: 1\n---\nb: 2\n", "second document", 2),
        ("a: [1, 2\nb: 3\n", "not YAML", 2),
        ("a: 1\n\tb: 2\n", "not YAML", 2),
        ("a: b: c\n", "not YAML", 1),
        ('a: "open\n', "not YAML", 2),
        ("a: \x07\n", "not YAML", 1),
        ("a: 1\nb: \x00\n", "not YAML", 2),
        ("x: " + "[" * (MAX_DEPTH + 5), "nested deeper", 1),
        ("x: " + "[" * 100_000, "nested deeper", 1),
    ],
)
def test_what_cannot_be_read_at_all_says_where(text: str, message: str, line: int) -> None:
    with pytest.raises(StudyError, match=r"f\.yaml: cannot be read") as caught:
        parse(text, "f.yaml")
    (fault,) = caught.value.faults
    assert message in fault.message
    assert fault.line == line
    assert fault.column > 0


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = "a:\n  b: [1, 1e-3, no, 'x']\n  c: |\n    text\n# note\nd: ~\nd: 2\ne: !!int 3\n"
    fast = parse(text, "f")
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = parse(text, "f")
    assert (slow.value, slow.values, slow.keys, slow.faults) == (
        fast.value,
        fast.values,
        fast.keys,
        fast.faults,
    )


def test_positions_are_of_values_and_keys_counted_from_one() -> None:
    source = parse("a:\n  - b: 1\n    cé: {d: 2}\n", "f")
    assert source.mark(("a", 0, "b")) == Mark(2, 8)
    assert source.mark(("a", 0, "b"), on_key=True) == Mark(2, 5)
    assert source.mark(("a", 0, "cé", "d")) == Mark(3, 13)


def test_a_missing_key_gets_its_parents_place() -> None:
    source = parse("a: 1\nb:\n  c: 1\n", "f")
    assert source.mark(("b", "zz")) == Mark(2, 1)
    assert source.mark(("zz", "y")) == Mark(1, 1)
    assert Source("f", "").mark(("x",)) == Mark(1, 1)


def test_a_fault_carries_the_line_of_the_file() -> None:
    source = parse("a: 1\nb: 2  # why\n", "f.yaml")
    fault = source.fault(("b",), "got 2, expected 3", suggestion="3")
    assert fault.source == "b: 2  # why"
    assert fault.text("f.yaml") == "f.yaml:2:4: b: got 2, expected 3 (did you mean '3'?)"
