"""Threads in which code under test runs: one that hangs can neither stop the run nor its end.

Python's own thread pools are waited for when the interpreter ends; these are daemons.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable
from typing import Any

_Work = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Workers:
    """Runs plain functions. A thread is used again once its function has come back.

    Whoever waits may give up (a time-out cancels the wait): the thread goes on for itself, and the
    next call gets another one.
    """

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[_Work | None]] = []
        self._closed = False

    async def call(self, function: Callable[[], Any]) -> Any:
        """Run a function in a thread and return what it returns, or raise what it raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        inbox = self._idle.pop() if self._idle else self._new()
        inbox.put((function, loop, future))
        return await future

    def close(self) -> None:
        """Let idle threads end; a busy one ends when its function comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().put(None)

    def _new(self) -> queue.SimpleQueue[_Work | None]:
        inbox: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        threading.Thread(
            target=self._serve, args=(inbox,), name="liftgate-system", daemon=True
        ).start()
        return inbox

    def _serve(self, inbox: queue.SimpleQueue[_Work | None]) -> None:
        while work := inbox.get():
            function, loop, future = work
            result, error = _outcome(function)
            if self._closed:
                _settle(loop, future, result, error)
                return
            self._idle.append(inbox)
            _settle(loop, future, result, error)
            del work, function, loop, future, result, error


class LoopThread:
    """An event loop in a daemon thread, for coroutines that may block or refuse to be cancelled."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """Await in the thread what ``make`` returns; cancelling the wait cancels it there too."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(
                target=self._serve, args=(self._loop,), name="liftgate-async-system", daemon=True
            ).start()
        guarded = _guarded(make)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(guarded, self._loop))

    def close(self) -> None:
        """Stop the loop as soon as it is free; what still runs in it is dropped."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        # One more turn lets what was cancelled clean up; what refuses is left behind.
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()


class Exited(Exception):
    """Code under test tried to end the process."""


async def _guarded(make: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await make()
    except (SystemExit, KeyboardInterrupt) as error:
        raise _exited(error) from None


def _outcome(function: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return function(), None
    except Exception as error:  # noqa: BLE001 - handed to whoever waits
        return None, error
    except BaseException as error:  # noqa: BLE001 - sys.exit() in code under test is its crash
        return None, _exited(error)


def _exited(error: BaseException) -> Exited:
    return Exited(f"it raised {type(error).__name__}({error})")


def _settle(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[Any],
    result: Any,
    error: Exception | None,
) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration):
            # A future refuses StopIteration, which would end the generator that awaits it.
            future.set_exception(RuntimeError(f"it raised StopIteration({error})"))
        else:
            future.set_exception(error)

    # The loop of a run that has ended is closed; nobody waits any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(settle)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling a callable gives a coroutine, as far as can be told without calling it."""
    call = getattr(type(function), "__call__", None)  # noqa: B004 - asks for the method itself
    return inspect.iscoroutinefunction(inspect.unwrap(function)) or inspect.iscoroutinefunction(
        call
    )
