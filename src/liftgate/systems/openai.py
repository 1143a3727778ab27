"""Systems behind HTTP: ``openai:MODEL``, any server that speaks OpenAI's protocol.

Chat completions, completions and embeddings. aiohttp is the client: it took 116 µs of CPU a
request where others took 860 and more (measured; docs/adr/0017-the-engine.md).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from annotated_types import Ge

from liftgate.canon import digest
from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.plugins.content import content_of
from liftgate.protocols import Budget, Expected, Sent, TryAgain
from liftgate.records import Answer, Json
from liftgate.study.params import bound
from liftgate.systems.requests import Request, request
from liftgate.systems.templates import filled
from liftgate.systems.wire import Reply, Stream, facts_of, fault_of, model_of, reply_of

if TYPE_CHECKING:
    import aiohttp

CONCURRENCY = 16
CHARACTERS_A_TOKEN = 4
LARGEST_ANSWER = 64 * 1024 * 1024
_PATHS = {"chat": "chat/completions", "completions": "completions", "embeddings": "embeddings"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_REMOVED = b"[key removed]"
_SHORTEST_KEY = 4
_ENCODED = "Content-Encoding"
_DESCRIBED_S = 10
_TELLING = ("Server", "X-Powered-By", "OpenAI-Version", "X-Served-By", "Via")
"""Headers by which servers say what they are."""
_TOLD_AT = ("/version", "/info", "/props")
"""Where vLLM, TGI and llama.cpp say version and flags."""


@dataclass(frozen=True)
class Settings:
    """The parameters of an arm."""

    base_url: str
    api_key_env: str | None
    request: Request
    stream: bool


def settings(  # noqa: PLR0913 - each is a key of the study
    *,
    base_url: str,
    api_key_env: str | None = None,
    kind: Literal["chat", "completions", "embeddings"] = "chat",
    messages: list[dict[str, Any]] | None = None,
    prompt: str | None = None,
    temperature: float | None = None,
    max_tokens: Annotated[int, Ge(1)] | None = None,
    seed: int | None = None,
    stop: list[str] | None = None,
    response_format: dict[str, Any] | None = None,
    tools: list[dict[str, Any]] | None = None,
    logprobs: Annotated[int, Ge(0)] | None = None,
    stream: bool = False,
    extra: dict[str, Any] | None = None,
) -> Settings:
    """Check an arm's parameters; their annotations are their grammar in a study.

    Args:
        base_url: up to and without ``/chat/completions``; it holds no credentials.
        api_key_env: the *name* of the environment variable that holds the key; None: no key.
        kind: of the request.
        messages: template of a chat, ``{part}`` standing for an input part; None: ``prompt`` as the
            user's one message.
        prompt: template of the prompt, or of an embedding's input; None: ``{text}``.
        temperature: of sampling; None: the server's.
        max_tokens: at most so many are made; it bounds the cost, too.
        seed: of sampling, where the server takes one.
        stop: texts that end an answer.
        response_format: e.g. a JSON schema; the answer is then parsed.
        tools: that the model may call; the calls are part of the answer.
        logprobs: how many alternatives to report for each token; they are part of the answer.
        stream: whether the answer is streamed; the time to the first token is then recorded.
        extra: further fields of the request, e.g. ``top_p``.

    Raises:
        ValueError: names the parameter.
    """
    _check_address(base_url)
    if api_key_env is not None and not _VARIABLE.fullmatch(api_key_env):
        # What was given may be the key itself: it is not shown.
        raise ValueError("api_key_env: expected the name of an environment variable, not a key")
    given: dict[str, Any] = {
        "temperature": temperature,
        "max_tokens": max_tokens,
        "seed": seed,
        "stop": stop,
        "response_format": response_format,
        "tools": tools,
    }
    made = request(
        kind, messages=messages, prompt=prompt, logprobs=logprobs, given=given, extra=extra
    )
    return Settings(base_url.rstrip("/"), api_key_env, made, stream)


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> OpenAISystem:
    """Open ``openai:MODEL``; nothing is sent before the first call.

    Args:
        rest: the model's name, as the server knows it.
        params: see ``settings``.
        files: files or folders under ``root`` whose content can change an answer.
        packages: installed packages whose version can change an answer.
        root: the folder from which files are looked up.

    Raises:
        BadParams: the parameters are wrong.
        DataError: a file or package is missing.
    """
    made: Settings = bound("systems", "openai", settings, params)
    # Where the key lies changes no answer.
    shown = {name: value for name, value in params.items() if name != "api_key_env"}
    identity: dict[str, Json] = {
        "plugin": "openai",
        "model": rest,
        "params": {**shown, "base_url": made.base_url},
        **content_of(f"openai:{rest}", root, files, packages),
    }
    return OpenAISystem(rest, made, identity)


class OpenAISystem:
    """A model behind a server. Its requests go through the endpoint's budget."""

    def __init__(self, model: str, made: Settings, identity: Mapping[str, Json]) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.concurrency = CONCURRENCY
        self.model = model
        self.endpoint = made.base_url
        self._made = made
        self._url = f"{made.base_url}/{_PATHS[made.request.kind]}"
        self._key: bytes | None = None
        self._budget: Budget | None = None
        self._session: aiohttp.ClientSession | None = None

    def use(self, budget: Budget) -> None:
        """Send requests through a budget from now on."""
        self._budget = budget

    def expect(self, parts: Mapping[str, Json]) -> Expected:
        """Guess a prompt's tokens by its length; an answer has at most ``max_tokens``."""
        asked = self._made.request
        try:
            data = json.dumps(filled(asked.template, parts), ensure_ascii=False)
        except DataError:
            return Expected(0, asked.bound_out)
        return Expected(-(-len(data) // CHARACTERS_A_TOKEN), asked.bound_out)

    async def start(self) -> None:
        """Open the client and look the key up.

        Raises:
            Unavailable: the environment variable that holds the key is not set.
        """
        if self._session is not None:
            return
        import aiohttp

        name = self._made.api_key_env
        headers = {"Content-Type": "application/json"}
        if name is not None:
            key = os.environ.get(name, "").strip()
            if len(key) < _SHORTEST_KEY or not key.isascii() or not key.isprintable():
                raise Unavailable(
                    f"openai:{self.model}: the environment variable {name} holds no key",
                    hint=f"export {name}=…, then run the same command",
                )
            headers["Authorization"] = f"Bearer {key}"
            self._key = key.encode()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Ask the model.

        Raises:
            SystemFailed: ``refusal``; ``unparsable`` where JSON was asked for; ``crash`` for a
                request that the server does not take, and after the last try of one that failed.
            Unavailable: the key is refused, the model unknown, or no money left.
        """
        if self._session is None:
            await self.start()
        body = self._body(parts)
        data = _encoded(body)

        async def request() -> Sent:
            return await self._send(data)

        if self._budget is None:
            try:
                reply = (await request()).value
            except TryAgain as fault:
                raise SystemFailed(str(fault)) from fault
        else:
            tokens = len(data) // CHARACTERS_A_TOKEN + (self._made.request.bound_out or 0)
            reply = await self._budget.send(request, tokens=tokens)
        return self._answer(reply, body)

    async def describe(self) -> Mapping[str, Json]:
        """Return what the server says of itself and of the model.

        Its list of models, its headers, and what it tells at ``/version``, ``/info`` and
        ``/props``, where engines that people run themselves say version and flags.

        Raises:
            SystemFailed: it has no such list, or its answer cannot be read.
        """
        import aiohttp

        await self.start()
        assert self._session is not None
        limit = aiohttp.ClientTimeout(total=_DESCRIBED_S)
        address = f"{self.endpoint}/models"
        try:
            async with self._session.get(address, timeout=limit, allow_redirects=False) as response:
                body = await self._read(response)
                if response.status != 200:
                    raise SystemFailed(f"/models: the server answered {response.status}")
                headers = response.headers
        except (aiohttp.ClientError, OSError) as error:
            raise SystemFailed(f"/models: {type(error).__name__}") from None
        told = {name: headers[name] for name in _TELLING if name in headers}
        shown = {name: self._clean(text.encode()).decode() for name, text in told.items()}
        facts = await asyncio.gather(*map(self._facts, _TOLD_AT))
        return {
            "model": model_of(body, self.model),
            "headers": shown,
            "server": {path: one for path, one in zip(_TOLD_AT, facts, strict=True) if one},
        }

    async def _facts(self, path: str) -> dict[str, Json]:
        """Return what the server tells at a path beside ``/v1``; nothing: it has none."""
        import aiohttp

        assert self._session is not None
        limit = aiohttp.ClientTimeout(total=_DESCRIBED_S)
        address = f"{self.endpoint.removesuffix('/v1')}{path}"
        try:
            async with self._session.get(address, timeout=limit, allow_redirects=False) as response:
                return facts_of(await self._read(response)) if response.status == 200 else {}
        except (aiohttp.ClientError, OSError, SystemFailed):
            return {}

    def measure(self) -> Mapping[str, float]:
        """Return nothing: a server says nothing of itself that is exact."""
        return {}

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _body(self, parts: Mapping[str, Json]) -> dict[str, Json]:
        body = {"model": self.model, **self._made.request.fields(parts)}
        if self._made.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    async def _send(self, data: bytes) -> Sent:
        import aiohttp

        assert self._session is not None
        began = perf_counter()
        try:
            async with self._session.post(self._url, data=data, allow_redirects=False) as response:
                if response.status == 200 and self._made.stream:
                    reply = await self._streamed(response, began)
                else:
                    body = await self._read(response)
                    if response.status != 200:
                        raise fault_of(response.status, response.headers, body)
                    reply = reply_of(body)
        except (aiohttp.ClientError, OSError) as error:
            # OSError holds the client's own time-outs, which are no time-out of the study.
            told = self._clean(f"{type(error).__name__}: {error}".encode()).decode()
            raise TryAgain(told) from None
        return Sent(reply, reply.tokens)

    async def _streamed(self, response: aiohttp.ClientResponse, began: float) -> Reply:
        stream = Stream()
        first: float | None = None
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            _check_size(size)
            # A key that is cut in two by a chunk's end is caught by the cleaning of the answer.
            if stream.feed(self._clean(chunk)) and first is None:
                first = perf_counter() - began
        reply = stream.finish()
        if first is not None:
            reply.reported["first_token_s"] = first
        return reply

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        told = response.content_length
        if told is not None and told <= LARGEST_ANSWER and _ENCODED not in response.headers:
            # aiohttp holds it to that; what is packed may unpack to anything.
            return self._clean(await response.read())
        parts, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            _check_size(size)
            parts.append(chunk)
        return self._clean(b"".join(parts))

    def _clean(self, data: bytes) -> bytes:
        """Cut the key out of what came back, before anything is kept or shown."""
        return data if self._key is None else data.replace(self._key, _REMOVED)

    def _answer(self, reply: Reply, asked: Mapping[str, Json]) -> Answer:
        answer = self._made.request.answer(reply, asked)
        if self._key is not None and self._key.decode() in json.dumps(
            answer.output, ensure_ascii=False
        ):
            raise SystemFailed("the answer holds the key", kind="unparsable")
        return answer


def _encoded(body: dict[str, Json]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (UnicodeEncodeError, TypeError):  # half a surrogate, or a text of a type of its own
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _check_address(url: str) -> None:
    split = urlsplit(url)
    if split.username or split.password or split.query or split.fragment:
        # Not shown: it may hold a key.
        raise ValueError("base_url: expected an address without credentials, query or fragment")
    if split.scheme not in ("http", "https") or not split.hostname:
        raise ValueError("base_url: expected http:// or https:// and a host")


def _check_size(size: int) -> None:
    if size > LARGEST_ANSWER:
        raise SystemFailed(f"the server sent more than {LARGEST_ANSWER:,} bytes", kind="unparsable")
