from __future__ import annotations

import json
import sys

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.evals.data import load_dataset
from liftgate.records import Item


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))

    def one(name, content):
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (tmp_path / name).write_bytes(data)
        return name

    return one


def rows(*found):
    return "".join(json.dumps(row) + "\n" for row in found)


def faults(source, root, **options):
    with pytest.raises(DataError) as caught:
        load_dataset(source, root=root, **options)
    return str(caught.value)


FULL = {
    "id": "a",
    "input": {"question": "q?", "context": ["c"]},
    "target": {"d1": 2},
    "weight": 2,
    "file": "x.txt",
    "metadata": {"topic": 7, "note": None},
}


def test_a_jsonl_row_becomes_an_item(write, tmp_path) -> None:
    name = write("items.jsonl", "\ufeff" + rows(FULL, {"id": "b", "input": "plain"}) + "\n\n")
    first = load_dataset(f"path: {name}", root=tmp_path).items[0]
    assert first.input == {"question": "q?", "context": ["c"]}
    assert (first.target, first.weight, first.cluster) == ({"d1": 2}, 2.0, None)
    assert first.metadata == {"file": "x.txt", "topic": 7, "note": None}
    second = load_dataset(name, root=tmp_path).items[1]
    assert (second.input, second.target, second.weight) == ({"text": "plain"}, None, 1.0)


def test_cluster_and_slices_come_from_the_row_and_then_from_its_metadata(write, tmp_path) -> None:
    name = write("items.jsonl", rows(FULL))
    found = load_dataset(name, root=tmp_path, cluster="file", slices=["topic"], name="docs")
    assert found.name == "docs"
    assert found.items[0].cluster == "x.txt"
    assert found.items[0].slices == {"topic": "7"}
    assert found.items[0].metadata["file"] == "x.txt"


def test_csv_cells_are_text_and_dotted_columns_nest(write, tmp_path) -> None:
    name = write(
        "items.csv",
        "id,input.question,input.context,target,weight,metadata.lang,file\r\n"
        '007,"two\nlines",,42,1.5,de,f1\r\n',
    )
    item = load_dataset(name, root=tmp_path, cluster="file", slices=("lang",)).items[0]
    assert (item.id, item.input, item.target) == ("007", {"question": "two\nlines"}, "42")
    assert (item.weight, item.cluster, item.slices) == (1.5, "f1", {"lang": "de"})


def test_the_same_rows_give_the_same_digest_from_every_kind_of_file(write, tmp_path) -> None:
    import duckdb

    found = [
        {"id": "a", "input": {"q": "1"}, "target": "x", "f": "u"},
        {"id": "b", "input": {"q": "2", "r": "s"}, "target": "y", "f": "v"},
    ]
    write("items.jsonl", rows(*found))
    write("items.csv", "id,input.q,input.r,target,f\na,1,,x,u\nb,2,s,y,v\n")
    write("items.py", f"rows = {found!r}\ndef make():\n    yield from rows\n")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_json('{tmp_path}/items.jsonl')) "
            f"TO '{tmp_path}/items.parquet'"
        )
    sources = [
        "items.jsonl",
        "items.csv",
        "items.parquet",
        "python:items:rows",
        "python:items:make",
    ]
    loaded = [load_dataset(source, root=tmp_path, cluster="f") for source in sources]
    assert len({found.digest for found in loaded}) == 1
    assert [found.name for found in loaded] == ["items", "items", "items", "rows", "make"]


def test_python_may_give_items_of_its_own(write, tmp_path) -> None:
    write(
        "own.py",
        "from liftgate import Item\n"
        "items = (Item('a', {'text': 'q'}, cluster='c', slices={'s': 't'}, metadata={'m': 1}),)\n",
    )
    item = load_dataset("python:own:items", root=tmp_path).items[0]
    assert item == Item("a", {"text": "q"}, cluster="c", slices={"s": "t"}, metadata={"m": 1})
    named = load_dataset("python:own:items", root=tmp_path, cluster="m", slices=["s"]).items[0]
    assert (named.cluster, named.slices) == ("1", {"s": "t"})
    kept = load_dataset("python:own:items", root=tmp_path, cluster="file").items[0]
    assert kept.cluster == "c"


def test_all_faults_are_listed_at_once_with_their_lines(write, tmp_path) -> None:
    name = write(
        "bad.jsonl",
        rows({"id": "a", "input": "q", "f": "x"})
        + '{"id": "b", "input": "r", "f": "x"\n'
        + rows(
            {"id": "a", "input": "s", "f": "x"},
            {"id": 7, "input": "t", "f": "x"},
            {"id": "c", "f": "x"},
            {"id": "d", "inputs": "u", "f": "x"},
            {"id": "e", "input": "v"},
            {"id": "f", "input": "w", "f": "x", "weight": 0},
            {"id": "g", "input": [], "f": "x"},
            {"id": "h", "input": {}, "f": "x"},
            {"id": " ", "input": "y", "f": "x"},
            ["id"],
        )
        + '{"id": "i", "input": "z", "f": "x", "weight": NaN}\n'
        + '{"id": "j", "id": "k", "input": "z", "f": "x"}\n'
        + rows({"id": "l", "input": "ww", "f": "x", "metadata": [1]}),
    )
    text = faults(name, tmp_path, cluster="f")
    for line in (
        "dataset bad.jsonl: 14 faults",
        "bad.jsonl:2:35: not JSON: Expecting ',' delimiter",
        "bad.jsonl:3: id: 'a' is already the id at bad.jsonl:1",
        "bad.jsonl:4: id: got 7, expected text",
        "bad.jsonl:5: input: missing",
        "bad.jsonl:6: inputs: not a key of a row (did you mean 'input'?)",
        "bad.jsonl:7: f: missing; the study names it as cluster",
        "bad.jsonl:8: weight: got 0, expected a finite number above 0",
        "bad.jsonl:9: input: got a list, expected text or a mapping of parts",
        "bad.jsonl:10: input: got no parts",
        "bad.jsonl:11: id: got empty text",
        "bad.jsonl:12: got a list, expected a mapping",
        "bad.jsonl:13: got NaN, expected a finite number or null",
        "bad.jsonl:14: the key 'id' occurs twice",
        "bad.jsonl:15: metadata: got a list, expected a mapping",
    ):
        assert f"  {line}" in text or line in text.splitlines()[0], line


@pytest.mark.parametrize("depth", [700, 100_000])
def test_a_row_that_is_nested_too_deeply_is_a_fault_like_others(write, tmp_path, depth) -> None:
    deep = f'{{"id": "b", "input": "y", "metadata": {{"m": {"[" * depth}{"]" * depth}}}}}\n'
    text = rows({"id": "a", "input": "x"}) + deep + rows({"id": "c", "input": "x"})
    told = faults(write("deep.jsonl", text), tmp_path)
    assert "deep.jsonl:2: nested too deeply" in told
    assert "deep.jsonl:3: 'c' has the same input as 'a' at deep.jsonl:1" in told


def test_no_more_than_twenty_faults_are_shown_and_the_rest_is_counted(write, tmp_path) -> None:
    name = write("many.jsonl", rows(*({"id": str(n)} for n in range(25))))
    lines = faults(name, tmp_path).splitlines()
    assert lines[0] == "dataset many.jsonl: 25 faults"
    assert lines[-1] == "  … and 5 more"
    assert len(lines) == 22


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_dataset_is_refused(write, tmp_path, content) -> None:
    assert "it holds no items" in faults(write("empty.jsonl", content), tmp_path)


def test_an_empty_csv_and_an_empty_iterable_are_refused(write, tmp_path) -> None:
    assert "it holds no items" in faults(write("empty.csv", ""), tmp_path)
    assert "it holds no items" in faults(write("head.csv", "id,input\n"), tmp_path)
    write("none.py", "items = []\n")
    assert "it holds no items" in faults("python:none:items", tmp_path)


def test_one_input_under_two_ids_needs_a_cluster_that_they_share(write, tmp_path) -> None:
    twins = ({"id": "a", "input": "q", "f": "1"}, {"id": "b", "input": {"text": "q"}, "f": "1"})
    name = write("twins.jsonl", rows(*twins))
    text = faults(name, tmp_path)
    assert "twins.jsonl:2: 'b' has the same input as 'a' at twins.jsonl:1" in text
    assert "must share a cluster" in text
    assert len(load_dataset(name, root=tmp_path, cluster="f").items) == 2
    apart = write("apart.jsonl", rows(twins[0], {**twins[1], "f": "2"}))
    assert "must share a cluster" in faults(apart, tmp_path, cluster="f")


def test_a_cluster_column_that_is_slightly_misnamed_is_guessed(write, tmp_path) -> None:
    name = write("x.jsonl", rows({"id": "a", "input": "q", "folder": "f"}))
    text = faults(name, tmp_path, slices=["foldr"])
    assert "foldr: missing; the study names it as slice (did you mean 'folder'?)" in text


@pytest.mark.parametrize("value", [True, 1.5, ["f"], {"a": 1}])
def test_a_cluster_must_be_text_or_an_integer(write, tmp_path, value) -> None:
    name = write("x.jsonl", rows({"id": "a", "input": "q", "f": value}))
    assert "expected text or an integer as cluster" in faults(name, tmp_path, cluster="f")


def test_a_column_that_only_resembles_a_field_is_kept_as_metadata(write, tmp_path) -> None:
    name = write("x.jsonl", rows({"id": "a", "input": "q", "height": 3, "tag": "t"}))
    assert load_dataset(name, root=tmp_path).items[0].metadata == {"height": 3, "tag": "t"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,input\na,q\nb\n", "x.csv:3: got 1 cells, expected 2"),
        ('id,input\na,"two\nlines"\nb\n', "x.csv:4: got 1 cells"),
        ('id,input\na,q\nb,"open\nc,r\n', "x.csv:3: not CSV"),
        ('id,"input\na,q\n', "x.csv:1: not CSV"),
        ("id,input,id\na,q,b\n", "x.csv:1: got the header"),
        ("id,input,weight\na,q,heavy\n", "x.csv:2: weight: got 'heavy'"),
        ("id,input,weight\na,q,nan\n", "x.csv:2: weight: got nan"),
        ("id,input,input.x\na,q,r\n", "x.csv:1: got both input and input.<name>"),
        (b"id,input\na,caf\xe9\n", "x.csv:2: byte 6 of the line is not UTF-8"),
    ],
)
def test_broken_csv_is_told_with_its_line(write, tmp_path, content, expected) -> None:
    text = faults(write("x.csv", content), tmp_path)
    assert any(part in text for part in expected.split("|"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("gone.jsonl", "gone.jsonl: no such file"),
        ("items.xlsx", "expected one of .jsonl, .ndjson, .csv, .parquet"),
        ("items.parquet", "items.parquet: cannot be read as Parquet"),
        ("python:bad_src:number", "got int, expected an iterable"),
        ("python:bad_src:one", "got dict, expected an iterable"),
        ("python:bad_src:explode", "raised ZeroDivisionError"),
        ("python:bad_src:later", "after 1 items it raised RuntimeError: late"),
        ("python:bad_src:odd", r"bad_src.py:odd[0]: got a number, expected a mapping"),
        ("python:bad_src:values", "bad_src.py:values[0]: $|input.x: got set"),
        ("python:bad_src:nans", "target: got nan, expected a finite number"),
    ],
)
def test_a_source_that_cannot_be_read_is_named(write, tmp_path, source, expected) -> None:
    write("items.xlsx", "x")
    write("items.parquet", "not parquet")
    write(
        "bad_src.py",
        "number = 7\none = {'id': 'a', 'input': 'q'}\nodd = [3]\n"
        "values = [{'id': 'a', 'input': {'x': {1}}}]\n"
        "nans = [{'id': 'a', 'input': 'q', 'target': float('nan')}]\n"
        "def explode():\n    1 / 0\n"
        "def later():\n    yield one\n    raise RuntimeError('late')\n",
    )
    text = faults(source, tmp_path)
    assert any(part in text for part in expected.split("|"))


def test_a_wrong_attribute_of_a_python_source_is_named(write, tmp_path) -> None:
    write("src_q.py", "items = []\n")
    with pytest.raises(UnknownName, match="did you mean 'items'"):
        load_dataset("python:src_q:item", root=tmp_path)


def test_a_parquet_value_that_is_not_json_is_told_with_its_row(tmp_path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'a' AS id, 'q' AS input, DATE '2026-01-01' AS day) "
            f"TO '{tmp_path}/d.parquet'"
        )
    assert "d.parquet: row 1: metadata.day: got date, expected a JSON value" in faults(
        "d.parquet", tmp_path
    )
