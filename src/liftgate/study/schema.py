"""The JSON Schema of a study file, for editors: from the models and the plug-ins' signatures."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from liftgate import plugins
from liftgate.study import params
from liftgate.study.design import Study
from liftgate.study.plan import ClaimPlan, ScorerPlan

_OWN = "liftgate."


class _Plain(GenerateJsonSchema):
    """Without a title for every field, which would only repeat its key."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema(*, built_in: bool = False) -> dict[str, Any]:
    """Return the schema of a study file.

    Args:
        built_in: leave out the rules and scorers of other packages that are installed.
    """
    schema = Study.model_json_schema(by_alias=True, schema_generator=_Plain)
    definitions = schema["$defs"]
    definitions["ClaimPlan"] = _claim(definitions, _names("rules", built_in=built_in))
    definitions["ScorerPlan"] = _scorer(definitions, _names("scorers", built_in=built_in))
    schema["title"] = "A liftgate study"
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _names(kind: str, *, built_in: bool) -> list[str]:
    names = plugins.names(kind)
    if not built_in:
        return list(names)
    return [name for name in names if plugins.load(kind, name).__module__.startswith(_OWN)]


def _claim(definitions: dict[str, Any], rules: list[str]) -> JsonSchemaValue:
    own = _own_properties(ClaimPlan, definitions)
    nodes = {rule: _params("rules", rule, definitions) for rule in rules}
    return {
        "type": "object",
        "description": "One metric or measure, and one rule with its parameters.",
        "properties": {**own, **nodes},
        "additionalProperties": False,
        "allOf": [
            {"oneOf": [{"required": ["metric"]}, {"required": ["measure"]}]},
            {"oneOf": [{"required": [rule]} for rule in rules]},
        ],
    }


def _scorer(definitions: dict[str, Any], scorers: list[str]) -> JsonSchemaValue:
    own = _own_properties(ScorerPlan, definitions)
    del own["scorer"]

    def one(name: str) -> JsonSchemaValue:
        node = _params("scorers", name, definitions)
        node["properties"] = {"scorer": {"const": name}, **own, **node["properties"]}
        node["required"] = ["scorer", *node.get("required", [])]
        return node

    return {"oneOf": [one(name) for name in scorers]}


def _own_properties(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    definitions.update(schema.get("$defs", {}))
    properties: dict[str, Any] = schema["properties"]
    return properties


def _params(kind: str, name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a plug-in's parameters; its definitions join the others."""
    prefix = f"{kind}.{name}."
    schema = params.parameters(kind, name).model_json_schema(
        by_alias=True, schema_generator=_Plain, ref_template=f"#/$defs/{prefix}{{model}}"
    )
    for key, value in schema.pop("$defs", {}).items():
        definitions[prefix + key] = value
    del schema["title"]
    schema.setdefault("properties", {})
    summary = (inspect.getdoc(plugins.load(kind, name)) or "").partition("\n")[0]
    return {"description": summary, **schema} if summary else schema
