"""Answers that come in parts: the same as whole ones, and when the first part came."""

from __future__ import annotations

import pytest

from liftgate.testing import Act, StubServer
from tests.unit.systems.asked import answers, called


def test_a_stream_gives_the_same_answer_and_the_time_to_its_first_token(tmp_path) -> None:
    tool = {"index": 0, "function": {"name": "f", "arguments": '{"x": 1}'}}
    with StubServer(lambda asked: Act("spoken in two", message={"tool_calls": [tool]})) as server:
        streamed = answers(server, tmp_path, stream=True, tools=[{"type": "function"}])
    assert server.asked[0].body["stream_options"] == {"include_usage": True}
    assert streamed.output == {
        "content": "spoken in two",
        "tool_calls": [{"name": "f", "arguments": {"x": 1}}],
    }
    assert streamed.tokens_out == 4
    assert streamed.reported["first_token_s"] > 0


@pytest.mark.parametrize("kind", ["chat", "completions"])
def test_a_stream_and_a_whole_answer_have_the_same_log_probabilities(tmp_path, kind) -> None:
    with StubServer(lambda asked: Act("two parts")) as server:
        whole = answers(server, tmp_path, kind=kind, logprobs=1).output
        parts = answers(server, tmp_path, kind=kind, logprobs=1, stream=True).output
    assert whole["content"] == parts["content"] == "two parts"
    name = "content" if kind == "chat" else "token_logprobs"
    assert len(whole["logprobs"][name]) == 1
    assert len(parts["logprobs"][name]) == 2
    if kind == "completions":
        assert parts["logprobs"]["tokens"] == ["two ", "parts"]


def test_tool_calls_are_put_together_from_the_parts_of_a_stream(tmp_path) -> None:
    calls = [
        {"id": "1", "function": {"name": "refund", "arguments": '{"sum": 5}'}},
        {"id": "2", "function": {"name": "mail", "arguments": '{"to": "a"}'}},
    ]
    with StubServer(lambda asked: Act("", message={"tool_calls": calls})) as server:
        made = answers(server, tmp_path, stream=True, tools=[{"type": "function"}])
    assert made.output["tool_calls"] == [
        {"name": "refund", "arguments": {"sum": 5}},
        {"name": "mail", "arguments": {"to": "a"}},
    ]


def test_a_streamed_answer_is_parsed_where_json_was_asked_for(tmp_path) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    with StubServer(lambda asked: Act('{"a": 1}')) as server:
        made = answers(server, tmp_path, stream=True, response_format=form)
    assert made.output == {"a": 1}
    assert made.reported["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_the_first_token_comes_before_the_end_and_counts_from_the_last_sending(tmp_path) -> None:
    def act(asked):
        if asked.number == 1:
            return Act(status=500, body=b"oops", delay_s=0.5)
        return Act("spoken in two", pause_s=0.5)

    with StubServer(act) as server:
        made = called(server, tmp_path, stream=True)
    assert made.failure is None, made.message
    # The pause comes after it, and the first, failed request took as long before it.
    assert 0 < made.reported["first_token_s"] < 0.5 <= made.seconds
