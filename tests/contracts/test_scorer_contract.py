"""What every scorer does, whoever wrote it: run over all that are registered."""

from __future__ import annotations

import inspect
import math
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate import plugins
from liftgate.canon import canonical, parse
from liftgate.errors import DataError, SystemFailed
from liftgate.protocols import Scorer
from liftgate.records import Answer, Item, Missing, Scale, ScoreKind

JUDGES = ("judge",)
"""They ask systems and have a door of their own: tests/unit/scorers/test_judge.py."""
NAMES = tuple(name for name in plugins.names("scorers") if name not in JUDGES)
EXAMPLES = {
    int: 3,
    float: 0.5,
    str: "a",
    bool: True,
    list[dict[str, typing.Any]]: [{"require": "confirm"}],
}
LABELS = [None, "a", "42", ["a", "b"], {"a": 2, "b": 0}, 3, True, [], {}, [1, "a"], "("]
TEXTS = st.sampled_from(["", "a", "the a", "42", "a b", "(", "\U0001f600"]) | st.text(max_size=5)
SCALARS = st.none() | st.booleans() | st.integers(-50, 50) | st.floats(-5, 5) | TEXTS
RANKED = st.lists(
    st.fixed_dictionaries({"id": TEXTS, "score": st.floats(-1, 1) | TEXTS}), max_size=3
)
OUTPUTS = st.recursive(
    SCALARS | RANKED,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def make(name):
    """Build a scorer; parameters without a default get an example of their type."""
    factory = plugins.load("scorers", name)
    hints = typing.get_type_hints(factory)
    needed = {
        parameter.name: EXAMPLES[hints[parameter.name]]
        for parameter in inspect.signature(factory).parameters.values()
        if parameter.default is inspect.Parameter.empty
    }
    return factory(**needed)


def item(target):
    return Item("i", {"text": "q"}, target=target)


def outcome(scorer, output, target):
    """Return what became of scoring: a value, a reason, or whose fault it was."""
    try:
        return scorer.score(Answer(output), item(target))
    except SystemFailed as error:
        return f"{error.kind}: {error}"
    except DataError as error:
        return f"label: {error}"


@pytest.mark.parametrize("name", NAMES)
def test_its_parameters_are_keywords_with_types_for_the_study_to_check(name) -> None:
    factory = plugins.load("scorers", name)
    hints = typing.get_type_hints(factory)
    for parameter in inspect.signature(factory).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.name in hints
    assert factory.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_version_and_the_shape_of_a_scorer(name) -> None:
    scorer = make(name)
    assert isinstance(scorer, Scorer)
    assert isinstance(scorer.version, str)
    assert scorer.version


@pytest.mark.parametrize("name", NAMES)
def test_its_scale_follows_from_the_items_whatever_their_order(name) -> None:
    items = [Item(str(n), {"text": "q"}, target=t) for n, t in enumerate(("a", "b", None))]
    scale = make(name).scale(items)
    assert scale == make(name).scale(items[::-1])
    assert isinstance(scale, Scale)
    if scale.kind is not ScoreKind.UNBOUNDED:
        assert scale.low is not None
        assert scale.high is not None
        assert -math.inf < scale.low < scale.high < math.inf


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, derandomize=True, max_examples=80)
@given(output=OUTPUTS, target=st.sampled_from(LABELS))
def test_any_answer_gets_a_score_on_the_scale_or_a_reason(name, output, target) -> None:
    scorer = make(name)
    found = outcome(scorer, output, target)
    if isinstance(found, Missing):
        assert found.reason
    elif isinstance(found, str):
        assert found.startswith(("unparsable: ", "label: target"))
    else:
        scale = scorer.scale([item(target)])
        assert isinstance(found, float)
        assert math.isfinite(found)
        assert scale.low <= found <= scale.high
        if scale.kind is ScoreKind.BINARY:
            assert found in (scale.low, scale.high)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, derandomize=True, max_examples=40)
@given(output=OUTPUTS, target=st.sampled_from(LABELS))
def test_a_stored_answer_scores_as_a_fresh_one_and_each_time_alike(name, output, target) -> None:
    scorer = make(name)
    stored = parse(canonical(output))
    first = outcome(scorer, output, target)
    assert outcome(scorer, stored, target) == first
    assert outcome(make(name), output, target) == first


@pytest.mark.parametrize("name", NAMES)
def test_without_a_label_nothing_is_guessed(name) -> None:
    for output in ("a", ["a"], 3, [{"id": "a", "score": 1.0}]):
        found = outcome(make(name), output, None)
        if isinstance(found, float):  # a scorer that needs no label: then no label changes a thing
            assert {outcome(make(name), output, label) for label in LABELS} == {found}
        else:
            assert isinstance(found, Missing) or found.startswith("unparsable: ")
