"""The engine's end of one worker process: started, fed, heard, closed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from liftgate.errors import LiftgateError
from liftgate.executors.frames import HEAD, Kind, framed, length, message, unpacked

_INSIDE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from liftgate.executors.inside import main; main(int(sys.argv[2]))"
)
_STDERR = 2
_PATIENCE_S = 5.0
"""How long a worker may take to send what it has and to end, before it is killed."""


class Link:
    """One worker process with the jobs that it has."""

    def __init__(self, tell: Callable[[Any], None], stuck: Callable[[Any, str], None]) -> None:
        """Prepare a link.

        Args:
            tell: takes each row.
            stuck: takes a job of which a row cannot be sent, and why.
        """
        self.under_way: dict[int, Any] = {}
        """Ticket -> job, of those whose last row has not come."""
        self._tell = tell
        self._stuck = stuck
        self._tickets = 0
        self._ready = self._closed = False
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._less = asyncio.Event()

    async def start(self, number: int, site: bytes) -> None:
        """Start a fresh interpreter, in a session of its own: Ctrl-C goes to the engine alone.

        Its standard output goes where errors go, so that what code under test prints does not
        come between the lines of a decision.

        Raises:
            LiftgateError: the machine refuses.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-c",
                    _INSIDE,
                    json.dumps(sys.path),
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=_STDERR,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except BaseException as error:
                ours.close()
                if isinstance(error, OSError):
                    raise LiftgateError(
                        f"a worker process cannot be started: {error.strerror}",
                        hint="use fewer --workers",
                    ) from error
                raise
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._hearing = asyncio.ensure_future(self._hear(reader))
        self._send(Kind.OPEN, number, site)

    @property
    def ended(self) -> asyncio.Task[None]:
        """Done when the process has gone; raises what ends the run."""
        assert self._hearing is not None
        return self._hearing

    def begin(self, jobs: Sequence[Any]) -> None:
        """Send jobs; of a process that has just gone they stay under way."""
        numbered = []
        for job in jobs:
            self._tickets += 1
            self.under_way[self._tickets] = job
            numbered.append((self._tickets, job))
        self._send(Kind.JOBS, numbered)

    async def emptied(self) -> bool:
        """Wait until nothing is under way; False: the process has gone before.

        Raises:
            Exception: what ends the run.
        """
        while self.under_way:
            self._less.clear()
            less = asyncio.ensure_future(self._less.wait())
            await asyncio.wait({less, self.ended}, return_when=asyncio.FIRST_COMPLETED)
            less.cancel()
            if self.ended.done():
                break
        if self.ended.done():
            self.ended.result()
            return False
        return True

    async def why(self) -> str:
        """Return what became of a process that has gone.

        Raises:
            LiftgateError: it went before it was ready, so that another one would, too.
        """
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._process.wait()
        code = self._process.returncode
        told = f"exit code {code}"
        if code is None:
            told = "it no longer answers"
        elif code < 0:
            told = signal.Signals(-code).name
        if not self._ready:
            raise LiftgateError(
                f"a worker process ended before it was ready ({told})",
                hint="what it said stands above; --executor asyncio needs no other process",
            )
        return f"its worker process ended ({told})"

    async def close(self) -> None:
        """Let the worker send what it has, and end it; rows are told as they come."""
        if self._process is None:
            return
        try:
            if self._hearing is not None and not self._hearing.done():
                self._send(Kind.CLOSE)
                await asyncio.wait({self._hearing}, timeout=_PATIENCE_S)
        finally:
            if self._hearing is not None:
                self._hearing.cancel()
            if self._writer is not None:
                self._writer.close()
            await self._end(self._process)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the end of a process that has said all, and make an end of any other."""
        if self._closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()

    def _send(self, *told: Any) -> None:
        # A process that has just gone is noticed by whoever hears it.
        assert self._writer is not None
        if not self._writer.is_closing():
            self._writer.write(framed(told))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        try:
            while not self._closed:
                head = await reader.readexactly(HEAD)
                self._take(message(await reader.readexactly(length(head))))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def _take(self, told: tuple[Any, ...]) -> None:
        kind = told[0]
        if kind is Kind.ROWS:
            for ticket, data, last in told[1]:
                if last:
                    self.under_way.pop(ticket, None)
                self._tell(unpacked(data))
            self._less.set()
        elif kind is Kind.STUCK:
            _, ticket, why = told
            if (job := self.under_way.pop(ticket, None)) is not None:
                self._stuck(job, why)
            self._less.set()
        elif kind is Kind.BROKEN:
            raise unpacked(told[1])
        elif kind is Kind.READY:
            self._ready = True
        else:
            self._closed = True
