"""The inside of a worker process of ``processes``: opens a site, begins jobs, sends their rows.

It ends when the engine's process does, however that ends: its socket is then closed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from liftgate.errors import carried
from liftgate.executors.frames import HEAD, Kind, framed, length, message, packed, unpacked
from liftgate.protocols import Worker

LEFT_ALONE = 3
"""The exit code of a worker whose engine has gone."""


def main(descriptor: int) -> None:
    """Serve the engine at the other end of a socket, then end this process without more ado.

    Threads in which code under test hangs are not waited for.
    """
    # Ctrl-C is for the engine, which closes its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)
    asyncio.run(_served(_Inside(socket.socket(fileno=descriptor))))


async def _served(inside: _Inside) -> None:
    code = 1
    try:
        await inside.serve()
        code = 0
    except BaseException:  # noqa: BLE001 - shown as the interpreter would, before it ends
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Inside:
    """One worker with its socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rows: list[tuple[int, bytes, bool]] = []

    async def serve(self) -> None:
        """Do as the engine's messages say until it closes the worker."""
        inbox: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(told: tuple[Any, ...]) -> None:
            loop.call_soon_threadsafe(inbox.put_nowait, told)

        threading.Thread(target=self._listen, args=(put,), daemon=True).start()
        _, number, site = await inbox.get()
        try:
            worker: Worker = await unpacked(site).open(number)
        except Exception as error:  # noqa: BLE001 - for whoever started the run
            self._send(Kind.BROKEN, packed(carried(error)))
            return
        self._send(Kind.READY)
        while (told := await inbox.get())[0] is not Kind.CLOSE:
            for ticket, job in told[1]:
                worker.begin(job, partial(self._tell, ticket))
        await worker.close()
        self._flush()
        self._send(Kind.CLOSED)

    def _listen(self, put: Callable[[tuple[Any, ...]], object]) -> None:
        """Read in a thread of its own, so that the engine's end is noticed in the midst of work."""
        while (head := self._read(HEAD)) is not None and (
            data := self._read(length(head))
        ) is not None:
            put(message(data))
        os._exit(LEFT_ALONE)

    def _read(self, size: int) -> bytes | None:
        parts = []
        while size:
            try:
                data = self._socket.recv(min(size, 1 << 20))
            except OSError:
                return None
            if not data:
                return None
            parts.append(data)
            size -= len(data)
        return b"".join(parts)

    def _tell(self, ticket: int, row: Any) -> None:
        try:
            data = packed(row)
        except Exception as error:  # noqa: BLE001 - it is the code of whoever made the value
            why = f"a value of it cannot leave its process: {type(error).__name__}: {error}"
            self._flush()
            self._send(Kind.STUCK, ticket, why)
            return
        self._rows.append((ticket, data, row.last))
        if not row.last:
            # An answer that was paid for is out of the house before anything is done with it.
            self._flush()
        elif len(self._rows) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self._send(Kind.ROWS, rows)

    def _send(self, *told: Any) -> None:
        try:
            self._socket.sendall(framed(told))
        except OSError:
            os._exit(LEFT_ALONE)
