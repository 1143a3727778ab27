"""Systems in another process, of any language: ``process:COMMAND``, speaking JSON lines.

The process reads lines on its standard input and writes lines on its standard output::

    → {"liftgate": 1, "params": {…}}                       first, once
    ← {"ready": true, "concurrency": 4, "measures": {…}}   when it can answer; the rest is optional
    → {"id": 7, "input": {…}}
    ← {"id": 7, "output": …}                               or {"id": 7, "error": "…", "kind": "…"}

Beside either may stand ``"trace": {"steps": [{"kind": "tool", "name": …, "input": …}, …]}``.
Answers come in any order. A process that ends is started again; the calls that it had are crashes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from liftgate.canon import digest, plain
from liftgate.errors import DataError, SystemFailed
from liftgate.plugins.content import checked, content_of
from liftgate.records import Answer, Json, Trace, trace_of

LONGEST_LINE = 64 * 1024 * 1024
STDERR_KEPT = 4096
_SHOWN = 300
_FIELDS = ("output", "tokens_in", "tokens_out", "cost", "reported")


_HELLO = (
    'the first line that it reads is {"liftgate": 1, "params": {…}}, and it answers {"ready": true}'
    " before it is asked anything"
)


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> LinesSystem:
    """Open ``process:COMMAND``; the process is started when it is needed.

    Args:
        rest: a command, split into words as a shell does it; no shell runs it.
        params: sent to the process in its first line.
        files: files or folders under ``root`` whose content can change an answer; words of the
            command that name a file there are among them in any case.
        packages: installed packages whose version can change an answer.
        root: the folder in which the process runs.

    Raises:
        DataError: there is no such program, or a file or package is missing.
    """
    place = f"process:{rest}"
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise DataError(f"{place}: not a command: {error}") from error
    if not words:
        raise DataError(f"{place}: got no command")
    if shutil.which(words[0]) is None and not (root / words[0]).is_file():
        raise DataError(f"{place}: no program named {words[0]!r} was found")
    named = [word for word in words if (root / word).is_file()]
    try:
        sent = plain(params)
    except DataError as error:
        raise DataError(f"{place}: params: {error}") from error
    identity: dict[str, Json] = {
        "plugin": "process",
        "command": list(words),
        "params": sent,
        **content_of(place, root, list(dict.fromkeys([*named, *files])), packages),
    }
    return LinesSystem(place, words, sent, root, identity)


class LinesSystem:
    """A process that answers."""

    def __init__(
        self,
        place: str,
        words: Sequence[str],
        params: Mapping[str, Json],
        root: Path,
        identity: Mapping[str, Json],
    ) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.concurrency = 1
        self._place = place
        self._words = list(words)
        self._params = params
        self._root = root
        self._measures: dict[str, float] = {}
        self._worker: _Worker | None = None
        self._retired: set[_Worker] = set()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start the process, unless one is there, and wait until it is ready.

        Raises:
            DataError: it ended, or wrote something else, before it was ready.
        """
        await self._living()

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Ask the process.

        Raises:
            SystemFailed: of the kind that it says; ``crash`` when it ended or wrote no JSON.
        """
        worker = await self._living()
        try:
            said = await worker.ask(parts)
        except asyncio.CancelledError:
            # It may hang: others are asked of a new process, those under way may still come back.
            self._retire(worker)
            raise
        if "error" in said:
            kind = said.get("kind", "crash")
            raise SystemFailed(
                str(said["error"]), kind=str(kind), reported=_reported(said), trace=_trace(said)
            )
        if "output" not in said:
            raise SystemFailed("the line has neither output nor error", kind="unparsable")
        known = {name: said[name] for name in _FIELDS if name in said}
        return checked(Answer(**known, trace=_trace(said)))

    def measure(self) -> Mapping[str, float]:
        """Return the measures that the process gave when it was ready."""
        return self._measures

    async def close(self) -> None:
        """Kill the process, and those that were left behind."""
        workers = [*self._retired, *([] if self._worker is None else [self._worker])]
        self._worker, self._retired = None, set()
        for worker in workers:
            await worker.kill("it was closed")

    async def _living(self) -> _Worker:
        async with self._starting:
            if self._worker is None or not self._worker.lives:
                if self._worker is not None:
                    await self._worker.kill("")
                self._worker = None
                self._worker = await self._started()
            return self._worker

    async def _started(self) -> _Worker:
        worker = _Worker(self._place)
        try:
            await worker.start(self._words, self._root)
            said = await worker.hello(self._params)
            self._take(said)
        except SystemFailed as error:
            await worker.kill("")
            raise DataError(f"{self._place}: not ready: {error}", hint=_HELLO) from error
        except BaseException:
            await worker.kill("")
            raise
        return worker

    def _take(self, said: Mapping[str, Any]) -> None:
        if said.get("ready") is not True:
            told = said.get("error", f"got {_shown(json.dumps(dict(said)))}")
            raise DataError(f"{self._place}: {told}", hint='its first line is {"ready": true}')
        self.concurrency = _whole(self._place, said.get("concurrency", 1))
        measures = said.get("measures", {})
        if not isinstance(measures, Mapping) or not all(map(_is_number, measures.values())):
            raise DataError(f"{self._place}: measures: expected finite numbers by name")
        self._measures = {str(name): float(value) for name, value in measures.items()}

    def _retire(self, worker: _Worker) -> None:
        if self._worker is worker:
            self._worker = None
        self._retired.add(worker)
        if not worker.waiting:
            self._retired.discard(worker)
            worker.end_soon("it did not answer in time")


class _Worker:
    """One process with the calls that it has."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._process: asyncio.subprocess.Process | None = None
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._stderr = b""
        self._readers: list[asyncio.Task[None]] = []
        self.lives = False

    @property
    def waiting(self) -> bool:
        """Whether calls still wait for it."""
        return bool(self._pending)

    async def start(self, words: Sequence[str], root: Path) -> None:
        """Start the process in a session of its own, so that its children end with it."""
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *words,
                cwd=root,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                limit=LONGEST_LINE,
                start_new_session=True,
            )
        except OSError as error:
            raise DataError(f"{self._place}: cannot be started: {error.strerror}") from error
        self.lives = True
        self._readers = [
            asyncio.ensure_future(self._read_lines()),
            asyncio.ensure_future(self._read_stderr()),
        ]

    async def hello(self, params: Mapping[str, Json]) -> dict[str, Any]:
        """Send the first line and return the first one that comes back."""
        return await self._exchange(0, {"liftgate": 1, "params": params})

    async def ask(self, parts: Mapping[str, Json]) -> dict[str, Any]:
        """Send one input and return the line that answers it."""
        self._count += 1
        return await self._exchange(self._count, {"id": self._count, "input": parts})

    def end_soon(self, reason: str) -> None:
        """Kill the process without waiting for its end."""
        self._end(reason)
        self._signal()

    async def kill(self, reason: str) -> None:
        """Kill the process and wait for its end."""
        self.end_soon(reason)
        if self._process is not None:
            await self._process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _exchange(self, number: int, line: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        if not self.lives:
            raise SystemFailed("the process has ended")
        self._pending[number] = future
        try:
            # A process that has just ended is noticed by whoever reads from it.
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                await process.stdin.drain()
            return await future
        finally:
            self._pending.pop(number, None)

    async def _read_lines(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self._line(line)
        except ValueError as error:
            self.end_soon(f"it wrote {error}")
            return
        code = await self._process.wait()
        await asyncio.gather(self._readers[1], return_exceptions=True)
        told = f"signal {-code}" if code < 0 else f"exit code {code}"
        said = self._stderr.decode("utf-8", "replace").strip()
        self._end(f"the process ended ({told})" + (f": {_tail(said)}" if said else ""))

    def _line(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            told = _shown(line.decode(errors="replace"))
            raise ValueError(f"a line that is no JSON object: {told}")  # noqa: TRY004 - as readline
        number = said.get("id", 0)
        future = self._pending.get(number) if isinstance(number, int) else None
        # What nobody waits for any more came too late.
        if future is not None and not future.done():
            future.set_result(said)

    async def _read_stderr(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(65536):
            self._stderr = (self._stderr + data)[-STDERR_KEPT:]

    def _end(self, reason: str) -> None:
        self.lives = False
        for future in self._pending.values():
            if not future.done():
                future.set_exception(SystemFailed(reason))

    def _signal(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


def _reported(said: Mapping[str, Any]) -> Mapping[str, Json] | None:
    reported = said.get("reported")
    return reported if isinstance(reported, Mapping) else None


def _trace(said: Mapping[str, Any]) -> Trace | None:
    """Return the trace in a line.

    Raises:
        SystemFailed: ``unparsable``; it has not the form of a trace.
    """
    if said.get("trace") is None:
        return None
    try:
        return trace_of(said["trace"])
    except DataError as error:
        raise SystemFailed(f"wrong type: {error}", kind="unparsable") from error


def _whole(place: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{place}: concurrency: got {value!r}, expected an integer of at least 1")
    return value


def _is_number(value: Any) -> bool:
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    return right and float("-inf") < value < float("inf")


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _tail(text: str) -> str:
    return text if len(text) <= _SHOWN else f"…{text[-_SHOWN:]}"
