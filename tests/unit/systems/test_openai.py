"""Models behind HTTP: what is asked, what is understood, and what every fault becomes."""

from __future__ import annotations

import json

import pytest

from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.records import Failure
from liftgate.study.params import BadParams
from liftgate.testing import Act, StubServer
from tests.unit.systems.asked import answers, called, opened

KEY = "sk-planted-0123456789"


def test_a_chat_is_asked_by_its_template_and_its_usage_is_kept_raw(tmp_path) -> None:
    with StubServer() as server:
        made = answers(
            server,
            tmp_path,
            {"text": "long question", "style": "kind"},
            messages=[
                {"role": "system", "content": 'Be {style}; JSON is {"a": {{b}}}'},
                {"role": "user", "content": "{text}"},
            ],
            temperature=0.0,
            max_tokens=7,
            seed=3,
            stop=["\n"],
            extra={"top_p": 0.5},
        )
    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": 'Be kind; JSON is {"a": {b}}'},
            {"role": "user", "content": "long question"},
        ],
        "temperature": 0.0,
        "max_tokens": 7,
        "seed": 3,
        "stop": ["\n"],
        "top_p": 0.5,
    }
    assert "authorization" not in asked.headers
    assert (made.output, made.tokens_in, made.tokens_out) == ("long question", 4, 4)
    assert made.reported == {
        "model": "tiny",
        "finish_reason": "stop",
        "usage": {
            "prompt_tokens": 4,
            "completion_tokens": 4,
            "total_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 2},
        },
    }


def test_completions_and_embeddings_are_asked_in_their_own_way(tmp_path) -> None:
    with StubServer() as server:
        done = answers(server, tmp_path, kind="completions", prompt="Say {text}!", logprobs=2)
        vector = answers(server, tmp_path, kind="embeddings")
    assert done.output == {
        "content": "Say q!",
        "logprobs": {
            "tokens": ["Say q!"],
            "token_logprobs": [-0.5],
            "top_logprobs": [{"Say q!": -0.5}],
        },
    }
    assert server.asked[0].body == {"model": "tiny", "prompt": "Say q!", "logprobs": 2}
    assert vector.output == [1.0, 1.0]
    assert server.asked[1].body == {"model": "tiny", "input": "q"}


def test_a_part_that_is_a_list_of_messages_is_sent_as_it_is(tmp_path) -> None:
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    with StubServer() as server:
        answers(
            server,
            tmp_path,
            {"image": [{"type": "image_url"}], "facts": ["x", 1]},
            messages=[*history, {"role": "user", "content": "{image}"},
                      {"role": "user", "content": "Facts: {facts}"}],
        )  # fmt: skip
    sent = server.asked[0].body["messages"]
    assert sent == [
        *history,
        {"role": "user", "content": [{"type": "image_url"}]},
        {"role": "user", "content": 'Facts: ["x", 1]'},
    ]


class Named(str):
    """A text of a type of its own, such as those of numpy."""

    __slots__ = ()


@pytest.mark.parametrize(("text", "sent"), [(Named("ä"), "ä"), ("a\ud800", "a?")])
def test_any_text_is_sent_as_text(tmp_path, text, sent) -> None:
    with StubServer() as server:
        answers(server, tmp_path, {"text": text})
    assert server.asked[0].body["messages"] == [{"role": "user", "content": sent}]


def test_a_template_that_names_a_missing_part_costs_no_call(tmp_path) -> None:
    with StubServer() as server, pytest.raises(DataError, match=r"\{context\}.*only: text"):
        answers(server, tmp_path, prompt="{context}")
    assert server.asked == []


def test_tool_calls_and_log_probabilities_are_part_of_the_answer(tmp_path) -> None:
    calls = [
        {"id": "1", "function": {"name": "refund", "arguments": '{"sum": 5}'}},
        {"id": "2", "function": {"name": "mail", "arguments": "not JSON"}},
    ]
    with StubServer(lambda asked: Act("ok", message={"tool_calls": calls})) as server:
        made = answers(server, tmp_path, tools=[{"type": "function"}], logprobs=3)
    assert server.asked[0].body["logprobs"] is True
    assert server.asked[0].body["top_logprobs"] == 3
    assert made.output == {
        "content": "ok",
        "tool_calls": [
            {"name": "refund", "arguments": {"sum": 5}},
            {"name": "mail", "arguments": "not JSON"},
        ],
        "logprobs": {"content": [{"token": "ok", "logprob": -0.5}]},
    }


def test_json_that_was_asked_for_is_parsed_and_anything_else_is_unparsable(tmp_path) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    with StubServer(lambda asked: Act('{"a": [1]}' if asked.number == 1 else "{")) as server:
        assert answers(server, tmp_path, response_format=form).output == {"a": [1]}
        cut = called(server, tmp_path, response_format=form)
    assert server.asked[0].body["response_format"] == form
    assert (cut.failure, cut.answer) == (Failure.UNPARSABLE, None)
    assert cut.reported["usage"]["completion_tokens"] == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_outcome_and_what_it_cost_is_kept(tmp_path, stream) -> None:
    with StubServer(lambda asked: Act(message={"refusal": "I will not."})) as server:
        refused = called(server, tmp_path, stream=stream)
    assert (refused.failure, refused.message) == (Failure.REFUSAL, "I will not.")
    assert refused.reported["usage"]["prompt_tokens"] == 1
    with StubServer(lambda asked: Act("half", finish_reason="content_filter")) as server:
        assert called(server, tmp_path, stream=stream).failure is Failure.REFUSAL


@pytest.mark.parametrize(
    "fault",
    [
        Act(status=500, body=b"oops"),
        Act(status=429, body=b"{}"),
        Act(status=503, body=b""),
        Act(body=b"<html>garbage</html>"),
        Act(body=b'{"choices": []}'),
        Act(body=b'{"choices": [{"message": null}]}'),
        Act(body=b"[" * 5000),
        Act("a long enough answer", cut_at=0.5),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_of_the_transport_is_tried_again_and_is_no_outcome(tmp_path, fault, stream) -> None:
    with StubServer(lambda asked: fault if asked.number < 3 else Act("fine")) as server:
        made = called(server, tmp_path, stream=stream)
    assert made.failure is None, made.message
    assert made.answer.output == "fine"
    assert len(server.asked) == 3


def test_when_the_tries_are_used_up_it_is_a_crash_that_says_so(tmp_path) -> None:
    with StubServer(lambda asked: Act(status=500, body=b"oops")) as server:
        made = called(server, tmp_path)
    assert made.failure is Failure.CRASH
    assert made.message == "HTTP 500: oops (3 tries)"
    assert len(server.asked) == 3


def test_a_server_that_is_not_there_is_a_crash_after_the_tries(tmp_path) -> None:
    with StubServer() as server:
        pass
    made = called(server, tmp_path)
    assert made.failure is Failure.CRASH
    assert "(3 tries)" in made.message


def test_a_request_that_the_server_does_not_take_is_a_crash_at_once(tmp_path) -> None:
    body = json.dumps({"error": {"message": "too long", "code": "context_length_exceeded"}})
    with StubServer(lambda asked: Act(status=400, body=body.encode())) as server:
        made = called(server, tmp_path)
    assert made.failure is Failure.CRASH
    assert made.message == "HTTP 400 (context_length_exceeded): too long"
    assert len(server.asked) == 1


def test_a_server_that_never_answers_is_a_time_out_of_the_study(tmp_path) -> None:
    with StubServer(lambda asked: Act(never=True)) as server:
        made = called(server, tmp_path, timeout_s=0.2)
    assert made.failure is Failure.TIMEOUT
    assert 0.2 <= made.seconds < 5


def test_waiting_for_the_server_s_budget_is_not_the_system_s_time(tmp_path) -> None:
    def act(asked):
        return Act(status=429, headers={"Retry-After": "1"}) if asked.number == 1 else Act("ok")

    with StubServer(act) as server:
        made = called(server, tmp_path, timeout_s=0.7)
    assert made.failure is None, made.message
    assert made.seconds < 0.7


@pytest.mark.parametrize("status", [401, 403, 404, 402])
def test_what_no_call_can_mend_ends_the_run_and_is_no_outcome(tmp_path, status) -> None:
    body = b'{"error": {"message": "no", "code": "insufficient_quota"}}'
    with (
        StubServer(lambda asked: Act(status=status, body=body)) as server,
        pytest.raises(Unavailable, match=f"HTTP {status}") as caught,
    ):
        called(server, tmp_path)
    assert "same command" in caught.value.hint
    assert len(server.asked) == 1


def test_spent_money_ends_the_run_though_it_comes_as_429(tmp_path) -> None:
    body = b'{"error": {"message": "no", "code": "insufficient_quota"}}'
    with (
        StubServer(lambda asked: Act(status=429, body=body)) as server,
        pytest.raises(Unavailable),
    ):
        called(server, tmp_path)


def test_a_key_is_sent_and_shown_nowhere(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STUB_KEY", KEY)
    with StubServer(key=KEY) as server:
        assert answers(server, tmp_path, api_key_env="STUB_KEY").output == "q"
        monkeypatch.setenv("STUB_KEY", f"{KEY}-expired")
        with pytest.raises(Unavailable) as caught:
            called(server, tmp_path, api_key_env="STUB_KEY")
    assert "HTTP 401" in str(caught.value)
    assert KEY not in str(caught.value)
    monkeypatch.setenv("STUB_KEY", KEY)
    for stream in (False, True):
        with StubServer(lambda asked: Act(f"your key is {KEY}")) as server:
            made = called(server, tmp_path, api_key_env="STUB_KEY", stream=stream)
        assert KEY not in repr(made)


def test_a_key_that_is_not_set_ends_the_run_before_its_first_call(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("STUB_KEY", raising=False)
    with StubServer() as server, pytest.raises(Unavailable, match="STUB_KEY"):
        answers(server, tmp_path, api_key_env="STUB_KEY")
    assert server.asked == []


def test_the_fingerprint_follows_what_can_change_an_answer_and_not_the_key(tmp_path) -> None:
    class There:
        url = "http://127.0.0.1:9/v1"

    def of(model="tiny", **params):
        return opened(There, tmp_path, model, **params).fingerprint

    assert of() == of() == of(api_key_env="A") == of(base_url="http://127.0.0.1:9/v1/")
    others = {
        of(),
        of("large"),
        of(seed=1),
        of(prompt="{text}?"),
        of(base_url="http://127.0.0.1:8/v1"),
    }
    assert len(others) == 5


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"base_url": f"http://me:{KEY}@host/v1"}, "base_url"),
        ({"base_url": f"http://host/v1?api-key={KEY}"}, "base_url"),
        ({"base_url": f"file:///{KEY}"}, "base_url"),
        ({"api_key_env": KEY}, "api_key_env"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"kind": "chatt"}, "kind"),
        ({"temprature": 1.0}, "temprature"),
        ({"extra": {"seed": 1, "model": "x"}}, "extra"),
        ({"messages": [], "prompt": "x"}, "messages"),
        ({"messages": [{}], "kind": "completions"}, "messages"),
    ],
)
def test_wrong_parameters_are_named_and_no_credential_is_shown(tmp_path, params, named) -> None:
    class There:
        url = "http://127.0.0.1:9/v1"

    with pytest.raises(BadParams) as caught:
        opened(There, tmp_path, **params)
    assert any(problem.path[:1] == (named,) for problem in caught.value.problems)
    assert KEY not in str(caught.value)


def test_an_endless_answer_is_cut_off(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("liftgate.systems.openai.LARGEST_ANSWER", 1000)
    with StubServer(lambda asked: Act(body=b"x" * 5000)) as server:
        made = called(server, tmp_path)
    assert made.failure is Failure.UNPARSABLE
    assert "more than" in made.message


def test_it_works_without_an_engine(tmp_path) -> None:
    with (
        StubServer(lambda asked: Act(status=500, body=b"oops")) as server,
        pytest.raises(SystemFailed, match="HTTP 500: oops"),
    ):
        answers(server, tmp_path)


def test_several_texts_have_several_vectors_in_their_own_order(tmp_path) -> None:
    def shuffled(asked):
        rows = [{"index": n, "embedding": [float(n)]} for n in (2, 0, 1)]
        return Act(body=json.dumps({"data": rows}).encode())

    texts = {"text": ["a", "bb", "ccc"]}
    with StubServer() as server:
        made = answers(server, tmp_path, texts, kind="embeddings")
        one = answers(server, tmp_path, {"text": ["alone"]}, kind="embeddings")
        tokens = answers(server, tmp_path, {"text": [5, 6]}, kind="embeddings")
    assert server.asked[0].body["input"] == ["a", "bb", "ccc"]
    assert made.output == [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]
    assert one.output == [[5.0, 1.0]]
    assert tokens.output == [6.0, 1.0]
    assert (made.tokens_in, made.tokens_out) == (5, None)
    assert made.reported["usage"]["prompt_tokens_details"] == {"cached_tokens": 2}
    with StubServer(shuffled) as server:
        assert answers(server, tmp_path, texts, kind="embeddings").output == [[0.0], [1.0], [2.0]]
        few = called(server, tmp_path, kind="embeddings")
    assert few.failure is Failure.UNPARSABLE
    assert few.message == "got 3 embeddings, expected 1"
