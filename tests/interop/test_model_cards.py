"""One card in three formats: each is read by its own tool, and all say the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import EvalResultEntry, ModelCard, eval_result_entries_to_yaml

from liftgate.documents.beside import Source
from liftgate.documents.compiled import SHIPPED, compile_document
from liftgate.documents.facts import Facts
from liftgate.documents.model_card import CYCLONEDX, EVAL_RESULTS, results
from liftgate.lineage.reference import targets

DATA = Path(__file__).parents[1] / "data" / "decision.json"
ARMS = ("dense", "bm25", "dense-int4")


@pytest.fixture
def facts():
    body = json.loads(DATA.read_text("utf-8"))["body"]
    return Facts(4, body, targets(body, 4))


def card(facts, arm):
    path = SHIPPED / "model-card.md.j2"
    source = Source("sha256:ab", "2026-11-23T11:20:31+00:00")
    return compile_document(path, facts, source, arm=arm)


@pytest.mark.parametrize("arm", ARMS)
def test_the_three_formats_are_valid_and_agree(facts, arm):
    document = card(facts, arm)
    expected = {one.metric: one.value for one in results(facts, arm)}
    assert len(expected) >= 5

    hub = ModelCard(document.markdown)
    assert {r.metric_type: r.metric_value for r in hub.data.eval_results} == expected

    rows = yaml.safe_load(document.companions[EVAL_RESULTS])
    entries = [
        EvalResultEntry(
            dataset_id=row["dataset"]["id"],
            task_id=row["dataset"]["task_id"],
            value=row["value"],
            date=row["date"],
            notes=row["notes"],
        )
        for row in rows
    ]
    assert eval_result_entries_to_yaml(entries) == rows
    assert {e.task_id: e.value for e in entries} == expected

    text = document.companions[CYCLONEDX]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    model = json.loads(text)["components"][0]
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert {m["type"]: float(m["value"]) for m in metrics if "slice" not in m} == expected
    assert any("slice" in m and "confidenceInterval" in m for m in metrics) == (arm != "bm25")


def test_a_value_of_the_wrong_kind_would_be_noticed(facts):
    bill = json.loads(card(facts, "dense").companions[CYCLONEDX])
    model = bill["components"][0]["modelCard"]
    model["quantitativeAnalysis"]["performanceMetrics"][0]["value"] = 0.5
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is not None
