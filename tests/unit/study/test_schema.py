"""The JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from liftgate.study.scaffold import Answers, scaffold
from liftgate.study.schema import json_schema
from liftgate.study.source import parse

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "docs" / "reference" / "study.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema(built_in=True))


def test_the_schema_is_one(validator) -> None:
    jsonschema.Draft202012Validator.check_schema(validator.schema)


def test_the_committed_schema_is_current() -> None:
    """To renew it: liftgate study schema --built-in > docs/reference/study.schema.json."""
    assert json.loads(COMMITTED.read_text("utf-8")) == json_schema(built_in=True)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("study.yaml")), ids=str)
def test_the_examples_fit(validator, path: Path) -> None:
    source = parse(path.read_text("utf-8"), path.name)
    assert [error.message for error in validator.iter_errors(source.value)] == []


def test_a_scaffold_fits(validator) -> None:
    source = parse(scaffold(Answers("mine", 0.05)), "mine")
    assert validator.is_valid(source.value)


def test_every_definition_is_used() -> None:
    schema = json_schema(built_in=True)
    text = json.dumps(schema)
    unused = [name for name in schema["$defs"] if f'"#/$defs/{name}"' not in text]
    assert unused == []


def test_rules_and_scorers_are_described_by_their_signatures() -> None:
    definitions = json_schema(built_in=True)["$defs"]
    claim = definitions["ClaimPlan"]["properties"]
    assert claim["superior"]["properties"]["target"] == {
        "anyOf": [{"type": "number"}, {"type": "null"}],
        "default": None,
    }
    assert claim["non_inferior"]["required"] == ["margin"]
    recall = next(
        node
        for node in definitions["ScorerPlan"]["oneOf"]
        if node["properties"]["scorer"] == {"const": "recall"}
    )
    assert recall["required"] == ["scorer", "k"]
    assert recall["additionalProperties"] is False


def test_no_key_carries_a_title_that_only_repeats_it() -> None:
    arm = json_schema(built_in=True)["$defs"]["ArmPlan"]
    assert all("title" not in node for node in arm["properties"].values())
    assert all(node.get("description") for node in arm["properties"].values())
