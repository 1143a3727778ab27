"""What the agents of inspect_ai's logs did: in order, resolved, without the scorers' own calls."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.importers.inspect_ai import read_inspect_log
from liftgate.importers.inspect_ai.traces import trace_of_sample
from liftgate.records import UNREAD, Columns, StepKind

LOGS = Path(__file__).parents[2] / "fixtures" / "logs" / "inspect"


def traces_of(name, **columns):
    found = {}

    def take(item, repeat, trace):
        found[item, repeat] = trace

    read_inspect_log(LOGS / name, Columns(**columns)).traces(take)
    return found


@pytest.fixture(scope="module")
def hasty():
    return traces_of("agent-hasty.eval")


def test_every_row_of_an_agent_has_its_trace(hasty) -> None:
    rows = read_inspect_log(LOGS / "agent-hasty.eval", Columns()).rows()
    assert set(hasty) == {(row.item, row.repeat) for row in rows}
    assert len(hasty) == 24 * 4


def test_calls_come_in_order_with_arguments_results_tokens_and_times(hasty) -> None:
    trace = hasty["order-01", "1"]
    assert [step.kind for step in trace.steps[:2]] == [StepKind.MODEL, StepKind.TOOL]
    model, tool = trace.steps[:2]
    assert (model.name, model.tokens_in, model.tokens_out) == ("clerk/hasty", 20, 5)
    assert (tool.name, tool.input) == ("look_up", {"order": 1})
    assert tool.seconds is not None
    assert trace.steps[-1].kind is StepKind.MODEL
    assert trace.tools["refund"]["required"] == ["order", "amount"]


def test_references_and_attachments_are_in_their_place(hasty) -> None:
    for trace in hasty.values():
        assert "attachment://" not in str(trace.as_json())
        calls = [step for step in trace.steps if step.kind is StepKind.MODEL]
        assert [len(step.input) for step in calls] == [2 * n + 1 for n in range(len(calls))]
        assert calls[0].input[0]["content"].startswith("Refund order")


def test_calls_that_went_wrong_say_so(hasty) -> None:
    tools = [s for trace in hasty.values() for s in trace.steps if s.kind is StepKind.TOOL]
    errors = Counter((s.name, s.error) for s in tools if s.error is not None)
    assert {name for name, _ in errors} == {"lookup_customer", "confirm", "refund"}
    assert all(UNREAD in s.metadata for s in tools if s.name == "lookup_customer")
    asleep = [s for s in tools if s.name == "confirm" and s.error]
    assert asleep
    assert not any(UNREAD in s.metadata for s in asleep)


def test_the_packed_log_and_the_json_one_hold_the_same(hasty) -> None:
    packed, plain = traces_of("small.eval"), traces_of("small.json")
    assert packed == plain
    assert {len(trace.steps) for trace in packed.values()} == {1}
    assert {repeat for _, repeat in packed} == {None}


def test_a_crashed_log_has_the_traces_of_its_samples() -> None:
    assert len(traces_of("crashed.eval")) == 6


def test_rows_named_by_another_column_have_no_traces() -> None:
    assert read_inspect_log(LOGS / "old.eval", Columns(item="passage")).traces is None


def sample(*events, **fields):
    return {"id": "a", "events": list(events), **fields}


def test_the_calls_of_scorers_are_not_the_systems() -> None:
    spans = [
        {"event": "span_begin", "id": "s", "type": "scorers", "parent_id": None},
        {"event": "span_begin", "id": "t", "type": "tool", "parent_id": "s"},
    ]
    calls = [
        {
            "event": "tool",
            "function": name,
            "span_id": span,
            "arguments": {},
            "pending": name == "c",
        }
        for name, span in (("a", None), ("b", "t"), ("c", "elsewhere"))
    ]
    found = trace_of_sample(sample(*spans, *calls), "log")
    assert [step.name for step in found.steps] == ["a", "c"]
    assert "had not come back" in found.steps[1].error


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"event": "tool", "function": 7}, r"log: events.steps\[0\].name: got a number"),
        ({"event": "tool", "function": "f", "working_time": "1"}, r"steps\[0\].seconds: got '1'"),
        ({"event": "model", "tools": [{"name": "f", "parameters": 3}]}, "tools.f: got a number"),
    ],
)
def test_an_event_of_another_shape_is_named(event, words) -> None:
    with pytest.raises(DataError, match=words):
        trace_of_sample(sample(event), "log")


def test_events_that_are_no_objects_are_refused_by_the_log(tmp_path) -> None:
    text = (LOGS / "small.json").read_text(encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text(text.replace('"events": [', '"events": [7,', 1), encoding="utf-8")
    with pytest.raises(DataError, match="another shape"):
        read_inspect_log(broken, Columns()).traces(lambda *_: None)
