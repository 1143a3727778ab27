"""What OpenAI-compatible servers send back: whole answers, streams, and errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from liftgate.canon import digest
from liftgate.errors import DataError, LiftgateError, SystemFailed, Unavailable
from liftgate.protocols import TryAgain
from liftgate.records import Json

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
NEVER = frozenset({401, 402, 403, 404})
_NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_REFUSED = frozenset({"content_filter", "content_policy_violation"})
_LONGEST_ASKED_WAIT_S = 3600.0
_SHOWN = 200
_LONGEST_TOLD = 20_000
_MOST_FACTS = 100
_CHANGING = frozenset({"created", "permission"})


@dataclass
class Reply:
    """One answer, put together from whatever shape it came in."""

    text: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    logprobs: Json = None
    embeddings: list[Json] = field(default_factory=list)
    """In the order of the inputs."""
    finish_reason: str | None = None
    reported: dict[str, Json] = field(default_factory=dict)

    @property
    def tokens(self) -> int | None:
        """All tokens of the call, where the server says."""
        return _count(self.usage.get("total_tokens"))

    @property
    def usage(self) -> Mapping[str, Any]:
        """What the server reports of tokens, raw."""
        found = self.reported.get("usage")
        return found if isinstance(found, dict) else {}

    def count(self, name: str) -> int | None:
        """Return one of the server's counts."""
        return _count(self.usage.get(name))


def reply_of(data: bytes) -> Reply:
    """Read a whole answer.

    Raises:
        TryAgain: it is not what such a server sends.
    """
    body = _json(data)
    reply = Reply()
    _note(reply, body)
    listed = body.get("choices", body.get("data"))
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        raise TryAgain(f"the server sent no choices: {shown(data)}")
    if "embedding" in first and isinstance(listed, list):
        reply.embeddings = _embeddings(listed)
        return reply
    message = first.get("message")
    if isinstance(message, dict):
        _add_message(reply, message)
    elif isinstance(first.get("text"), str):
        reply.text = first["text"]
    else:
        raise TryAgain(f"the server sent no message: {shown(data)}")
    reply.logprobs = first.get("logprobs")
    _finish(reply, first.get("finish_reason"))
    return reply


def model_of(data: bytes, name: str) -> Json:
    """Return what a list of models says of one of them; None: it is not in the list.

    Raises:
        SystemFailed: it is no list of models.
    """
    try:
        listed = json.loads(data)["data"]
        found = [one for one in listed if one["id"] == name]
    except (ValueError, KeyError, TypeError) as error:
        raise SystemFailed(f"/models: no list of models ({type(error).__name__})") from None
    if not found:
        return None
    # A list may say of a model that its permissions were made just now.
    told = {key: value for key, value in found[0].items() if key not in _CHANGING}
    if len(json.dumps(told)) > _LONGEST_TOLD:
        raise SystemFailed(f"/models: more than {_LONGEST_TOLD:,} characters about {name}")
    return told


def facts_of(data: bytes) -> dict[str, Json]:
    """Return the plain values that a server says of itself, long texts by their digest.

    A bare text is a version. What is nested is left out: there servers tell of calls that are
    going on.
    """
    try:
        body = json.loads(data)
    except ValueError:
        return {}
    plain = body.items() if isinstance(body, dict) else [("version", body)]
    found: dict[str, Json] = {}
    for name, value in list(plain)[:_MOST_FACTS]:
        if isinstance(value, (str, bool, int, float)) and name not in _CHANGING:
            # What no record can hold (NaN, half a surrogate) is not told.
            with suppress(DataError):
                known = digest({name: value})
                found[name] = value if len(str(value)) <= _SHOWN else known
    return found


class Stream:
    """Puts an answer together from server-sent events."""

    def __init__(self) -> None:
        self.reply = Reply()
        self._rest = b""
        self._done = False
        self._calls: dict[int, dict[str, Any]] = {}
        self._logprobs: dict[str, list[Json]] = {}

    def feed(self, data: bytes) -> bool:
        """Take in bytes; return whether they held a part of the answer."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        said = [self._line(line.strip()) for line in lines]
        return any(said)

    def finish(self) -> Reply:
        """Return the answer.

        Raises:
            TryAgain: the stream ended before the answer did.
        """
        if self._rest.strip():
            self._line(self._rest.strip())
        if not self._done and self.reply.finish_reason is None:
            raise TryAgain("the stream ended before the answer did")
        self.reply.tool_calls = [_call(self._calls[n]) for n in sorted(self._calls)]
        if self._logprobs:
            self.reply.logprobs = self._logprobs
        return self.reply

    def _line(self, line: bytes) -> bool:
        if not line.startswith(b"data:"):
            return False
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            self._done = True
            return False
        body = _json(data)
        if "error" in body:
            raise TryAgain(f"the stream broke off: {shown(data)}")
        _note(self.reply, body)
        listed = body.get("choices")
        first = listed[0] if isinstance(listed, list) and listed else None
        return isinstance(first, dict) and self._choice(first)

    def _choice(self, choice: Mapping[str, Any]) -> bool:
        delta = choice.get("delta")
        if not isinstance(delta, Mapping):
            delta = {"content": choice.get("text")}
        reply = self.reply
        if isinstance(text := delta.get("content"), str):
            reply.text = (reply.text or "") + text
        if isinstance(refusal := delta.get("refusal"), str):
            reply.refusal = (reply.refusal or "") + refusal
        for part in delta.get("tool_calls") or ():
            self._tool(part)
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, Mapping):
            # A chat lists them under one name; a completion under several that run side by side.
            for name, values in logprobs.items():
                if isinstance(values, list):
                    self._logprobs.setdefault(str(name), []).extend(values)
        _finish(reply, choice.get("finish_reason"))
        return bool(delta.get("content") or delta.get("refusal") or delta.get("tool_calls"))

    def _tool(self, part: Any) -> None:
        if not isinstance(part, Mapping):
            raise TryAgain("the server sent a tool call that is none")
        known = self._calls.setdefault(int(part.get("index") or 0), {"name": "", "arguments": ""})
        function = part.get("function")
        if isinstance(function, Mapping):
            for name in ("name", "arguments"):
                known[name] += str(function.get(name) or "")


def fault_of(status: int, headers: Mapping[str, str], data: bytes) -> Exception:
    """Return what an answer that is not 200 means: an outcome, a fault to try again, or the end."""
    code, message = _error(data)
    told = f"HTTP {status}{f' ({code})' if code else ''}: {message}"
    if code in _NO_MONEY or status in NEVER:
        return unavailable(told, status)
    if code in _REFUSED:
        return SystemFailed(told, kind="refusal")
    if status in AGAIN or status >= 500:
        throttled = status in (429, 503, 529)
        return TryAgain(told, after_s=retry_after(headers), throttled=throttled)
    return SystemFailed(told)


def unavailable(told: str, status: int) -> LiftgateError:
    """Return the error that ends a run, with what to do."""
    hints = {
        401: "set the environment variable that api_key_env names to a valid key",
        403: "the key may not use this model; use another key or model",
        404: "check base_url and the model's name",
    }
    hint = hints.get(status, "the account has no money left")
    return Unavailable(told, hint=f"{hint}, then run the same command: it goes on from there")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks to wait, by number or by date (RFC 9110, 10.2.3)."""
    if (exact := _number(headers.get("retry-after-ms"))) is not None:
        return min(exact / 1000, _LONGEST_ASKED_WAIT_S)
    given = headers.get("Retry-After")
    if given is None:
        return None
    seconds = _number(given)
    if seconds is None:
        try:
            at = parsedate_to_datetime(given)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = max(0.0, (at - datetime.now(UTC)).total_seconds())
    return min(seconds, _LONGEST_ASKED_WAIT_S)


def shown(data: bytes) -> str:
    """Return the beginning of what a server sent, as one line."""
    text = " ".join(data[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _error(data: bytes) -> tuple[str, str]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return "", shown(data)
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "", shown(data)
    code = error.get("code") or error.get("type") or ""
    message = str(error.get("message") or "").encode()
    return str(code)[:_SHOWN], shown(message or data)


_decoded = json.JSONDecoder(parse_constant=lambda _: None).decode
"""``json.loads`` would make a decoder for each answer."""


def _json(data: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = _leniently(data)
    if not isinstance(body, dict):
        raise TryAgain(f"the server sent no JSON object: {shown(data)}")
    return body


def _leniently(data: bytes) -> Any:
    """Read what is no JSON by the letter, and yet sent: other encodings, NaN, half a surrogate."""
    try:
        return _decoded(data.decode(json.detect_encoding(data), "surrogatepass"))
    except (ValueError, RecursionError):
        raise TryAgain(f"the server sent no JSON: {shown(data)}") from None


def _note(reply: Reply, body: Mapping[str, Any]) -> None:
    for name in ("model", "system_fingerprint", "usage"):
        if body.get(name) is not None:
            reply.reported[name] = body[name]


def _finish(reply: Reply, reason: object) -> None:
    if isinstance(reason, str):
        reply.finish_reason = reply.reported["finish_reason"] = reason


def _add_message(reply: Reply, message: Mapping[str, Any]) -> None:
    text, refusal = message.get("content"), message.get("refusal")
    reply.text = text if isinstance(text, str) else None
    reply.refusal = refusal if isinstance(refusal, str) else None
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping):
            raise TryAgain("the server sent a tool call that is none")
        reply.tool_calls.append(_call(function))


def _embeddings(listed: list[Any]) -> list[Json]:
    """Return the vectors in the order of the inputs; a server may list them in another.

    Raises:
        TryAgain: one of them is none.
    """
    rows = [row for row in listed if isinstance(row, Mapping) and "embedding" in row]
    numbers = [row.get("index", place) for place, row in enumerate(rows)]
    if len(rows) != len(listed) or sorted(numbers, key=str) != sorted(range(len(rows)), key=str):
        raise TryAgain("the server sent embeddings of which one is none, or counts as another")
    return [row["embedding"] for _, row in sorted(zip(numbers, rows, strict=True), key=_first)]


def _first(pair: tuple[int, object]) -> int:
    return pair[0]


def _call(function: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool call; arguments that are no JSON stay the text that they are."""
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):
            arguments = json.loads(arguments)
    return {"name": str(function.get("name") or ""), "arguments": arguments}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
