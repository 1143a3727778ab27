"""Reading a trace from JSON: what comes back is what was written, and faults have a place."""

from __future__ import annotations

import pytest

from liftgate.errors import DataError
from liftgate.records import Step, StepKind, Trace, trace_of

FULL = Step(
    StepKind.RETRIEVAL, "bm25", "q", ["d1"], 0.25, 1, 2, error="late", metadata={"k": [1, None]}
)


def test_a_trace_comes_back_as_it_was() -> None:
    trace = Trace((FULL, Step(StepKind.OTHER), Step(StepKind.TOOL, "t", {}, "")), {"t": None})
    assert trace_of(trace.as_json()) == trace


def test_what_is_empty_is_not_written_and_an_empty_output_is() -> None:
    trace = Trace((Step(StepKind.MODEL), Step(StepKind.TOOL, "t", {}, "")))
    assert trace.as_json() == {
        "steps": [
            {"kind": StepKind.MODEL},
            {"kind": StepKind.TOOL, "name": "t", "input": {}, "output": ""},
        ]
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "trace: got a list, expected a mapping"),
        ({}, "trace.steps: got null, expected a list of steps"),
        ({"steps": "x"}, "trace.steps: got text, expected a list"),
        ({"step": []}, "trace.step: not a field (did you mean 'steps'?)"),
        ({"steps": [1]}, "trace.steps[0]: got a number, expected a mapping"),
        ({"steps": [{"kind": "tool"}, {}]}, "trace.steps[1].kind: got None, expected one of"),
        ({"steps": [{"kind": ["tool"]}]}, "trace.steps[0].kind: got ['tool']"),
        ({"steps": [{"kind": "tool", "args": {}}]}, "trace.steps[0].args: not a field"),
        ({"steps": [{"kind": "tool", "tokens_in": True}]}, "tokens_in: got True, expected a whole"),
        ({"steps": [{"kind": "tool", "error": {}}]}, "steps[0].error: got a mapping"),
        ({"steps": [], "tools": []}, "trace.tools: got a list, expected schemas by"),
    ],
)
def test_another_form_is_refused_by_place(value, words) -> None:
    with pytest.raises(DataError) as caught:
        trace_of(value)
    assert words in str(caught.value)
