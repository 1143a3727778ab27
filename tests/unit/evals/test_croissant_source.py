"""Items of a data set that a Croissant file describes: read back, and refused when changed."""

from __future__ import annotations

import json
import shutil

import pytest

from liftgate.errors import DataError
from liftgate.evals.data import load_dataset
from tests.golden.mutations import drop, put, text
from tests.golden.written import FILES, ITEMS

FIELD = "recordSet/0/field/0"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FILES / "dataset-card", tmp_path / "card")


def load(folder):
    return load_dataset("croissant.json", root=folder, cluster="cluster", slices=("part of world",))


def test_the_items_of_our_own_card_come_back_as_they_were(folder) -> None:
    found = load(folder)
    assert found.digest == ITEMS.digest
    assert [item.input for item in found.items] == [item.input for item in ITEMS.items]
    assert {item.target for item in found.items} == {item.target for item in ITEMS.items}
    told = json.loads(folder.joinpath("croissant.json").read_text("utf-8"))
    assert told["identifier"] == found.digest


def source(**more):
    extract = {"column": "id"}
    return put(f"{FIELD}/source", {"fileObject": {"@id": "items.jsonl"}, "extract": extract} | more)


CHANGES = [
    ("another version", put("conformsTo", "http://mlcommons.org/croissant/2.0"), "conformsTo"),
    ("no version", drop("conformsTo"), "conformsTo"),
    ("a wrong digest", put("distribution/0/sha256", "0" * 64), "is not the file"),
    ("no digest", drop("distribution/0/sha256"), "no sha256 is stated"),
    ("a file elsewhere", put("distribution/0/contentUrl", "../items.jsonl"), "beside it"),
    ("a file on the net", put("distribution/0/contentUrl", "https://x/i.jsonl"), "beside it"),
    ("a file that is gone", put("distribution/0/contentUrl", "gone.jsonl"), "not beside it"),
    ("itself", put("distribution/0/contentUrl", "croissant.json"), "is not the file"),
    ("no files", put("distribution", []), "0 files"),
    ("two record sets", put("recordSet", [{}, {}]), "2 record sets"),
    ("no fields", put("recordSet/0/field", []), "no fields"),
    ("a field without a source", drop(f"{FIELD}/source"), "expected a source"),
    ("a field without a name", drop(f"{FIELD}/name"), "without a name"),
    ("values cut out of a column", source(transform={"regex": "(.)"}), "changes"),
    ("a path inside a column", source(extract={"column": "id", "jsonPath": "$.a"}), "changes"),
    ("one name twice", put(f"{FIELD}/name", "input"), "two fields of one name"),
    ("one column twice", put(f"{FIELD}/source/extract/column", "input"), "two fields of one"),
    ("another file for a field", put(f"{FIELD}/source/fileObject/@id", "b"), "2 files"),
    ("a column that is not there", put(f"{FIELD}/source/extract/column", "idd"), "has no idd"),
    ("another name of the id", put(f"{FIELD}/name", "key"), "id"),
    ("no JSON", text("{", "["), "is no JSON"),
]


@pytest.mark.parametrize(("change", "told"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_changed_description_is_refused_with_what_is_wrong(folder, change, told) -> None:
    path = folder / "croissant.json"
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        load(folder)


def test_a_changed_item_is_refused(folder) -> None:
    path = folder / "items.jsonl"
    path.write_text(path.read_text("utf-8").replace("land 1?", "land 9?"), encoding="utf-8")
    with pytest.raises(DataError, match="is not the file"):
        load(folder)


def test_digests_alone_are_no_items(folder) -> None:
    path = folder / "croissant.json"
    path.write_text(path.read_text("utf-8").replace('"name": "input"', '"name": "input_digest"'))
    with pytest.raises(DataError, match="input"):
        load(folder)
