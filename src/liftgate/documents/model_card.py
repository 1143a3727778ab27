"""The machine's side of a model card: one list of results in three formats.

- Front matter with ``model-index``, the older results of a Hugging Face card.
- ``.eval_results/liftgate.yaml``, Hugging Face's own file of results.
- ``model.cdx.json``, a CycloneDX 1.6 bill of materials with a ``modelCard``, whose schema alone has
  a field for an interval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.documents.facts import Facts, Number
from liftgate.errors import NotEnoughData, UnknownName

EVAL_RESULTS = ".eval_results/liftgate.yaml"
CYCLONEDX = "model.cdx.json"


@dataclass(frozen=True)
class Result:
    """One number of an arm, in stored units."""

    metric: str
    value: float
    low: float | None
    high: float | None
    words: str
    """As the card prints it."""
    reference: str
    slice: str = ""
    """Empty: over the whole set."""


def card_arm(facts: Facts, arm: str | None = None) -> str:
    """Return the arm that a card describes: the named one, the recommended, the first candidate.

    Raises:
        UnknownName: no such arm.
    """
    names = [str(one["name"]) for one in facts.body["arms"]]
    if arm is not None:
        if arm not in names:
            raise UnknownName("arm", arm, names)
        return arm
    return default_arm(facts.body)


def default_arm(body: Mapping[str, Any]) -> str:
    """Return the arm of a decision that a card describes where none is asked for."""
    return str(body.get("recommended") or body["decisions"][0]["candidate"])


def results(facts: Facts, arm: str) -> tuple[Result, ...]:
    """Return an arm's own numbers: means with intervals, measures, latencies.

    Raises:
        NotEnoughData: it has none.
    """
    found = tuple(
        made
        for number in facts.numbers.values()
        if number.arms == (arm,) and (made := _result(number, facts)) is not None
    )
    if not found:
        raise NotEnoughData(f"{arm}: entry {facts.sequence} has no number of this arm alone")
    return found


def differences(facts: Facts, arm: str) -> tuple[Result, ...]:
    """Return how an arm differs from the baseline in each slice, where an interval is known."""
    return tuple(
        made
        for number in facts.numbers.values()
        if number.slice is not None
        and number.arms[-1] == arm
        and number.estimate is None
        and (made := _result(number, facts)) is not None
    )


def front_matter(facts: Facts, arm: str) -> str:
    """Return the head of a Hugging Face card."""
    dataset = str(facts.body["dataset"]["name"])
    rows = [
        {
            "task": {"type": "other"},
            "dataset": {"type": dataset, "name": dataset},
            "metrics": [
                {"type": one.metric, "value": one.value, "name": f"{one.metric}: {one.words}"}
            ],
        }
        for one in results(facts, arm)
    ]
    head = {
        "tags": ["liftgate"],
        "model-index": [{"name": arm, "results": rows}],
    }
    return f"---\n{_yaml(head)}---\n"


def companions(facts: Facts, arm: str, *, leaf: str, time: str) -> Mapping[str, str]:
    """Return the files that stand beside a card, by their path from it."""
    return {
        EVAL_RESULTS: _yaml(list(_entries(facts, arm, time))),
        CYCLONEDX: json.dumps(_bill(facts, arm, leaf), indent=2, ensure_ascii=False) + "\n",
    }


def _entries(facts: Facts, arm: str, time: str) -> Iterator[Mapping[str, Any]]:
    for one in results(facts, arm):
        yield {
            "dataset": {"id": str(facts.body["dataset"]["name"]), "task_id": one.metric},
            "value": one.value,
            "date": time,
            "notes": f"{one.words}; liftgate {one.reference}",
        }


def _bill(facts: Facts, arm: str, leaf: str) -> Mapping[str, Any]:
    body = facts.body
    own = next(one for one in body["arms"] if one["name"] == arm)
    measured = (*results(facts, arm), *differences(facts, arm))
    dataset = {
        "type": "data",
        "bom-ref": "dataset",
        "name": str(body["dataset"]["name"]),
        "hashes": [_hash(body["dataset"]["digest"])],
    }
    evidence = {
        "liftgate:study": body["study"],
        "liftgate:entry": str(facts.sequence),
        "liftgate:leaf": leaf,
        "liftgate:fingerprint": own["fingerprint"],
        **{f"liftgate:reference:{n}": one.reference for n, one in enumerate(measured)},
    }
    card: dict[str, Any] = {
        "modelParameters": {"datasets": [{"ref": "dataset"}]},
        "quantitativeAnalysis": {"performanceMetrics": [_metric(one) for one in measured]},
        "properties": [{"name": name, "value": str(text)} for name, text in evidence.items()],
    }
    if body["not_shown"]:
        card["considerations"] = {"technicalLimitations": [str(t) for t in body["not_shown"]]}
    model = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": arm,
        "modelCard": card,
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [model, dataset],
    }


def _metric(one: Result) -> Mapping[str, Any]:
    made: dict[str, Any] = {"type": one.metric, "value": repr(one.value)}
    if one.slice:
        made["slice"] = one.slice
    ends = {"lowerBound": one.low, "upperBound": one.high}
    known = {name: repr(end) for name, end in ends.items() if end is not None}
    return {**made, "confidenceInterval": known} if known else made


def _result(number: Number, facts: Facts) -> Result | None:
    estimate = number.descriptive or {}
    value = estimate.get("value", number.value)
    if value is None:
        return None
    where, metric = "", number.metric
    if len(number.arms) > 1:
        metric = f"{number.metric}, difference from {number.arms[0]}"
        where = f"{getattr(number, 'slice_name', None) or 'slice'}: {number.slice}"
    low, high = estimate.get("low"), estimate.get("high")
    words = facts.text(f"{number.reference}#text")
    return Result(metric, float(value), low, high, words, number.reference, where)


def _hash(digest: str) -> Mapping[str, str]:
    return {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}


def _yaml(value: Any) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text
