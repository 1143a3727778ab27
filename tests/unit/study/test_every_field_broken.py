"""Every key of the grammar, broken in turn. The cases come from the schema, so none is forgotten.

The golden study holds every key that the schema knows (a test of its own); each of its places is
broken in each way that the schema says is wrong.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from liftgate.errors import Fault, StudyError
from liftgate.study.load import loads
from liftgate.study.schema import json_schema
from liftgate.study.source import dotted, parse

SCHEMA = json_schema(built_in=True)
GOLDEN = parse((Path(__file__).parent / "golden" / "v1.yaml").read_text("utf-8"), "v1").value
# Keys that came after the golden file was written, which is never edited.
GOLDEN |= {"exploratory": True, "stopping": {"plan": "planned-looks", "looks": 5}}
GOLDEN["decision"]["guarantee"] = True
GOLDEN["reproduction"] = {"tolerance": {"right": 0.02}}
GOLDEN["arms"]["old"]["reads"] = "clean"
GOLDEN["dataset"]["tags"] = {
    "consent": ["evaluation"],
    "keep_until": "2999-12-31",
    "residency": ["eu"],
}
GOLDEN["dataset"]["perturb"] = {
    "families": ["typos", "order"],
    "seed": 1,
    "variants": 2,
    "rates": {"typos": 0.2},
    "parts": ["question"],
}
GOLDEN["ratios"] = {
    "cost_per_right": {"of": "cost", "per": "broken", "most": 0.5, "most_per": 40, "range": [0, 2]}
}
GOLDEN["scorers"]["obeys"] = {
    "scorer": "instructions",
    "checks": [{"words": {"at_most": 100}}],
    "every": True,
}
GOLDEN["scorers"]["helpful"] = {
    "scorer": "judge",
    "rubric": "helpfulness",
    "system": "openai:m",
    "params": {"base_url": "http://127.0.0.1:9/v1"},
    "files": ["prompt.txt"],
    "packages": ["numpy"],
    "panel": None,
    "votes": 3,
    "answer": "json",
    "mode": "pointwise",
    "aggregate": "mean",
    "source": "page",
    "positive": "good",
    "split": "sentences",
}
GOLDEN["scorers"]["right"]["over_repeats"] = {"pass_at": 2}
GOLDEN["scorers"]["says"]["over_repeats"] = {"pass_all": 3}
GOLDEN["scorers"]["kept"] = {"scorer": "trace_rules", "rules": [{"never": "delete"}]}
GOLDEN["scorers"]["broken"] = {"scorer": "trace_count", "rules": [{"at_most": 3}]}
GOLDEN["scorers"]["broken"]["of"] = "violations"
GOLDEN["scorers"]["calls"] = {"scorer": "trace_count", "of": "tool_calls"}
GOLDEN["scorers"]["calls"]["action"] = {"tool": "find"}
GOLDEN["arms"]["nothing"] = {"role": "floor", "system": "python:systems:nothing"}
GOLDEN["claims"]["floor"] = {"metric": "recall@5", "superior": {"by": 0.0, "target": 0.1}}
for one in GOLDEN["scorers"].values():
    one |= {"target": "documents", "stage": "retrieval"}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
OPAQUE = "params"
BOUNDS = {
    "minimum": lambda bound: bound - 1,
    "exclusiveMinimum": lambda bound: bound,
    "maximum": lambda bound: bound + 1,
    "exclusiveMaximum": lambda bound: bound,
    "minLength": lambda bound: "x" * (bound - 1),
    "pattern": lambda bound: "!no name!",
    "const": lambda bound: "another",
    "enum": lambda bound: "another",
}

Path_ = tuple[Any, ...]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = SCHEMA
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def fitting(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """Return the branch of a schema that describes a value."""
    schema = resolved(schema)
    for branch in schema.get("oneOf", schema.get("anyOf", [])):
        if VALIDATOR.evolve(schema={**branch, "$defs": SCHEMA["$defs"]}).is_valid(value):
            return fitting(branch, value)
    return schema


def children(schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    if isinstance(value, dict):
        others = list(schema.get("patternProperties", {}).values())
        if isinstance(schema.get("additionalProperties"), dict):
            others.append(schema["additionalProperties"])
        for key in value:
            if key in schema.get("properties", {}):
                yield key, schema["properties"][key]
            elif others:
                yield key, others[0]
    elif isinstance(value, list) and "items" in schema:
        yield from ((index, schema["items"]) for index in range(len(value)))


def places(
    schema: dict[str, Any] = SCHEMA, value: Any = GOLDEN, path: Path_ = ()
) -> Iterator[tuple[Path_, dict[str, Any], Any]]:
    """Yield every place of the golden study with the schema that describes it."""
    schema = fitting(schema, value)
    yield path, schema, value
    if path[-1:] != (OPAQUE,):
        for key, child in children(schema, value):
            yield from places(child, value[key], (*path, key))


PLACES = list(places())


def with_change(path: Path_, value: Any) -> dict[str, Any]:
    study = copy.deepcopy(GOLDEN)
    if not path:
        return value
    here = study
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return study


def without(path: Path_) -> dict[str, Any]:
    study = copy.deepcopy(GOLDEN)
    here = study
    for part in path[:-1]:
        here = here[part]
    del here[path[-1]]
    return study


def text_of(study: Any) -> str:
    """Write a study as YAML; by the C library where it is there, in a fifth of the time."""
    return str(
        yaml.dump(study, sort_keys=False, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    )


def faults_of(study: Any) -> tuple[Fault, ...]:
    return faults_in(text_of(study))


def faults_in(text: str) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as caught:
        loads(text, "study.yaml")
    lines = text.splitlines()
    for fault in caught.value.faults:
        assert 1 <= fault.line <= len(lines), fault
        assert fault.column >= 1
        assert fault.source == lines[fault.line - 1]
        assert fault.message
    return caught.value.faults


def assert_names(study: Any, path: Path_) -> Fault:
    """One of the faults names the place, at the line where it stands (or its parent)."""
    text = text_of(study)
    faults = [fault for fault in faults_in(text) if fault.path == dotted(path)]
    assert faults, f"no fault names {dotted(path)}"
    source = parse(text, "study.yaml")
    assert faults[0].line in {source.mark(path).line, source.mark(path, on_key=True).line}
    return faults[0]


def name(path: Path_) -> str:
    return dotted(path) or "top"


def wrong_types() -> Iterator[Any]:
    for path, _schema, value in PLACES:
        wrong: Any = {"no": "such"} if not isinstance(value, dict) else ["no", "such"]
        yield pytest.param(path, wrong, id=name(path))


def out_of_bounds() -> Iterator[Any]:
    for path, schema, _ in PLACES:
        for bound, breaking in BOUNDS.items():
            if bound in schema:
                yield pytest.param(path, breaking(schema[bound]), id=f"{name(path)}-{bound}")


def unknown_keys() -> Iterator[Any]:
    for path, schema, value in PLACES:
        # Of some mappings the schema says nothing; what they hold is checked by the plug-in.
        free = path[-1:] == (OPAQUE,) or schema.get("additionalProperties") is True
        if isinstance(value, dict) and not free:
            yield pytest.param(path, id=name(path))


def required() -> Iterator[Any]:
    for path, schema, _ in PLACES:
        for key in schema.get("required", ()):
            yield pytest.param((*path, key), id=name((*path, key)))


def test_the_golden_study_fits_the_schema() -> None:
    assert [error.message for error in VALIDATOR.iter_errors(GOLDEN)] == []


def test_the_golden_study_holds_every_key_that_the_schema_knows() -> None:
    seen = {(id(schema), path[-1]) for path, schema, _ in PLACES if path}
    known = [resolved(SCHEMA), *map(resolved, SCHEMA["$defs"].values())]
    known += [branch for schema in known for branch in schema.get("oneOf", ())]
    rules = {key for path, _, _ in PLACES if "claims" in path for key in path}
    written = {key for path, _, _ in PLACES for key in path}
    for schema in known:
        assert set(schema.get("properties", {})) <= written, schema
    claim = SCHEMA["$defs"]["ClaimPlan"]["properties"]
    assert set(claim) <= rules
    for key, node in claim.items():
        places_of = [schema for path, schema, _ in PLACES if path[-1:] == (key,)]
        wanted = set(resolved(node).get("properties", {}))
        held = {part for path, _, _ in PLACES for part in path if key in path}
        assert places_of
        assert wanted <= held
    scorers = {node["properties"]["scorer"]["const"]: node for node in scorer_nodes()}
    used: dict[str, set[str]] = {}
    for plan in GOLDEN["scorers"].values():
        used.setdefault(plan["scorer"], {"over_repeats"}).update(plan)
    assert {key: set(node["properties"]) for key, node in scorers.items()} == used
    assert len(seen) > 60


def scorer_nodes() -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = SCHEMA["$defs"]["ScorerPlan"]["oneOf"]
    return nodes


@pytest.mark.parametrize(("path", "wrong"), list(wrong_types()))
def test_a_value_of_the_wrong_type_is_a_fault(path: Path_, wrong: Any) -> None:
    study = with_change(path, wrong)
    inside_params = path[-1:] != (OPAQUE,) and OPAQUE in path
    assert not inside_params
    if not path:
        (fault,) = faults_of(study)
        assert "expected a mapping" in fault.message
    else:
        fault = assert_names(study, path)
        assert "expected" in fault.message
    assert not VALIDATOR.is_valid(study), "the schema lets through what the loader refuses"


@pytest.mark.parametrize(("path", "wrong"), list(out_of_bounds()))
def test_a_value_out_of_bounds_is_a_fault(path: Path_, wrong: Any) -> None:
    study = with_change(path, wrong)
    assert_names(study, path)
    assert not VALIDATOR.is_valid(study)


@pytest.mark.parametrize("path", list(unknown_keys()))
def test_an_unknown_key_is_a_fault(path: Path_) -> None:
    value = PLACES[[place[0] for place in PLACES].index(path)][2]
    study = with_change(path, {**value, "guardrial": "x"})
    fault = assert_names(study, (*path, "guardrial"))
    named = path in {("arms",), ("scorers",), ("ratios",), ("reproduction", "tolerance")}
    assert named or "unknown key 'guardrial'" in fault.message
    assert not VALIDATOR.is_valid(study)


@pytest.mark.parametrize("path", list(required()))
def test_a_missing_key_is_a_fault_at_its_parent(path: Path_) -> None:
    study = without(path)
    assert_names(study, path)
    assert not VALIDATOR.is_valid(study)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=name(path)) for path, _, value in PLACES if type(value) in (int, float)],
)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_number_is_finite(path: Path_, wrong: float) -> None:
    assert "expected a finite number" in assert_names(with_change(path, wrong), path).message


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path, _, value in PLACES])
def test_a_key_without_a_value_is_a_fault_or_means_that_it_is_not_given(path: Path_) -> None:
    study = with_change(path, None)
    if not VALIDATOR.is_valid(study):
        assert_names(study, path) if path else faults_of(study)
        return
    assert outcome(study) == outcome(without(path))


def outcome(study: Any) -> Any:
    try:
        return loads(text_of(study)).model()
    except StudyError as error:
        return sorted(fault.path for fault in error.faults)


def test_the_walk_is_long() -> None:
    counts = [len(list(cases())) for cases in (wrong_types, out_of_bounds, unknown_keys, required)]
    assert counts[0] > 120
    assert counts[1] > 35
    assert counts[2] > 35
    assert counts[3] > 40
