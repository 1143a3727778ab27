"""A dataset as Croissant 1.1 (JSON-LD) and as the table of its card: one source, one set of values.

The items lie beside the card as ``items.jsonl``: their digests, or, where the people say so, the
items themselves. Croissant names that file by its SHA-256, so that a reader which checks it refuses
any other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from liftgate.canon import canonical, sha256
from liftgate.documents.numbers import count
from liftgate.errors import DataError
from liftgate.records import Dataset, Item

CROISSANT = "croissant.json"
ITEMS = "items.jsonl"
CONFORMS = "http://mlcommons.org/croissant/1.1"
_MOST_VALUES = 50
"""Values of one slice that are listed; the rest is counted together."""
_ABOUT = "a dataset card needs what only people know: --about FILE with the section dataset"

Body = Mapping[str, Any]


def dataset_table(dataset: Dataset, erased: int, content: str) -> dict[str, Any]:
    """Return what the items say of themselves, as JSON values.

    Args:
        dataset: the items, in the order of their ids.
        erased: how many of the set's items were erased and cannot be shown.
        content: ``digests`` or ``items``: what stands in the file beside the card.
    """
    items = sorted(dataset.items, key=lambda item: item.id)
    fields = _fields(items, content)
    text = "".join(f"{canonical(_row(i, fields)).decode()}\n" for i in items)
    clusters = Counter(item.cluster for item in items if item.cluster is not None)
    return {
        "source": dataset.name,
        "digest": dataset.digest,
        "items": len(items) + erased,
        "erased": erased,
        "clusters": len(clusters) + sum(item.cluster is None for item in items),
        "clustered": bool(clusters),
        "largest_cluster": max(clusters.values(), default=1),
        "labelled": sum(item.target is not None for item in items),
        "weighted": any(item.weight != 1.0 for item in items),
        "repeated_inputs": len(items) - len({item.input_digest for item in items}),
        "parts": [_part(name, items) for name in sorted({n for i in items for n in i.input})],
        "slices": [_slice(name, items) for name in sorted({n for i in items for n in i.slices})],
        "content": content,
        "fields": fields,
        "file": {
            "name": ITEMS,
            "sha256": sha256(text.encode()).removeprefix("sha256:"),
            "bytes": len(text.encode()),
            "text": text,
        },
    }


def said_of(about: Body) -> Body:
    """Return what people say of the dataset.

    Raises:
        DataError: nobody said what only people know of it.
    """
    if "dataset" not in about:
        raise DataError(_ABOUT, hint="docs/how-to/write-a-document-that-cannot-drift.md shows one")
    found: Body = about["dataset"]
    return found


def companions(table: Body, about: Body) -> Mapping[str, str]:
    """Return the Croissant file and the file of items.

    Raises:
        DataError: nobody said what only people know of a dataset.
    """
    told = json.dumps(metadata(table, said_of(about)), indent=2, ensure_ascii=False)
    return {CROISSANT: f"{told}\n", ITEMS: str(table["file"]["text"])}


def metadata(table: Body, told: Body) -> dict[str, Any]:
    """Return the JSON-LD of a dataset.

    Args:
        table: ``dataset_table``.
        told: the section ``dataset`` of what people say.
    """
    made: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": told["name"],
        "description": told["description"],
        "conformsTo": CONFORMS,
        "license": told["license"],
        "url": told["url"],
        "version": told["version"],
        "datePublished": told["published"],
        "creator": [
            {"@type": "sc:Person" if one["is_person"] else "sc:Organization", "name": one["name"]}
            for one in told["creators"]
        ],
        "identifier": table["digest"],
        "variableMeasured": [
            {"@type": "sc:PropertyValue", "name": name, "value": value}
            for name, value in measured(table)
        ],
        "distribution": [_file(table["file"])],
        "recordSet": [_records(table)],
    }
    for key, name in _TOLD.items():
        if told[name]:
            made[key] = told[name]
    return made


def measured(table: Body) -> list[tuple[str, int]]:
    """Return the counts that the card and the Croissant file both give, by name."""
    found = [(name, int(table[name])) for name in ("items", "clusters", "labelled", "erased")]
    for one in table["slices"]:
        found += [(f"{one['name']}: {v['value']}", int(v["items"])) for v in one["values"]]
    return found


def _fields(items: list[Item], content: str) -> list[str]:
    slices = sorted({name for item in items for name in item.slices})
    shared = [f"slice_{name}" for name in slices]
    own = ["input", "target"] if content == "items" else ["input_digest", "facts_digest"]
    return ["id", *own, "cluster", *shared]


def _row(item: Item, fields: Iterable[str]) -> dict[str, Any]:
    known = {
        "id": item.id,
        "input": _text(item.input),
        "target": "" if item.target is None else _text(item.target),
        "input_digest": item.input_digest,
        "facts_digest": item.facts_digest,
        "cluster": item.cluster or "",
        **{f"slice_{name}": value for name, value in item.slices.items()},
    }
    return {field: known.get(field, "") for field in fields}


def _text(value: Any) -> str:
    """Return a text as it is, one text alone without its name, and anything else as JSON."""
    if isinstance(value, Mapping) and set(value) == {"text"}:
        value = value["text"]
    return value if isinstance(value, str) else canonical(value).decode()


def _part(name: str, items: list[Item]) -> dict[str, Any]:
    found = [item.input[name] for item in items if name in item.input]
    lengths = sorted(len(one) for one in found if isinstance(one, str))
    span = f"{count(lengths[0])} to {count(lengths[-1])} characters" if lengths else "not text"
    return {"name": name, "items": len(found), "length": span}


def _slice(name: str, items: list[Item]) -> dict[str, Any]:
    found = Counter(item.slices[name] for item in items if name in item.slices)
    listed = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(number for _, number in listed[_MOST_VALUES:])
    values = [
        {
            "value": value,
            "items": number,
            "clusters": len(
                {i.cluster or f"\0{i.id}" for i in items if i.slices.get(name) == value}
            ),
        }
        for value, number in listed[:_MOST_VALUES]
    ]
    return {"name": name, "values": values, "others": rest}


def _file(file: Body) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file["name"],
        "name": file["name"],
        "description": "One item a line, sorted by id, as RFC 8785 canonical JSON.",
        "contentUrl": file["name"],
        "contentSize": f"{file['bytes']} B",
        "encodingFormat": "application/jsonlines",
        "sha256": file["sha256"],
    }


def _records(table: Body) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "items",
        "name": "items",
        "description": "The items that every arm of the study answers.",
        "key": {"@id": "items/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": place,
                "name": name,
                "description": _meaning(name),
                "dataType": "sc:Text",
                "source": {
                    "fileObject": {"@id": table["file"]["name"]},
                    "extract": {"column": name},
                },
            }
            for place, name in _places(table["fields"])
        ],
    }


def _places(fields: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield an id without blanks, one of its own, for each field's name."""
    taken: set[str] = set()
    for name in fields:
        stem = re.sub(r"[^\w.-]+", "-", name)
        place = stem
        while place in taken:
            place = f"{stem}-{len(taken)}"
        taken.add(place)
        yield f"items/{place}", name


def _meaning(name: str) -> str:
    if name.startswith("slice_"):
        return f"The item's {name.removeprefix('slice_')}, by which results are also shown."
    return {
        "id": "The item's name within the set.",
        "input": "What a system is asked; JSON where it is more than one text.",
        "target": "What a right answer is; empty where there is no label.",
        "input_digest": "SHA-256 of the canonical input parts.",
        "facts_digest": "SHA-256 of target, cluster, slices and weight.",
        "cluster": "Items of one cluster are not independent; empty: the item is its own.",
    }[name]


_TOLD = {
    "keywords": "keywords",
    "inLanguage": "languages",
    "citeAs": "cite",
    "rai:dataCollection": "collection",
    "rai:dataAnnotationProtocol": "annotation",
    "rai:dataUseCases": "uses",
    "rai:dataLimitations": "limits",
    "rai:dataBiases": "biases",
    "rai:personalSensitiveInformation": "sensitive",
}
"""What people say, by the properties that it becomes."""
_OWN = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{name: f"cr:{name}" for name in _OWN.split()},
}
"""The context of the format's specification, 1.1, appendix 1."""
