"""A small server that speaks OpenAI's protocol on 127.0.0.1, well or as badly as it is told to.

::

    from liftgate.testing.stub import Act, StubServer

    with StubServer(lambda asked: Act(text="42")) as server:
        ...  # server.url is the base_url, server.asked what it was asked

From a shell, ``python -m liftgate.testing`` prints its base_url and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

_LONGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """One request."""

    number: int
    """From 1, in the order of their coming."""
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The prompt, or the last message."""
        if "messages" in self.body:
            return str(self.body["messages"][-1]["content"])
        return str(self.body.get("prompt", self.body.get("input", "")))


@dataclass(frozen=True)
class Act:
    """What the server does with one request."""

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the message, e.g. ``refusal`` or ``tool_calls``."""
    finish_reason: str = "stop"
    body: bytes | None = None
    """Sent as it is, instead of an answer."""
    cut_at: float | None = None
    """The connection breaks off after this share of the answer."""
    never: bool = False
    """No answer comes, ever."""
    delay_s: float | None = None
    """None: the server's own."""
    pause_s: float = 0.0
    """Between the first part of a streamed answer and the rest."""


def echo(asked: Asked) -> Act:
    """Answer with what was asked."""
    return Act(asked.text)


class StubServer:
    """Serves in a thread of its own while it is used as a context manager."""

    def __init__(
        self,
        act: Callable[[Asked], Act] = echo,
        *,
        delay_s: float = 0.0,
        key: str | None = None,
        port: int = 0,
    ) -> None:
        """Describe a server.

        Args:
            act: what to do with each request.
            delay_s: until each answer.
            key: requests with another one get a 401 that shows the key that they came with.
            port: 0: any that is free.
        """
        self.asked: list[Asked] = []
        self.models: list[dict[str, Any]] = [{"id": "m", "object": "model"}]
        """What it says that it serves."""
        self.about: dict[str, Any] = {}
        """Path, as ``/version``, -> what it says of itself there; 404 for any other."""
        self.described = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.url = ""
        """The base_url."""
        self._act = act
        self._delay_s = delay_s
        self._key = key
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self.serve()), name="liftgate-stub", daemon=True
        )

    def __enter__(self) -> StubServer:
        self._thread.start()
        self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(30)

    async def serve(self, say: Callable[[str], None] | None = None) -> None:
        """Serve until the context ends; ``say`` is told the address."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._talk, "127.0.0.1", self._port, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        if say is not None:
            say(self.url)
        self._ready.set()
        await self._ended.wait()
        server.close()
        mine = asyncio.current_task()
        talks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = min(int(headers.get("content-length", "0")), _LONGEST_BODY)
        body = json.loads(await reader.readexactly(length) or b"{}")
        if first.startswith("GET ") and first.split()[1].endswith("/models"):
            return await self._tell(headers, writer)
        if first.startswith("GET "):
            path = first.split()[1]
            told = json.dumps(self.about.get(path)).encode()
            act = Act(status=200 if path in self.about else 404, body=told, delay_s=0)
            return await self._answer(Asked(0, path, headers, {}), act, writer)
        asked = Asked(len(self.asked) + 1, first.split()[1], headers, body)
        self.asked.append(asked)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(asked, self._decide(asked), writer)
        finally:
            self.in_flight -= 1

    async def _tell(self, headers: Mapping[str, str], writer: asyncio.StreamWriter) -> bool:
        """Say what it serves; this is no question to a model, and is not counted."""
        self.described += 1
        body = json.dumps({"object": "list", "data": self.models}).encode()
        asked = Asked(0, "/v1/models", headers, {})
        act = self._decide(asked) if self._key is not None else Act()
        if act.status == 200:
            act = Act(body=body, headers={"Server": "liftgate-stub"})
        return await self._answer(asked, replace(act, delay_s=0), writer)

    def _decide(self, asked: Asked) -> Act:
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self._key is not None and given != self._key:
            told = {"error": {"message": f"Incorrect API key provided: {given}"}}
            return Act(status=401, body=json.dumps(told).encode())
        return self._act(asked)

    async def _answer(self, asked: Asked, act: Act, writer: asyncio.StreamWriter) -> bool:
        delay = self._delay_s if act.delay_s is None else act.delay_s
        if act.never:
            await self._ended.wait()
        if delay:
            await asyncio.sleep(delay)
        data = act.body
        streamed = data is None and bool(asked.body.get("stream"))
        events = list(_events(asked, act)) if streamed else []
        if data is None:
            data = b"".join(events) if streamed else _whole(asked, act)
        kind = "text/event-stream" if streamed else "application/json"
        told = {"Content-Type": kind, "Content-Length": str(len(data)), **act.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        head = f"HTTP/1.1 {act.status} {_phrase(act.status)}\r\n{lines}\r\n".encode()
        if act.cut_at is not None:
            writer.write(head + data[: int(act.cut_at * len(data))])
            await writer.drain()
            return False
        first = len(events[0]) if events and act.pause_s else len(data)
        writer.write(head + data[:first])
        await writer.drain()
        if data[first:]:
            await asyncio.sleep(act.pause_s)
            writer.write(data[first:])
            await writer.drain()
        return True


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _usage(asked: Asked, act: Act) -> dict[str, Any]:
    given, made = 1 + len(asked.text) // 4, 1 + len(act.text) // 4
    return {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": given // 2},
    }


def _whole(asked: Asked, act: Act) -> bytes:
    body: dict[str, Any] = {"id": f"stub-{asked.number}", "model": asked.body.get("model")}
    body["usage"] = _usage(asked, act)
    choice: dict[str, Any] = {"index": 0, "finish_reason": act.finish_reason}
    if asked.path.endswith("/embeddings"):
        given = asked.body.get("input", "")
        # A list of integers is one text, in tokens.
        single = not isinstance(given, list) or all(isinstance(one, int) for one in given)
        texts = [given] if single else given
        body["data"] = [
            {"index": n, "embedding": [float(len(str(text))), 1.0]} for n, text in enumerate(texts)
        ]
        del body["usage"]["completion_tokens"]
        return json.dumps(body).encode()
    if asked.path.endswith("/chat/completions"):
        choice["message"] = {"role": "assistant", "content": act.text, **act.message}
    else:
        choice["text"] = act.text
    if asked.body.get("logprobs"):
        choice["logprobs"] = _logprobs(asked, act.text)
    return json.dumps({**body, "choices": [choice]}).encode()


def _logprobs(asked: Asked, text: str) -> dict[str, Any]:
    """Return the text as one token, in the form of its kind of request."""
    if asked.path.endswith("/chat/completions"):
        return {"content": [{"token": text, "logprob": -0.5}]}
    return {"tokens": [text], "token_logprobs": [-0.5], "top_logprobs": [{text: -0.5}]}


def _events(asked: Asked, act: Act) -> Iterator[bytes]:
    half = len(act.text) // 2
    chat = asked.path.endswith("/chat/completions")
    choices: list[dict[str, Any]] = []
    for text in (act.text[:half], act.text[half:]):
        choice: dict[str, Any] = {"delta": {"content": text}} if chat else {"text": text}
        if asked.body.get("logprobs"):
            choice["logprobs"] = _logprobs(asked, text)
        choices.append(choice)
    rest = {name: value for name, value in act.message.items() if name != "tool_calls"}
    if rest:
        choices.append({"delta": rest})
    choices += [{"delta": {"tool_calls": [part]}} for part in _tool_parts(act)]
    end: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
    choices.append({**end, "finish_reason": act.finish_reason})
    for choice in choices:
        yield _event({"model": asked.body.get("model"), "choices": [{"index": 0, **choice}]})
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        yield _event({"choices": [], "usage": _usage(asked, act)})
    yield b"data: [DONE]\n\n"


def _tool_parts(act: Act) -> Iterator[dict[str, Any]]:
    """Yield tool calls as they are streamed: first the name, then the arguments in two parts."""
    for number, call in enumerate(act.message.get("tool_calls") or ()):
        function = call["function"]
        arguments = function["arguments"]
        half = len(arguments) // 2
        named = {"name": function["name"], "arguments": ""}
        yield {**call, "index": number, "function": named}
        for part in (arguments[:half], arguments[half:]):
            yield {"index": number, "function": {"arguments": part}}


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"
