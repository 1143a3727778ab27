"""The page about study files names every key, and its example is a study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from liftgate import plugins
from liftgate.study.lint import lint
from liftgate.study.load import loads
from liftgate.study.schema import json_schema

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "study-file.md").read_text("utf-8")
SCHEMA = json_schema(built_in=True)
PLANS = [SCHEMA, *(node for name, node in SCHEMA["$defs"].items() if name != "ScorerPlan")]
KEYS = sorted({key for node in PLANS for key in node.get("properties", ())})


def test_the_example_has_neither_faults_nor_warnings() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    found = lint(loads(example))
    assert (found.faults, found.warnings) == ((), ())


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_on_the_page(key: str) -> None:
    assert re.search(rf"[`{{ ,]{key}[`}},:]", PAGE)


@pytest.mark.parametrize("rule", plugins.names("rules"))
def test_every_rule_and_its_parameters_are_on_the_page(rule: str) -> None:
    if rule not in SCHEMA["$defs"]["ClaimPlan"]["properties"]:
        return  # of another package
    (row,) = re.findall(rf"^\| `{rule}` \|.*$", PAGE, re.MULTILINE)
    for parameter in SCHEMA["$defs"]["ClaimPlan"]["properties"][rule]["properties"]:
        assert f"`{parameter}`" in row
