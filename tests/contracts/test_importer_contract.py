"""What every importer must do.

Its entry-point name is the suffix of the files that it reads, or SUFFIX.FORMAT for a suffix that
several formats share.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from liftgate import plugins
from liftgate.canon import sha256
from liftgate.errors import DataError, UnknownName
from liftgate.importers.json_text import HEAD, keys_of
from liftgate.protocols import ForeignTable, Head, Importer, Recognising
from liftgate.records import Columns
from tests.fixtures.logs.by_hand import LOGS, one

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

# Importer -> a log, a system in it, and one of its metrics.
RECOGNISED = {
    "eval.inspect_ai": ("inspect/old.eval", "sums/old", "exact"),
    "json.inspect_ai": ("inspect/small.json", "sums/new", "exact"),
    "json.lm_eval": ("lm_eval/other-prompt/results_*.json", "new", "acc"),
    "jsonl.lm_eval": ("lm_eval/old/samples_sums_*.jsonl", "old", "exact_match,first"),
    "json.promptfoo": ("promptfoo/grid.json", "new/prompt-2", "close"),
    "jsonl.promptfoo": ("promptfoo/grid.jsonl", "old/prompt-1", "pass"),
    "json.every_eval_ever": (
        "every_eval_ever/old-choose/*[0-9a-f].json",
        "example-lab/sums-old",
        "acc",
    ),
    "jsonl.every_eval_ever": (
        "every_eval_ever/new-sums/*_samples.jsonl",
        "example-lab/sums-new",
        "exact_match:first",
    ),
    "xml.junit": ("junit/new.xml", None, "passed"),
}
WITHOUT_INPUTS = {"xml.junit"}
"""Formats that say nothing of what an item asks."""


def test_every_built_in_importer_is_under_the_contract() -> None:
    ours = {one.name for one in plugins.catalogue() if one.package == "liftgate"}
    assert {name for name in plugins.names("importers") if name in ours} == {
        *BUILT_IN,
        *RECOGNISED,
    }


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


@pytest.mark.parametrize("name", sorted(RECOGNISED))
def test_a_log_importer_reads_one_system_and_says_what_it_read(name: str) -> None:
    pattern, system, metric = RECOGNISED[name]
    importer: Importer = plugins.load("importers", name)
    table = importer(one(LOGS, pattern), Columns(), system)
    assert table.digest == sha256(table.path.read_bytes())
    assert table.system == system
    assert table.format
    assert metric in table.columns.metrics
    assert table.columns.item
    assert bool(table.columns.content) is (name not in WITHOUT_INPUTS)
    rows = list(table.rows())
    assert rows == list(table.rows())
    assert rows
    for row in rows:
        assert row.item
        assert row.system == system
        assert set(row.scores) == set(table.columns.metrics)
        assert all(v is None or isinstance(v, float) for v in row.scores.values())
        assert row.content is None or row.content.startswith("sha256:")
    assert len({(row.item, row.repeat) for row in rows}) == len(rows)
    assert len(list(importer(table.path, Columns(metrics=(metric,)), system).rows())) == len(rows)


@pytest.mark.parametrize("name", sorted(RECOGNISED))
def test_a_log_importer_refuses_what_is_not_there(name: str) -> None:
    pattern, system, _ = RECOGNISED[name]
    importer: Importer = plugins.load("importers", name)
    path = one(LOGS, pattern)
    with pytest.raises(UnknownName, match=r"no system of .* named 'c'"):
        importer(path, Columns(), "c")
    for named in (Columns(metrics=("f1",)), Columns(cluster="f1"), Columns(slices=("f1",))):
        with pytest.raises(UnknownName, match=r"no column of .* named 'f1'"):
            importer(path, named, system)


@pytest.mark.parametrize("name", sorted(RECOGNISED))
def test_a_log_importer_recognises_its_own_files_and_no_others(name: str) -> None:
    importer = plugins.load("importers", name)
    assert isinstance(importer, Recognising)
    suffix = name.partition(".")[0]
    for other, (pattern, *_) in RECOGNISED.items():
        path = one(LOGS, pattern)
        start = path.read_bytes()[:HEAD]
        if other.partition(".")[0] == suffix:
            assert importer.recognises(Head(path, start, keys_of(start))) is (other == name)
    for keys in (set(), {"item", "acc"}, {"id", "results"}, {"version", "eval"}):
        head = Head(Path(f"x.{suffix}"), b"", frozenset(keys))
        assert importer.recognises(head) is (suffix == "eval")
