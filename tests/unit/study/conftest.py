from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from liftgate.records import Dataset, Item
from liftgate.study.design import Study
from liftgate.study.load import load, loads

GOLDEN = Path(__file__).parent / "golden" / "v1.yaml"


@pytest.fixture(scope="session")
def golden_path() -> Path:
    return GOLDEN


@pytest.fixture(scope="session")
def golden() -> Study:
    return load(GOLDEN)


@pytest.fixture
def small() -> dict[str, Any]:
    """A small valid study as plain values; each test may change its own."""
    outcomes = {kind: {"score": "worst"} for kind in ("timeout", "crash", "refusal", "unparsable")}
    return {
        "liftgate": 1,
        "study": "small",
        "hypothesis": "It is better.",
        "dataset": {"source": "items.jsonl", "cluster": "file", "slices": ["folder"]},
        "arms": {
            "old": {"role": "baseline", "system": "python:systems:old"},
            "new": {"role": "candidate", "system": "python:systems:new"},
        },
        "scorers": {"right": {"scorer": "exact"}},
        "outcomes": {**outcomes, "scorer_failed": "missing", "missing_label": "missing"},
        "claims": {
            "primary": {"metric": "right", "superior": {"target": 0.05}},
            "guardrails": [{"measure": "mb", "within": {"limit": 3}}],
        },
    }


@pytest.fixture
def read() -> Callable[[Any], Study]:
    """Write values as YAML and read them as a study."""
    return lambda values: loads(yaml.safe_dump(values, sort_keys=False), "study.yaml")


@pytest.fixture
def dataset() -> Dataset:
    return Dataset("items", tuple(Item(str(n), {"question": f"q{n}"}, "yes") for n in range(4)))
