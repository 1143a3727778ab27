"""What models are asked in OpenAI's shape, and what of their replies is the answer.

Shared by the systems that speak it: over HTTP and in this process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.errors import SystemFailed
from liftgate.records import Answer, Json
from liftgate.systems.templates import filled
from liftgate.systems.wire import Reply

FIELDS = {"chat": "messages", "completions": "prompt", "embeddings": "input"}
"""Kind of request -> the field that holds what is asked."""


@dataclass(frozen=True)
class Request:
    """One arm's request but for an item's parts."""

    kind: str
    """chat, completions or embeddings."""
    template: Json
    body: Mapping[str, Json]
    """What every request holds beside the model and the prompt."""

    @property
    def bound_out(self) -> int | None:
        """How many tokens an answer can have, at most; None: nothing bounds it."""
        if self.kind == "embeddings":
            return 0
        found = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return found if isinstance(found, int) else None

    @property
    def wants_json(self) -> bool:
        """Whether the answer is to be a JSON value."""
        form = self.body.get("response_format")
        return isinstance(form, Mapping) and form.get("type") in ("json_object", "json_schema")

    def fields(self, parts: Mapping[str, Json]) -> dict[str, Json]:
        """Return the fields of the request for an item.

        Raises:
            DataError: the template names a part that the item has not.
        """
        return {FIELDS[self.kind]: filled(self.template, parts), **self.body}

    def answer(self, reply: Reply, asked: Mapping[str, Json]) -> Answer:
        """Return what a reply to a request answers.

        Raises:
            SystemFailed: ``refusal``, or ``unparsable`` where JSON was asked for.
        """
        if reply.refusal or reply.finish_reason == "content_filter":
            told = reply.refusal or "the server's content filter cut the answer"
            raise SystemFailed(told, kind="refusal", reported=reply.reported)
        return Answer(
            self._output(reply, asked),
            tokens_in=reply.count("prompt_tokens"),
            tokens_out=reply.count("completion_tokens"),
            reported=reply.reported or None,
        )

    def _output(self, reply: Reply, asked: Mapping[str, Json]) -> Json:
        if self.kind == "embeddings":
            return _vectors(reply, asked["input"])
        value: Json = reply.text
        if self.wants_json and not reply.tool_calls:
            try:
                value = json.loads(reply.text or "")
            except (ValueError, RecursionError):
                told = f"no JSON, though it was asked for (finish reason {reply.finish_reason})"
                raise SystemFailed(told, kind="unparsable", reported=reply.reported) from None
        beside: dict[str, Json] = {}
        if self.body.get("tools") is not None:
            beside["tool_calls"] = reply.tool_calls
        if self.body.get("logprobs") is not None:
            beside["logprobs"] = reply.logprobs
        return {"content": value, **beside} if beside else value


def _vectors(reply: Reply, asked: Json) -> Json:
    """Return the vector of a text, or one for each of several texts."""
    several = isinstance(asked, (list, tuple)) and not all(isinstance(one, int) for one in asked)
    expected = len(asked) if several else 1  # type: ignore[arg-type]
    if len(reply.embeddings) != expected:
        told = f"got {len(reply.embeddings)} embeddings, expected {expected}"
        raise SystemFailed(told, kind="unparsable", reported=reply.reported)
    return reply.embeddings if several else reply.embeddings[0]


def request(
    kind: str,
    *,
    messages: list[dict[str, Any]] | None,
    prompt: str | None,
    logprobs: int | None,
    given: Mapping[str, Json],
    extra: Mapping[str, Json] | None,
    taken: Iterable[str] = ("model", "stream"),
) -> Request:
    """Make a request of an arm's parameters.

    Args:
        kind: chat, completions or embeddings.
        messages: template of a chat; None: ``prompt`` as the user's one message.
        prompt: template of the prompt; None: ``{text}``.
        logprobs: how many alternatives to report for each token; None: none.
        given: parameters that stand in the request under their own name; None: left to the server.
        extra: further fields of the request.
        taken: names that ``extra`` may not hold beside those of ``given``.

    Raises:
        ValueError: names the parameter.
    """
    if messages is not None and (kind != "chat" or prompt is not None):
        raise ValueError("messages: expected only for kind chat, and without prompt")
    asked = {**given, **_logprobs(kind, logprobs)}
    body: dict[str, Json] = {name: value for name, value in asked.items() if value is not None}
    for name in extra or ():
        if name in body or name in (*taken, *FIELDS.values()):
            raise ValueError(f"extra: got {name!r}, which has a parameter of its own")
    template: Json = prompt if prompt is not None else "{text}"
    if kind == "chat":
        template = messages or [{"role": "user", "content": template}]
    return Request(kind, template, {**body, **(extra or {})})


def _logprobs(kind: str, count: int | None) -> dict[str, Json]:
    if count is None:
        return {}
    return (
        {"logprobs": count} if kind == "completions" else {"logprobs": True, "top_logprobs": count}
    )
