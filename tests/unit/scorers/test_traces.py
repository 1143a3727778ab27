"""Rules over what an agent did, and counts of it: trajectories by hand, exact results."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.errors import DataError
from liftgate.records import Answer, Item, Missing, Step, StepKind, Trace
from liftgate.scorers.traces import schema, trace_count, trace_rules

ITEM = Item("a", {"text": "q"})
SCHEMA = {
    "type": "object",
    "properties": {
        "order": {"type": "integer"},
        "amount": {"type": "number", "minimum": 0, "description": "in cents"},
    },
    "required": ["order", "amount"],
    "additionalProperties": False,
}


def call(tool, error=None, **arguments):
    return Step(StepKind.TOOL, tool, arguments, "ok", error=error)


def model(tokens_in=10, tokens_out=2, seconds=0.5):
    kind = StepKind.MODEL
    return Step(kind, "m", seconds=seconds, tokens_in=tokens_in, tokens_out=tokens_out)


def judged(rule, *steps, tools=None):
    """Return (score, violations, opportunities) of one rule over some steps."""
    answer = Answer("Done.", trace=Trace(steps, tools or {}))
    score = trace_rules(rules=[rule]).score(answer, ITEM)
    counts = (
        trace_count(of=of, rules=[rule]).score(answer, ITEM)
        for of in ("violations", "opportunities")
    )
    return score, *counts


LARGE = {"tool": "refund", "where": {"amount": {"above": 100}}}
CONFIRMED = {"never": LARGE, "before": "confirm"}
SAME_ORDER = {**CONFIRMED, "same": ["order"]}


@pytest.mark.parametrize(
    ("rule", "steps", "expected"),
    [
        # A forbidden action fails although the answer is right, and although it failed itself.
        ({"never": "delete"}, [model(), call("find")], (1, 0, 0)),
        ({"never": "delete"}, [call("delete"), call("delete", error="denied")], (0, 2, 2)),
        ({"never": "del*"}, [call("delete"), call("find")], (0, 1, 1)),
        ({"never": {"tool": ["a", "b"]}}, [call("a"), call("b"), call("c")], (0, 2, 2)),
        ({"never": LARGE}, [call("refund", amount=100)], (1, 0, 1)),
        ({"never": LARGE}, [call("refund", amount=101), call("refund", amount=5)], (0, 1, 2)),
        ({"never": LARGE}, [call("refund", amount="101")], (0, 1, 1)),
        ({"never": LARGE}, [call("refund")], (1, 0, 1)),
        ({"never": LARGE, "per": "find"}, [call("find"), call("find")], (1, 0, 2)),
        # Order: the confirmation comes before, has succeeded, and is of the same order.
        (CONFIRMED, [call("confirm"), call("refund", amount=150)], (1, 0, 1)),
        (CONFIRMED, [call("refund", amount=150), call("confirm")], (0, 1, 1)),
        (CONFIRMED, [call("confirm", error="no"), call("refund", amount=150)], (0, 1, 1)),
        (SAME_ORDER, [call("confirm", order=1), call("refund", order=1, amount=150)], (1, 0, 1)),
        (SAME_ORDER, [call("confirm", order=2), call("refund", order=1, amount=150)], (0, 1, 1)),
        (SAME_ORDER, [call("confirm"), call("refund", amount=150)], (0, 1, 1)),
        ({"require": "confirm"}, [call("confirm")], (1, 0, 1)),
        ({"require": "confirm"}, [call("confirm", error="denied")], (0, 1, 1)),
        ({"require": "find", "times": 2}, [call("find")], (0, 1, 1)),
        ({"at_most": 1, "of": "find"}, [call("find"), call("find"), call("x")], (0, 1, 2)),
        ({"at_most": 3}, [call("find"), model(), call("find")], (1, 0, 2)),
        ({"valid_calls": {"refund": SCHEMA}}, [call("refund", order=1, amount=4)], (1, 0, 1)),
        ({"valid_calls": {"refund": SCHEMA}}, [call("refund", order="1", amount=4)], (0, 1, 1)),
        ({"valid_calls": {"refund": SCHEMA}}, [call("refud", order=1, amount=4)], (0, 1, 1)),
        ({"valid_calls": {"find": None}}, [call("find", anything=[])], (1, 0, 1)),
        ({"valid_calls": True}, [model()], (1, 0, 0)),
    ],
)
def test_a_rule_counts_what_it_forbids_and_what_it_could_have(rule, steps, expected) -> None:
    assert judged(rule, *steps) == expected


@pytest.mark.parametrize(
    ("test", "passes", "fails"),
    [
        ("x", ["x"], ["X", 1]),
        (7, [7, 7.0], ["7", 8]),
        ({"is_not": 7}, [8, "7"], [7]),
        ({"one_of": ["a", None]}, ["a", None], ["b"]),
        ({"at_least": 2}, [2, 3], [1]),
        ({"below": 2}, [1, -1], [2]),
        ({"at_most": 2, "above": 0}, [1, 2], [0, 3]),
        ({"contains": "rm"}, ["rm -r"], ["ls"]),
        ({"matches": r"\brm\s+-\w*r"}, ["rm -fr /"], ["arm -r"]),
    ],
)
def test_a_condition_compares_one_argument(test, passes, fails) -> None:
    rule = {"never": {"tool": "t", "where": {"a.b": test}}}
    for value in passes:
        assert judged(rule, call("t", a={"b": value}))[0] == 0
    for value in fails:
        assert judged(rule, call("t", a={"b": value}))[0] == 1
    assert judged(rule, call("t", **{"a.b": passes[0]}))[0] == 0
    assert judged(rule, call("t", a=3))[0] == 1


def test_an_argument_may_be_asked_to_be_there_or_not() -> None:
    rule = {"never": {"tool": "t", "where": {"limit": {"given": False}}}}
    assert judged(rule, call("t", limit=None))[0] == 1
    assert judged(rule, call("t"))[0] == 0


@pytest.mark.parametrize(
    ("rule", "step", "reason"),
    [
        ({"never": LARGE}, call("refund", amount="a lot"), "got the text 'a lot', expected a numb"),
        ({"never": LARGE}, call("refund", amount=[101]), "step 1, refund: amount: got a list"),
        ({"never": LARGE}, Step(StepKind.TOOL, "refund", "101"), "arguments are not known by name"),
        ({"never": {"where": {"q": {"contains": "x"}}}}, call("f", q=1), "expected text to search"),
        ({"valid_calls": True}, call("refund"), "which tools were offered is not known"),
    ],
)
def test_what_a_trace_does_not_say_is_missing_and_not_guessed(rule, step, reason) -> None:
    found = judged(rule, step)
    assert all(isinstance(one, Missing) and reason in one.reason for one in found)


def test_calls_are_valid_by_the_schemas_that_the_trace_recorded() -> None:
    tools = {"refund": SCHEMA}
    rule = {"valid_calls": True}
    good, bad = call("refund", order=1, amount=2.5), call("refund", order=1, amount=-1)
    assert judged(rule, good, bad, tools=tools) == (0, 1, 2)
    unread = Step(StepKind.TOOL, "refund", {}, metadata={"unread_arguments": "no JSON"})
    assert judged(rule, unread, tools={"refund": None}) == (0, 1, 1)
    (found, *_) = judged(rule, good, tools={"refund": {"if": {}}})
    assert "recorded schema cannot be used" in found.reason


def test_steps_calls_tokens_and_seconds_are_counted() -> None:
    steps = (model(), call("find", q="x"), call("find", error="late"), model(20, 3))
    answer = Answer("x", trace=Trace(steps))

    def count(**options):
        return trace_count(**options).score(answer, ITEM)

    assert count() == 4
    assert count(of="model_calls") == 2
    assert count(of="tool_calls") == 2
    assert count(of="tool_calls", action={"tool": "find", "where": {"q": "x"}}) == 1
    assert count(of="errors") == 1
    assert count(of="tokens") == 35
    assert "2 of 4 steps do not say" in count(of="seconds").reason
    silent = Answer("x", trace=Trace((model(tokens_in=None), model())))
    assert "1 of 2 model calls" in trace_count(of="tokens").score(silent, ITEM).reason
    assert trace_count(of="seconds").score(silent, ITEM) == 1.0


def test_without_a_trace_nothing_is_scored() -> None:
    for scorer in (trace_rules(rules=[{"require": "a"}]), trace_count()):
        assert scorer.score(Answer("x"), ITEM) == Missing("the system gave no trace")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "rules: got [], expected a list of at least one rule"),
        (["x"], "rules[0]: got text, expected a rule with one of: never"),
        ([{"nevr": "x"}], "rules[0].nevr: unknown key 'nevr' (did you mean 'never'?)"),
        ([{}], "rules[0]: got none of them, expected exactly one of"),
        ([{"never": "a", "require": "b"}], "rules[0]: got never and require"),
        ([{"never": "a", "times": 2}], "rules[0].times: does not belong to 'never'"),
        ([{"never": ""}], "rules[0].never: got '', expected a tool's name"),
        ([{"never": 3}], "rules[0].never: got a number, expected a tool's name or a mapping"),
        ([{"never": {}}], "rules[0].never: got nothing"),
        ([{"never": {"tool": []}}], "rules[0].never.tool: got no name"),
        ([{"never": {"tol": "a"}}], "rules[0].never.tol: unknown key 'tol' (did you mean 'tool'?)"),
        ([{"never": {"kind": "spell"}}], "rules[0].never.kind: got 'spell'"),
        ([{"never": {"where": {"a": {}}}}], "rules[0].never.where.a: got no test"),
        (
            [{"never": {"where": {"a": {"abov": 1}}}}],
            "where.a.abov: unknown key 'abov' (did",
        ),
        (
            [{"never": {"where": {"a": {"above": "1"}}}}],
            "where.a.above: got '1', expected a fin",
        ),
        ([{"never": {"where": {"a": {"matches": "("}}}}], "expected a regular expression"),
        ([{"never": {"where": {"a": [1]}}}], "where.a: got [1], expected text, a number"),
        ([{"never": {"where": {"a": {"is": float("nan")}}}}], "where.a.is: got nan"),
        ([{"never": "a", "same": ["x"]}], "rules[0].same: compares with the call that 'before'"),
        ([{"never": "a", "before": "b", "same": [1]}], "rules[0].same: got [1]"),
        ([{"require": "a", "times": 0}], "rules[0].times: got 0, expected a whole number of at"),
        ([{"at_most": True}], "rules[0].at_most: got True"),
        ([{"valid_calls": False}], "rules[0].valid_calls: got true or false, expected true, for"),
        ([{"valid_calls": {}}], "rules[0].valid_calls: got no tools"),
        ([{"valid_calls": {"a": {"tipe": 1}}}], "valid_calls.a.tipe: a keyword that is not judged"),
        ([{"valid_calls": {"a": {"type": "int"}}}], "valid_calls.a.type: got 'int'"),
        ([{"valid_calls": {"a": {"$ref": "http://x"}}}], "a.$ref: got 'http://x'"),
    ],
)
def test_a_malformed_rule_is_refused_with_its_place(rules, words) -> None:
    with pytest.raises(DataError) as caught:
        trace_rules(rules=rules)
    assert words in str(caught.value)


def test_options_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(DataError, match="rules: are needed for violations"):
        trace_count(of="violations")
    with pytest.raises(DataError, match="rules: are needed for violations"):
        trace_count(of="steps", rules=[{"require": "a"}])
    with pytest.raises(DataError, match="action: expected only with of: tool_calls"):
        trace_count(of="steps", action="a")


def test_a_schema_that_refers_to_itself_without_end_is_refused_and_does_not_hang() -> None:
    endless = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    with pytest.raises(DataError, match="refers to itself"):
        schema.fault(1, endless)
    deep = {}
    for _ in range(60):
        deep = {"not": deep}
    with pytest.raises(DataError, match="nested more than 40 deep"):
        schema.fault(1, deep)


LEAVES = st.sampled_from([None, True, False, 0, 1, 2, -1, 2.5, 2.0, "", "a", "ab", "b1"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=5,
)
KINDS = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
SIMPLE = st.one_of(
    st.fixed_dictionaries({"type": KINDS | st.lists(KINDS, min_size=1, max_size=2, unique=True)}),
    st.fixed_dictionaries({"enum": st.lists(LEAVES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": LEAVES}),
    st.fixed_dictionaries({"minimum": st.integers(0, 2), "maximum": st.integers(0, 3)}),
    st.fixed_dictionaries({"exclusiveMinimum": st.integers(-1, 2)}),
    st.fixed_dictionaries({"exclusiveMaximum": st.integers(-1, 2)}),
    st.fixed_dictionaries({"multipleOf": st.integers(1, 2)}),
    st.fixed_dictionaries({"minLength": st.integers(0, 2), "maxLength": st.integers(0, 2)}),
    st.fixed_dictionaries({"minItems": st.integers(0, 2), "maxItems": st.integers(0, 2)}),
    st.fixed_dictionaries({"minProperties": st.integers(0, 2)}),
    st.fixed_dictionaries({"pattern": st.sampled_from(["^a", "1$"])}),
    st.fixed_dictionaries({"uniqueItems": st.booleans()}),
    st.fixed_dictionaries({"required": st.lists(st.sampled_from("abc"), unique=True)}),
    st.booleans(),
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries(
            {
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
                "additionalProperties": inner,
            }
        ),
        st.fixed_dictionaries({"not": inner}),
        *(
            st.fixed_dictionaries({key: st.lists(inner, min_size=1, max_size=2)})
            for key in ("anyOf", "oneOf", "allOf")
        ),
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None)
@given(VALUES, SCHEMAS)
def test_a_schema_judges_as_the_jsonschema_package_does(value, given_schema) -> None:
    expected = jsonschema.Draft202012Validator(given_schema).is_valid(value)
    assert (schema.fault(value, given_schema) is None) == expected
