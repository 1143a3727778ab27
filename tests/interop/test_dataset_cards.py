"""A dataset card as Croissant 1.1: read by MLCommons' own tool, the same values as its Markdown."""

from __future__ import annotations

import json

import mlcroissant as mlc
import pytest
from mlcroissant import ValidationError

from liftgate.documents.about import read_about
from liftgate.documents.beside import Source
from liftgate.documents.binding import scan
from liftgate.documents.compiled import SHIPPED, compile_document
from liftgate.documents.croissant import CONFORMS, CROISSANT, ITEMS, dataset_table, measured
from liftgate.documents.facts import Facts
from liftgate.records import Dataset, Item
from tests.fixtures.capitals import about

# mlcroissant's own parser of JSON-LD uses what its library has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
DATASET = Dataset(
    "items.jsonl",
    tuple(
        Item(
            f"q{n}",
            {"text": f"What is the capital of land {n}? €"},
            target=None if n == 3 else f"town {n}",
            cluster=None if n == 5 else f"page {n // 2}",
            slices={"part of world": "north" if n % 3 else "south", "part-of-world": "x"},
        )
        for n in range(12)
    ),
)


def card(content):
    said = read_about(about(content), "about.yaml")
    table = dataset_table(DATASET, 0, content)
    facts = Facts(1, {"name": "study", "dataset": {}}, {}, {"dataset": table}.__getitem__)
    source = Source("sha256:ab", "2026-11-27T00:00:00+00:00", 1, said)
    return table, compile_document(SHIPPED / "dataset-card.md.j2", facts, source)


def write(folder, document):
    for name, text in document.companions.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / CROISSANT


@pytest.mark.parametrize("content", ["digests", "items"])
def test_mlcroissant_finds_nothing_to_complain_of_and_reads_every_item(content, tmp_path):
    _table, document = card(content)
    found = mlc.Dataset(write(tmp_path, document))
    assert found.metadata.ctx.conforms_to.value == CONFORMS
    assert not found.metadata.ctx.issues.errors
    assert not found.metadata.ctx.issues.warnings
    rows = list(found.records("items"))
    assert len(rows) == len(DATASET.items)
    assert {row["items/id"].decode() for row in rows} == {item.id for item in DATASET.items}
    texts = {value.decode() for row in rows for value in row.values()}
    assert ("What is the capital of land 1? €" in texts) == (content == "items")
    assert (DATASET.items[1].input_digest in texts) == (content == "digests")


def test_the_card_and_the_croissant_file_say_the_same_values(tmp_path):
    table, document = card("digests")
    told = json.loads(document.companions[CROISSANT])
    values = {one["name"]: one["value"] for one in told["variableMeasured"]}
    assert values == dict(measured(table))
    bound = {found.name: found.text for found in scan(document.markdown) if found.name}
    for name in ("items", "clusters", "labelled", "erased"):
        assert bound[f"1/dataset#{name}"] == str(values[name])
    for number, value in enumerate(("north", "south")):
        key = f"1/dataset#slices.0.values.{number}.items"
        assert bound[key] == str(values[f"part of world: {value}"])
    (file,) = told["distribution"]
    assert file["sha256"] in document.markdown
    assert told["identifier"] in document.markdown
    assert int(file["contentSize"].split()[0]) == len(document.companions[ITEMS].encode())
    for text in (told["name"], told["license"], told["version"], told["datePublished"]):
        assert text in document.markdown


def test_an_altered_item_is_refused_by_its_sha256(tmp_path):
    _, document = card("items")
    path = write(tmp_path, document)
    items = tmp_path / ITEMS
    items.write_text(items.read_text("utf-8").replace("land 1?", "land 9?", 1), encoding="utf-8")
    with pytest.raises(Exception, match=r"(?i)hash|sha256|generat"):
        list(mlc.Dataset(path).records("items"))


def test_a_reference_that_leads_nowhere_would_be_noticed(tmp_path):
    _, document = card("digests")
    path = write(tmp_path, document)
    told = json.loads(path.read_text("utf-8"))
    told["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "other.jsonl"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ValidationError, match=r"other\.jsonl"):
        mlc.Dataset(path)
