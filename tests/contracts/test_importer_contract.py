"""What every importer must do; its entry-point name is the suffix of the files that it reads."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from liftgate import plugins
from liftgate.canon import sha256
from liftgate.errors import DataError, UnknownName
from liftgate.protocols import ForeignTable, Importer
from liftgate.records import Columns

SPELLED = {
    "csv": "item,model,acc\nq1,a,1\nq2,a,\nq1,b,0.5\n",
    "tsv": "item\tmodel\tacc\nq1\ta\t1\nq2\ta\t\nq1\tb\t0.5\n",
    "jsonl": '{"item":"q1","model":"a","acc":1}\n{"item":"q2","model":"a","acc":null}\n'
    '{"item":"q1","model":"b","acc":0.5}\n',
}
SPELLED["ndjson"] = SPELLED["jsonl"]


def sample(folder: Path, suffix: str) -> Path:
    path = folder / f"sample.{suffix}"
    if suffix == "parquet":
        duckdb.execute(
            "COPY (SELECT * FROM (VALUES ('q1', 'a', 1.0), ('q2', 'a', NULL), ('q1', 'b', 0.5)) "
            f"t(item, model, acc)) TO '{path}' (FORMAT parquet)"
        )
    else:
        path.write_text(SPELLED[suffix])
    return path


BUILT_IN = [*sorted(SPELLED), "parquet"]


def test_every_built_in_importer_is_under_the_contract() -> None:
    assert set(BUILT_IN) <= set(plugins.names("importers"))


@pytest.mark.parametrize("suffix", BUILT_IN)
def test_an_importer_reads_one_system_and_says_what_it_read(tmp_path: Path, suffix: str) -> None:
    path = sample(tmp_path, suffix)
    importer: Importer = plugins.load("importers", suffix)
    table = importer(path, Columns(), "a")
    assert isinstance(table, ForeignTable)
    assert table.digest == sha256(path.read_bytes())
    assert table.columns == Columns(item="item", metrics=("acc",), system="model")
    assert set(table.guessed) == {"item", "metrics", "system"}
    rows = [(row.item, row.system, row.scores["acc"]) for row in table.rows()]
    assert rows == [("q1", "a", 1.0), ("q2", "a", None)]
    assert rows == [(row.item, row.system, row.scores["acc"]) for row in table.rows()]


@pytest.mark.parametrize("suffix", BUILT_IN)
def test_an_importer_refuses_what_is_not_there(tmp_path: Path, suffix: str) -> None:
    path = sample(tmp_path, suffix)
    importer: Importer = plugins.load("importers", suffix)
    with pytest.raises(UnknownName, match=r"no system of .* named 'c'"):
        importer(path, Columns(), "c")
    with pytest.raises(UnknownName, match=r"no column of .* named 'f1'"):
        importer(path, Columns(metrics=("f1",)), "a")
    with pytest.raises(DataError, match="2 systems"):
        importer(path, Columns(), None)
