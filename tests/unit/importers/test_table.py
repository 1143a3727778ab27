"""Foreign tables: what is read, what is guessed, and how each fault is named."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.importers.table import read_table
from liftgate.importers.table.raw import _parquet_batches
from liftgate.protocols import ForeignTable
from liftgate.records import Columns


def write(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str | bytes, name: str = "t.csv", **named: object) -> ForeignTable:
    return read_table(write(folder, text, name), Columns(**named))  # type: ignore[arg-type]


def scores(table: ForeignTable, metric: str = "acc") -> list[float | None]:
    return [row.scores[metric] for row in table.rows()]


def test_a_plain_csv_gives_its_rows_and_says_what_it_guessed(tmp_path: Path) -> None:
    table = read(tmp_path, "item,acc,note\nq1,1,fine\nq2,0.5,\n")
    assert table.columns == Columns(item="item", metrics=("acc",))
    assert table.guessed == ("item", "metrics")
    assert table.left_out == {"note": "text"}
    assert [(r.item, dict(r.scores)) for r in table.rows()] == [
        ("q1", {"acc": 1}),
        ("q2", {"acc": 0.5}),
    ]


def test_rows_can_be_read_twice(tmp_path: Path) -> None:
    table = read(tmp_path, "item,acc\nq1,1\n")
    assert list(table.rows()) == list(table.rows()) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bom.csv", "\ufeffitem,acc\nq1,1\nq2,0\n"),
        ("ends.csv", "item,acc\r\nq1,1\nq2,0\r"),
        ("blank.csv", "\nitem,acc\n\nq1,1\n\nq2,0\n\n"),
        ("quoted.csv", '"item","acc"\n"q1","1"\n"q2","0"'),
        ("tabs.tsv", "item\tacc\nq1\t1\nq2\t0\n"),
        ("semicolons.csv", "item;acc\nq1;1\nq2;0\n"),
        ("lines.jsonl", '{"item":"q1","acc":true}\n\n{"item":"q2","acc":false}'),
        ("lines.ndjson", '\ufeff{"item":"q1","acc":1}\r\n{"acc":0,"item":"q2"}\r\n'),
    ],
)
def test_the_same_rows_come_out_of_every_spelling(tmp_path: Path, name: str, text: str) -> None:
    table = read(tmp_path, text, name)
    assert [(r.item, r.scores["acc"]) for r in table.rows()] == [("q1", 1.0), ("q2", 0.0)]


def test_quotes_commas_and_line_ends_inside_a_field_belong_to_it(tmp_path: Path) -> None:
    table = read(tmp_path, 'item,acc,prompt\n"a,""b""\nc",1,"x\ny"\nq2,0,z\n')
    assert [r.item for r in table.rows()] == ['a,"b"\nc', "q2"]
    assert table.columns.content == "prompt"


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*.parquet"
    (tmp_path / "a1x.parquet").write_bytes(b"PAR1 another file that the pattern would match")
    duckdb.execute(
        "COPY (SELECT i AS id, i % 2 = 0 AS ok, CASE i WHEN 1 THEN NULL ELSE i / 4 END AS score, "
        f"0.5::DECIMAL(3,2) AS d FROM range(3) t(i)) TO '{path}' (FORMAT parquet)"
    )
    table = read_table(path, Columns())
    assert table.columns.metrics == ("ok", "score", "d")
    assert [r.item for r in table.rows()] == ["0", "1", "2"]
    assert scores(table, "score") == [0.0, None, 0.5]
    assert scores(table, "ok") == [1.0, 0.0, 1.0]
    assert scores(table, "d") == [0.5, 0.5, 0.5]


def test_times_with_a_zone_in_parquet_are_read_as_text_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "zoned.parquet"
    when = "TIMESTAMPTZ '2024-01-01 00:30:00+02'"
    duckdb.sql(f"COPY (SELECT 'q1' AS item, 1 AS acc, {when} AS \"a \"\"t\") TO '{path}'")
    header, *rows = _parquet_batches(path)
    assert header == ["item", "acc", 'a "t']
    assert rows == [[("q1", 1, "2023-12-31 22:30:00+00")]]


def test_nested_json_is_reached_with_dots(tmp_path: Path) -> None:
    table = read(tmp_path, '{"id":7,"scores":{"acc":1}}\n{"id":8.0,"scores":{"acc":0}}', "t.jsonl")
    assert table.columns.metrics == ("scores.acc",)
    assert [r.item for r in table.rows()] == ["7", "8"]


@pytest.mark.parametrize("nothing", ["", "  ", "NA", "n/a", "null", "None"])
def test_an_empty_score_is_missing_and_not_zero(tmp_path: Path, nothing: str) -> None:
    assert scores(read(tmp_path, f"item,acc\nq1,{nothing}\nq2,0\nq3,1\n")) == [None, 0.0, 1.0]


def test_yes_and_no_are_one_and_zero(tmp_path: Path) -> None:
    words = ["true", "FALSE", "yes", "no", "pass", "Failed", "correct", "incorrect"]
    text = "item,acc\n" + "".join(f"q{i},{word}\n" for i, word in enumerate(words))
    assert scores(read(tmp_path, text)) == [1, 0, 1, 0, 1, 0, 1, 0]


FAULTS = {
    "empty": ("", "t.csv", "is empty"),
    "blank": ("\n \n", "t.csv", "is empty"),
    "mark-only": ("\ufeff\n", "t.csv", "is empty"),
    "header-only": ("item,acc\n", "t.csv", "has a header and no rows"),
    "empty-jsonl": ("", "t.jsonl", "is empty"),
    "short-row": ("item,acc\nq1,1\nq2\n", "t.csv", r"t\.csv:3: got 1 fields, expected 2.*'q2'"),
    "long-row": ("item,acc\nq1,1,9\n", "t.csv", r"t\.csv:2: got 3 fields, expected 2"),
    "open-quote": ('item,acc\nq1,1\n"q2,0\n', "t.csv", r"t\.csv:3: .*opened and never closed"),
    "stray-quote": ('item,acc\nq1,1\n"q"2,0\n', "t.csv", r"t\.csv:3: .*cannot be read"),
    "after-a-long-field": ('item,acc\n"q\n1",1\nq2\n', "t.csv", r"t\.csv:4: got 1 fields"),
    "same-name": ("item,acc,acc\nq1,1,1\n", "t.csv", r":1: the header names 'acc' more than once"),
    "latin1": (b"item,acc\nq1,1\ncaf\xe9,1\n", "t.csv", r"t\.csv:3: is not UTF-8"),
    "latin1-jsonl": (b'{"item":"caf\xe9","acc":1}\n', "t.jsonl", r"t\.jsonl:1: is not UTF-8"),
    "utf16": ("item,acc\nq1,1\n".encode("utf-16"), "t.csv", r":1: is not UTF-8"),
    "nan": ("item,acc\nq1,1\nq2,nan\n", "t.csv", r"t\.csv:3: acc: got 'nan', expected a finite"),
    "inf": ("item,acc\nq1,-inf\nq2,1\n", "t.csv", r"t\.csv:2: acc: got '-inf'"),
    "huge": ("item,acc\nq1,1e999\nq2,1\n", "t.csv", r"t\.csv:2: acc: got '1e999'"),
    "underscore": ("item,acc\nq1,1_0\nq2,1\n", "t.csv", r"t\.csv:2: acc: got '1_0'"),
    "typo": ("item,acc\nq1,1\nq2,O.5\n", "t.csv", r"t\.csv:3: acc: got 'O\.5', expected a finite"),
    "no-id": ("item,acc\nq1,1\n,0\n", "t.csv", r"t\.csv:3: item: is empty"),
    "json-nan": ('{"item":"q1","acc":NaN}', "t.jsonl", r"t\.jsonl:1: .*NaN is not JSON"),
    "json-cut": ('{"item":"q1","acc":1}\n{"item":"q2","ac', "t.jsonl", r":2: is not a JSON object"),
    "json-list": ('[{"item":"q1","acc":1}]', "t.jsonl", "expected a JSON object"),
    "json-doubled": ('{"item":"q1","acc":1,"acc":0}', "t.jsonl", "'acc' comes more than once"),
    "json-clash": ('{"item":1,"a.b":1,"a":{"b":2}}', "t.jsonl", "'a.b' comes more than once"),
    "json-deep": ('{"item":' + "[" * 100_000, "t.jsonl", r":1: is nested too deeply"),
    "json-huge-integer": ('{"item":"q","acc":1' + "0" * 400 + "}", "t.jsonl", r":1: acc: got '10"),
    "parquet-as-csv": (b"PAR1\x15\x00", "t.csv", "first bytes say Parquet"),
    "csv-as-parquet": ("item,acc\nq1,1\n", "t.parquet", "first bytes say another format"),
    "cut-parquet": (b"PAR1" + b"\0" * 40, "t.parquet", "is not a Parquet file that can be read"),
    "spreadsheet": (b"PK\x03\x04....", "t.csv", "compressed or a spreadsheet"),
    "two-ids": ("id,question_id,acc\n1,2,1\n", "t.csv", "'id', 'question_id'"),
    "no-item": ("name,acc\nx,1\n", "t.csv", "no column that names the item.*'name', 'acc'"),
    "no-metric": ("item,latency_ms,tokens,why\nq,3,4,x\n", "t.csv", "no column of scores"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_its_place_and_what_to_do(tmp_path: Path, case: str) -> None:
    text, name, message = FAULTS[case]
    with pytest.raises(DataError, match=message):
        list(read(tmp_path, text, name).rows())


def test_nan_in_parquet_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.execute(
        "COPY (SELECT i AS item, CASE i WHEN 1 THEN 'nan'::DOUBLE ELSE i END AS acc "
        f"FROM range(3) t(i)) TO '{path}' (FORMAT parquet)"
    )
    with pytest.raises(DataError, match=r"t\.parquet: row 2: acc: got 'nan'"):
        list(read_table(path, Columns()).rows())


def test_a_bad_cell_is_shown_cut_and_without_control_characters(tmp_path: Path) -> None:
    evil = "\x1b[2J" + "x" * 500
    with pytest.raises(DataError) as caught:
        list(read(tmp_path, f"item,acc\nq1,1\nq2,{evil}\n").rows())
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[2J" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_numbers_whose_better_direction_is_not_plain_are_not_guessed(tmp_path: Path) -> None:
    header = (
        "item,acc,token_f1,answer_correct,latency_ms,prompt_tokens,seed,run_id,n_tries,label,len1"
    )
    table = read(tmp_path, f"{header}\n" + ",".join(["1"] * 11) + "\n")
    assert table.columns.metrics == ("acc", "token_f1", "answer_correct")
    assert (
        table.left_out["latency_ms"]
        == "lower may be better: --metric latency_ms --lower-is-better latency_ms"
    )
    assert table.left_out["prompt_tokens"] == "looks like a count or a size"
    assert table.left_out["run_id"] == "looks like an id"
    assert set(table.left_out) == set(header.split(",")[4:])


def test_what_the_user_names_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "id,question_id,latency_ms,acc,topic\n1,a,30,1,x\n2,b,40,0,y\n",
        item="question_id",
        metrics=("latency_ms",),
        slices=("topic",),
    )
    assert table.guessed == ()
    row = next(table.rows())
    assert (row.item, dict(row.scores), dict(row.slices)) == (
        "a",
        {"latency_ms": 30},
        {"topic": "x"},
    )


def test_repeat_cluster_error_and_input_are_found_by_their_names(tmp_path: Path) -> None:
    table = read(tmp_path, "id,epoch,cluster,error,prompt,acc\nq,1,c,timeout,Hi,\nr,1,,,Ho,1\n")
    assert set(table.guessed) == {"item", "repeat", "cluster", "error", "content", "metrics"}
    first, second = table.rows()
    assert (first.repeat, first.cluster, first.error, first.scores["acc"]) == (
        "1",
        "c",
        "timeout",
        None,
    )
    assert (second.cluster, second.error) == (None, None)
    assert first.content != second.content


@pytest.mark.parametrize("no_failure", ["", "false", "0", "None", "no", "ok"])
def test_an_error_cell_that_says_no_is_no_failure(tmp_path: Path, no_failure: str) -> None:
    table = read(tmp_path, f"item,acc,error\nq,1,{no_failure}\nr,1,boom\n")
    assert [row.error for row in table.rows()] == [None, "boom"]


def test_a_column_of_error_sizes_is_not_a_column_of_failures(tmp_path: Path) -> None:
    table = read(tmp_path, "item,acc,error\nq,1,0.13\nr,1,0\n")
    assert table.columns.error is None
    assert "lower may be better" in table.left_out["error"]


def test_the_input_is_the_same_whatever_the_line_ends(tmp_path: Path) -> None:
    unix = read(tmp_path, json.dumps({"item": 1, "acc": 1, "prompt": "a\nb "}), "u.jsonl")
    windows = read(tmp_path, json.dumps({"item": 1, "acc": 1, "prompt": "a\r\nb"}), "w.jsonl")
    assert next(unix.rows()).content == next(windows.rows()).content


def test_a_column_that_is_not_there_gets_a_near_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'acc'"):
        read(tmp_path, "item,acc\nq1,1\n", metrics=("ac",))


SYSTEMS = "item,model,acc\nq1,old,0\nq1,new,1\nq2,old,1\n"


def test_one_system_of_several_is_read_alone(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, SYSTEMS), Columns(), "old")
    assert [(row.item, row.system) for row in table.rows()] == [("q1", "old"), ("q2", "old")]


def test_several_systems_and_none_chosen_lists_them_with_the_command(tmp_path: Path) -> None:
    path = write(tmp_path, SYSTEMS)
    with pytest.raises(DataError, match="2 systems \\('new', 'old'\\)") as caught:
        read_table(path, Columns())
    assert f"liftgate compare {path}@new {path}@old" in caught.value.hint


def test_a_system_that_is_not_there_gets_a_near_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'old'"):
        read_table(write(tmp_path, SYSTEMS), Columns(), "olt")


def test_asking_for_a_system_without_a_system_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no system column"):
        read_table(write(tmp_path, "item,acc\nq,1\n"), Columns(), "old")


def test_a_broken_last_line_of_a_large_file_is_named_and_little_is_held(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large.csv"
    line = "item-%07d,0.5,some text that nobody needs\n"
    with path.open("w") as file:
        file.write("item,acc,note\n")
        file.writelines(line % i for i in range(100_000))
        file.write('item-last,0.5,"cut in the mid')
    assert path.stat().st_size > 4_400_000
    tracemalloc.start()
    with pytest.raises(DataError, match=r"large\.csv:100002: .*never closed"):
        read_table(path, Columns())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000  # held as a whole, the text alone would take more than twice that
