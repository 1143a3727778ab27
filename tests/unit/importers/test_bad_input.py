"""What is wrong with a log is refused with its place or told, by every importer alike."""

from __future__ import annotations

import json
import math
import os
import zipfile
from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.importers import json_text
from tests.fixtures.logs.by_format import ALL, LOGS, Row
from tests.fixtures.logs.by_hand import LOGS as FIXTURES
from tests.fixtures.logs.by_hand import one, opened, packed, sample

ROWS = [Row(f"q{n}", float(n % 2), "text") for n in range(6)]
AS_TEXT = sorted(set(ALL) - {"eval.inspect_ai"})
WIDE = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
}


def with_score(value: object) -> list[Row]:
    return [*ROWS[:-1], Row("q5", value, "text")]


# UTF-16 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("name", [*AS_TEXT, "csv", "tsv", "ndjson"])
def test_text_of_two_or_four_bytes_a_letter_is_refused_by_its_name(tmp_path, name, encoding):
    if name in ALL:
        path = ALL[name](tmp_path, ROWS, "m")
    else:
        path = tmp_path / f"t.{name}"
        text = '{"item": "q1", "acc": 1}\n' if name == "ndjson" else "item,acc\nq1,1\n"
        path.write_text(text.replace(",", "\t") if name == "tsv" else text)
    path.write_bytes(path.read_text().encode(encoding))
    with pytest.raises(
        DataError, match=f"{path.name}: is not UTF-8 .* {encoding[:6].upper()}"
    ) as e:
        opened(path)
    assert f"iconv -f {WIDE[encoding]} " in e.value.hint


def test_a_utf_16_entry_of_an_archive_and_a_utf_16_file_beside_a_log_are_refused(tmp_path) -> None:
    path = packed(tmp_path / "a.eval", [sample()])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("samples/q2_epoch_1.json", json.dumps(sample("q2")).encode("utf-16"))
    with pytest.raises(DataError, match=r"a\.eval: samples/q2.*looks like UTF-16"):
        opened(path)
    samples = LOGS["jsonl.lm_eval"](tmp_path, ROWS, "m")
    (beside,) = tmp_path.glob("results_*.json")
    beside.write_bytes(beside.read_text().encode("utf-16"))
    with pytest.raises(DataError, match=r"results_.*looks like UTF-16"):
        opened(samples)
    samples = LOGS["jsonl.every_eval_ever"](tmp_path, ROWS, "m")
    (tmp_path / "log.json").write_bytes('{"schema_version": "0.3.0"}'.encode("utf-16"))
    with pytest.raises(DataError, match=r"log\.json: .*looks like UTF-16"):
        opened(samples)


# Cut off ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_file_that_was_cut_off_is_refused(tmp_path, name: str, share: float) -> None:
    path = ALL[name](tmp_path, ROWS, "m")
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(DataError, match=path.name):
        opened(path)


# Numbers that are none --------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(LOGS))
def test_the_literal_nan_is_missing_in_a_log_and_never_zero(tmp_path, name: str) -> None:
    path = LOGS[name](tmp_path, with_score(math.nan), "m")
    found = {row.item: row.scores["acc"] for row in opened(path).rows()}
    assert found == {**{f"q{n}": float(n % 2) for n in range(5)}, "q5": None}


@pytest.mark.parametrize("name", sorted(LOGS))
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_the_literal_infinity_is_refused_in_a_log_with_its_place(tmp_path, name, value) -> None:
    path = LOGS[name](tmp_path, with_score(value), "m")
    with pytest.raises(DataError, match=rf"{path.name}.*acc.*got -?inf|{path.name}.*score.*-?inf"):
        opened(path)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_a_table_takes_no_literal_that_json_does_not_have(tmp_path, literal: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"item": "q1", "acc": 1}}\n{{"item": "q2", "acc": {literal}}}\n')
    with pytest.raises(DataError, match=rf"t\.jsonl:2: .*{literal} is not JSON"):
        opened(path)


@pytest.mark.parametrize("name", AS_TEXT)
def test_a_number_too_large_for_one_is_refused(tmp_path, name: str) -> None:
    path = ALL[name](tmp_path, with_score(0.123456), "m")
    path.write_text(path.read_text().replace("0.123456", "1e999"))
    with pytest.raises(DataError, match=path.name):
        list(opened(path).rows())


# Scores of an unknown type ----------------------------------------------------------------------

# Importer -> what it does where one row's score is a text: a place in an error, or a note.
ODD = {
    "eval.inspect_ai": "acc has values that are no numbers and count as missing: 'splendid' (1)",
    "json.inspect_ai": "acc has values that are no numbers and count as missing: 'splendid' (1)",
    "jsonl.lm_eval": "no number for a document but 'splendid'",
    "json.promptfoo": "acc is no number but 'splendid' in 1 rows: missing",
    "jsonl.promptfoo": "acc is no number but 'splendid' in 1 rows: missing",
    "jsonl.every_eval_ever": "score: got 'splendid', expected a number",
    "jsonl": "got 'splendid', expected a finite",
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_score_that_is_a_text_is_told_and_never_becomes_a_number(tmp_path, name: str) -> None:
    path = ALL[name](tmp_path, with_score("splendid"), "m")
    try:
        table = opened(path)
        rows = {row.item: row.scores.get("acc") for row in table.rows()}
    except DataError as error:
        said = str(error)  # refused with its place, or with no metric left
    else:
        assert rows["q5"] is None
        said = " ".join([*table.notes, *map(str, table.left_out.items())])
    assert ODD[name] in said


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("value", ["splendid", [1, 2], {"a": {"b": [3]}}, []])
def test_a_metric_of_which_no_value_is_a_number_is_no_metric(tmp_path, name, value) -> None:
    path = ALL[name](tmp_path, [Row(f"q{n}", value, "text") for n in range(6)], "m")
    try:
        table = opened(path)
    except DataError:
        return
    assert "acc" not in table.columns.metrics


@pytest.mark.parametrize(("kind", "told"), [("levels", "counts levels"), ("stars", "not known")])
def test_a_score_type_that_every_eval_ever_states_is_told_where_it_matters(tmp_path, kind, told):
    samples = LOGS["jsonl.every_eval_ever"](tmp_path, ROWS, "m")
    config = {"evaluation_result_id": "acc", "metric_config": {"score_type": kind}}
    about = {"schema_version": "0.3.0", "evaluation_id": "e", "evaluation_results": [config]}
    (tmp_path / "log.json").write_text(json.dumps(about))
    assert any(told in note for note in opened(samples).notes)


# Lines of any length ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [one for one in sorted(ALL) if one.startswith("jsonl")])
def test_a_line_of_a_gibibyte_is_refused_by_every_importer_of_lines(tmp_path, name, monkeypatch):
    monkeypatch.setattr(json_text.lines, "__defaults__", (2**16,))
    monkeypatch.setattr("liftgate.importers.table.raw._LONGEST", 2**16)
    path = ALL[name](tmp_path, ROWS, "m")
    with path.open("ab") as file:
        file.write(path.read_bytes().splitlines()[0].rstrip(b"}"))
    os.truncate(path, 2**30)  # sparse: takes no room on the disk
    with pytest.raises(DataError, match=rf"{path.name}:7: is longer than"):
        opened(path)


def test_a_csv_with_a_line_of_a_gibibyte_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("liftgate.importers.table.raw._LONGEST", 2**16)
    path = tmp_path / "t.csv"
    path.write_text('item,acc\nq1,1\n"q2')
    os.truncate(path, 2**30)
    with pytest.raises(DataError, match=r"t\.csv:3"):
        opened(path)


# Mixed schema versions --------------------------------------------------------------------------


def test_an_aggregate_of_another_schema_version_than_its_samples_is_refused(tmp_path: Path) -> None:
    samples = LOGS["jsonl.every_eval_ever"](tmp_path, ROWS, "m")
    (tmp_path / "log.json").write_text('{"schema_version": "0.3.9", "evaluation_id": "e"}')
    with pytest.raises(
        DataError, match=r"states schema version 0\.3\.0, the lines before it 0\.3\.9"
    ):
        opened(samples)


def test_a_version_that_is_not_known_is_refused_by_every_format_that_states_one(tmp_path) -> None:
    changed = {
        one(FIXTURES, "inspect/small.json"): ('"version": 2', '"version": 3'),
        one(FIXTURES, "promptfoo/grid.json"): ('"version": 3', '"version": 4'),
    }
    for source, (old, new) in changed.items():
        text = source.read_text().replace(old.replace(" ", ""), old)
        assert old in text
        path = tmp_path / "x.json"
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(DataError, match="version"):
            opened(path)
