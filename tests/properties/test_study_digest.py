"""Comments, order, style and written-out defaults keep a study's digest; meaning does not."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import StudyError
from liftgate.study.load import load, loads
from liftgate.study.source import parse

GOLDEN = Path(__file__).parents[1] / "unit" / "study" / "golden" / "v1.yaml"
STUDY = load(GOLDEN)
DIGEST = STUDY.digest(STUDY.dataset.digest)
VALUES = parse(GOLDEN.read_text("utf-8"), "v1").value


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(entry, rng) for entry in value] if isinstance(value, list) else value


def commented(text: str, rng: random.Random) -> str:
    lines = []
    for line in text.splitlines():
        if rng.random() < 0.3:
            lines.append(rng.choice(["", "# a: comment", "    # - indented"]))
        lines.append(line + "  # why" if rng.random() < 0.3 else line)
    return "\n".join(lines) + "\n"


def digest_of(values: Any, rng: random.Random | None = None, **style: Any) -> str:
    text = yaml.safe_dump(values, sort_keys=False, width=10_000, **style)
    study = loads(commented(text, rng) if rng else text)
    return study.digest(study.dataset.digest)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(seed=st.integers(0, 2**32), flow=st.sampled_from([None, False, True]))
def test_comments_key_order_and_style_do_not_change_the_digest(seed: int, flow: Any) -> None:
    rng = random.Random(seed)
    assert digest_of(shuffled(VALUES, rng), rng, default_flow_style=flow) == DIGEST


def test_defaults_written_out_do_not_change_the_digest() -> None:
    assert digest_of(STUDY.model(STUDY.dataset.digest)) == DIGEST


def test_a_number_may_be_written_in_any_way() -> None:
    text = GOLDEN.read_text("utf-8")
    for old, new in (("0.05}", "5.0e-2}"), ("400,", "4e2,"), ("200.0}", "200}"), ("1e-3", ".001")):
        assert old in text
        text = text.replace(old, new)
    study = loads(text)
    assert study.digest(study.dataset.digest) == DIGEST


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for n, entry in enumerate(value) for leaf in leaves(entry, (*path, n))]
    return [path]


def alternatives(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [value / 2, value + 1]
    if value is None:
        return [0]
    others: list[Any] = [0.5, "language", "latency_p90_ms"]
    others += [
        "worst",
        "missing",
        "normal",
        "this-set",
        "linear",
        "first",
        "folder",
        "right",
        "mrr",
    ]
    return [value + "x", "3%", "sha256:" + "1" * 64, "system:x", "python:x:y", *others]


FIXED = {("liftgate",), ("tier",), ("stopping", "plan")}
FIXED |= {("outcomes", "scorer_failed"), ("outcomes", "missing_label")}


def changed(path: tuple[Any, ...]) -> list[str]:
    """Return the digests of all valid studies that differ in this one leaf."""
    found = []
    old = VALUES
    for part in path:
        old = old[part]
    for new in alternatives(old):
        if new == old and type(new) is type(old):
            continue
        values = copy.deepcopy(VALUES)
        here = values
        for part in path[:-1]:
            here = here[part]
        here[path[-1]] = new
        try:
            found.append(digest_of(values))
        except StudyError:
            continue
    return found


@pytest.mark.parametrize("path", leaves(VALUES), ids=lambda path: ".".join(map(str, path)))
def test_any_other_value_changes_the_digest(path: tuple[Any, ...]) -> None:
    found = changed(path)
    assert DIGEST not in found
    assert len(set(found)) == len(found)
    if path in FIXED or path[-1] in ("role", "scorer") or path[:2] == ("dataset", "slices"):
        return  # one value only in this version, or tied to other keys
    assert found, "no other value of this key makes a study: the test would show nothing"


def test_the_order_of_a_list_is_meant() -> None:
    values = copy.deepcopy(VALUES)
    values["claims"]["guardrails"].reverse()
    assert digest_of(values) != DIGEST
