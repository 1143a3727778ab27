"""Embedded models: ``local:NAME``, a model from the user's shelf, loaded into this process.

Its answers follow from the weights, the request and the runtime as long as requests come one at a
time: requests that share a batch change one another's rounding, and so their answers, at
temperature 0, too (measured; docs/adr/0024-embedded-models.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from liftgate.canon import digest
from liftgate.errors import SystemFailed, Unavailable
from liftgate.models.gguf import read_header
from liftgate.models.runtime import Loading, check_fits, load, runtime_version, system_info
from liftgate.models.shelf import Model, Shelf
from liftgate.plugins.content import content_of
from liftgate.protocols import TryAgain
from liftgate.records import Answer, Json
from liftgate.study.params import bound
from liftgate.systems.requests import Request, request
from liftgate.systems.threads import Workers
from liftgate.systems.wire import reply_of

MOST_SLOTS = 64


@dataclass(frozen=True)
class Settings:
    """The parameters of an arm."""

    request: Request
    loading: Loading


def settings(  # noqa: PLR0913 - each is a key of the study
    *,
    kind: Literal["chat", "completions"] = "chat",
    messages: list[dict[str, Any]] | None = None,
    prompt: str | None = None,
    temperature: Annotated[float, Ge(0)] = 0.0,
    max_tokens: Annotated[int, Ge(1)] = 256,
    seed: int | None = None,
    stop: list[str] | None = None,
    response_format: dict[str, Any] | None = None,
    logprobs: Annotated[int, Ge(0)] | None = None,
    extra: dict[str, Any] | None = None,
    chat_template: str | None = None,
    context: Annotated[int, Ge(64)] = 2048,
    slots: Annotated[int, Ge(1), Le(MOST_SLOTS)] = 1,
    threads: Annotated[int, Ge(1)] = 1,
) -> Settings:
    """Check an arm's parameters; their annotations are their grammar in a study.

    Args:
        kind: of the request.
        messages: template of a chat, ``{part}`` standing for an input part; None: ``prompt`` as the
            user's one message.
        prompt: template of the prompt; None: ``{text}``.
        temperature: of sampling; 0: always the likeliest token.
        max_tokens: at most so many are made.
        seed: of sampling; None: another one each time, which matters above temperature 0 only.
        stop: texts that end an answer.
        response_format: e.g. a JSON schema; the answer is then parsed.
        logprobs: how many alternatives to report for each token; they are part of the answer.
        extra: further fields of the request, e.g. ``top_p``.
        chat_template: Jinja; None: the model's own.
        context: tokens of prompt and answer together, at most.
        slots: requests at once. 1 is the deterministic mode; with more, answers depend on what
            else is under way, and every trial records what was.
        threads: of the runtime.

    Raises:
        ValueError: names the parameter.
    """
    if kind == "completions" and response_format is not None:
        raise ValueError(
            "response_format: got one with kind completions, which the runtime does not heed; "
            "expected kind chat"
        )
    given: dict[str, Any] = {
        "temperature": temperature,
        "max_tokens": max_tokens,
        "seed": seed,
        "stop": stop,
        "response_format": response_format,
    }
    made = request(
        kind,
        messages=messages,
        prompt=prompt,
        logprobs=logprobs,
        given=given,
        extra=extra,
        taken=("model", "stream", "cache_prompt", "id_slot"),
    )
    return Settings(made, Loading(context, slots, threads, chat_template))


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> LocalSystem:
    """Open ``local:NAME``. The weights are digested; they are loaded by ``start``.

    Args:
        rest: the model's name on the shelf, as ``liftgate models list`` shows it.
        params: see ``settings``.
        files: files or folders under ``root`` whose content can change an answer.
        packages: installed packages whose version can change an answer.
        root: the folder from which files are looked up.

    Raises:
        BadParams: the parameters are wrong.
        UnknownName: no model carries the name.
        Unavailable: the runtime is not installed.
        DataError: the weights are gone, changed or do not fit; a file or package is missing.
    """
    made: Settings = bound("systems", "local", settings, params)
    shelf = Shelf.locate()
    runtime = runtime_version()
    model = shelf.verified(rest)
    header = read_header(shelf.path(rest))
    check_fits(rest, model.size, header, made.loading)
    loading = asdict(made.loading)
    template = loading.pop("chat_template") or header.chat_template
    identity: dict[str, Json] = {
        "plugin": "local",
        # Its name is a label.
        "weights": model.digest,
        "runtime": runtime,
        "chat_template": digest({"template": template}),
        # With the defaults, which a later version may change.
        "request": asdict(made.request),
        "loading": loading,
        **content_of(f"local:{rest}", root, files, packages),
    }
    return LocalSystem(model, shelf.path(rest), made, identity)


class LocalSystem:
    """A model in this process. Calls run in daemon threads; the runtime has as many slots."""

    def __init__(
        self, model: Model, path: Path, made: Settings, identity: Mapping[str, Json]
    ) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.concurrency = made.loading.slots
        self.most_in_flight = made.loading.slots
        self._model = model
        self._path = path
        self._stamp = _stamp(path)
        self._made = made
        self._server: Any = None
        self._info = ""
        self._workers = Workers()

    async def start(self) -> None:
        """Load the model.

        Raises:
            Unavailable: the weights were changed since the system was opened, or the runtime does
                not load them.
            DataError: they do not fit.
        """
        if self._server is None:
            if _stamp(self._path) != self._stamp:
                raise Unavailable(
                    f"local model {self._model.name!r}: its weights changed while it was in use",
                    hint="run the same command again",
                )
            self._server = await self._workers.call(self._load)

    def _load(self) -> Any:
        server = load(self._model.name, self._path, self._made.loading)
        self._info = system_info()
        return server

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Ask the model.

        Raises:
            SystemFailed: ``unparsable`` where JSON was asked for; ``crash`` for a request that the
                runtime does not take, such as one that is longer than the context.
        """
        await self.start()
        fields = {**self._made.request.fields(parts), "cache_prompt": False}
        said = await self._workers.call(lambda: self._ask(fields))
        error = said.get("error")
        if error is not None:
            told = error.get("message") if isinstance(error, Mapping) else error
            raise SystemFailed(f"local:{self._model.name}: {told}")
        try:
            reply = reply_of(json.dumps(said).encode())
        except TryAgain as fault:
            # A server behind a network is asked again; this one would say the same.
            raise SystemFailed(str(fault)) from None
        reply.reported["system_fingerprint"] = self._info
        return self._made.request.answer(reply, fields)

    def _ask(self, fields: Mapping[str, Json]) -> dict[str, Any]:
        server = self._server
        if self._made.request.kind == "chat":
            found = server.handle_chat_completions(fields)
        else:
            found = server.handle_completions(fields)
        return found if isinstance(found, dict) else {"error": f"it gave {type(found).__name__}"}

    def measure(self) -> Mapping[str, float]:
        """Return the size of the weights, ``weights_mb``, in 10^6 bytes."""
        return {"weights_mb": self._model.size / 1e6}

    async def close(self) -> None:
        """Give the model's memory back."""
        self._server = None
        self._workers.close()
        self._workers = Workers()


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
