"""Whatever bytes a file holds, reading it gives rows or an error that names the file."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError, LiftgateError
from liftgate.importers.table import read_table
from liftgate.records import Columns

MODEST = settings(max_examples=150, deadline=None, derandomize=True)
NAMED = Columns(item="item", metrics=("acc",))

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def outcome(path: Path, columns: Columns) -> None:
    """Read to the end; only errors of liftgate may come out, and they name the file."""
    try:
        rows = list(read_table(path, columns).rows())
    except LiftgateError as error:
        said = str(error)
    else:
        said = path.name if rows else "no rows"
        assert all(v is None or math.isfinite(v) for row in rows for v in row.scores.values())
    assert path.name in said


@MODEST
@given(body=st.binary(max_size=200), suffix=st.sampled_from(["csv", "tsv", "jsonl", "parquet"]))
@example(body=b"item,acc\rq1,1\rq2,0", suffix="csv")
@example(body=b'item,acc\n"q\x00",1', suffix="csv")
@example(body=b"item,acc\nq,1\n\x80", suffix="csv")
@example(body=b'{"item":"\\ud800","acc":1}', suffix="jsonl")
@example(body=b"PAR1PAR1", suffix="parquet")
@example(body=b"\xef", suffix="csv")
@example(body=b"\xef\xbb\xbf\n", suffix="csv")
@example(body=b"\xef\xbb\xbf\n", suffix="jsonl")
def test_any_bytes_give_rows_or_a_named_error(folder: Path, body: bytes, suffix: str) -> None:
    path = folder / f"any.{suffix}"
    path.write_bytes(body)
    outcome(path, Columns())


@MODEST
@given(rest=st.text('item,acc"\n\r;\t01.nae{}[]:\\ ', max_size=60))
def test_any_text_after_a_header_gives_rows_or_a_named_error(folder: Path, rest: str) -> None:
    for name, head in (("near.csv", "item,acc\n"), ("near.jsonl", '{"item":"a","acc":1}\n')):
        (folder / name).write_text(head + rest, encoding="utf-8", newline="")
        outcome(folder / name, NAMED)


@MODEST
@given(rows=st.lists(st.tuples(TEXT.filter(str.strip), st.none() | VALUES), min_size=1, max_size=8))
def test_what_was_written_is_what_is_read(
    folder: Path, rows: list[tuple[str, float | None]]
) -> None:
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer)
    table.writerow(["item", "acc"])
    table.writerows([item, "" if value is None else repr(value)] for item, value in rows)
    (folder / "same.csv").write_text(buffer.getvalue(), encoding="utf-8", newline="")
    lines = [json.dumps({"item": item, "acc": value}) for item, value in rows]
    (folder / "same.jsonl").write_text("\n".join(lines), encoding="utf-8", newline="")
    expected = [(item.strip(), value) for item, value in rows]
    for name in ("same.csv", "same.jsonl"):
        read = [(row.item, row.scores["acc"]) for row in read_table(folder / name, NAMED).rows()]
        assert read == expected


def test_a_lone_surrogate_in_an_id_is_an_error_and_not_a_crash_later(folder: Path) -> None:
    (folder / "s.jsonl").write_text('{"item":"\\ud800","acc":1}')
    with pytest.raises(DataError, match=r"s\.jsonl:1: .*surrogates not allowed"):
        list(read_table(folder / "s.jsonl", NAMED).rows())
