"""The clock of one call: it stands still while the call waits for its endpoint's budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Generic, TypeVar

_current: ContextVar[Watch | None] = ContextVar("liftgate_watch", default=None)
_SHORTEST_S = 0.001


class Watch:
    """Measures a call's own time."""

    __slots__ = ("_before", "_since")

    def __init__(self) -> None:
        self._since: float | None = perf_counter()
        self._before = 0.0

    def start(self, answer: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a call that can find this watch."""
        token = _current.set(self)
        try:
            return asyncio.ensure_future(answer)
        finally:
            _current.reset(token)

    def here(self) -> None:
        """Let what the present task calls from now on find this watch."""
        _current.set(self)

    def seconds(self) -> float:
        """Return the time that counts so far."""
        return self._before + (0.0 if self._since is None else perf_counter() - self._since)

    async def wait(self, task: asyncio.Task[Any], seconds: float) -> None:
        """Return when a task is done, or has taken ``seconds`` of its own time."""
        while not task.done():
            left = seconds - self.seconds()
            if left <= 0:
                return
            await asyncio.wait({task}, timeout=max(left, _SHORTEST_S))

    def stop(self) -> None:
        """Stand still."""
        if self._since is not None:
            self._before += perf_counter() - self._since
            self._since = None

    def go_on(self, *, back_to: float | None = None) -> None:
        """Run again, from where it stood or from an earlier reading."""
        self._since = perf_counter()
        if back_to is not None:
            self._before = back_to


W = TypeVar("W", bound=Watch)


class Alarm(Generic[W]):
    """One timer for many calls: it rings for each that has taken ``limit_s`` of its own time."""

    def __init__(self, limit_s: float, ring: Callable[[W], None]) -> None:
        self._limit_s = limit_s
        self._ring = ring
        self._calls: dict[W, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, call: W) -> None:
        """Ring for a call unless it is taken off before its time is over."""
        self._calls[call] = None
        if self._timer is None:
            self._wait(self._limit_s)

    def off(self, call: W) -> None:
        """Ring for it no more."""
        self._calls.pop(call, None)

    def close(self) -> None:
        """Ring for nothing any more."""
        self._calls.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        wait = max(seconds, _SHORTEST_S)
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)

    def _look(self) -> None:
        self._timer = None
        next_s = self._limit_s
        for call in list(self._calls):
            left = self._limit_s - call.seconds()
            if left <= 0:
                del self._calls[call]
                self._ring(call)
            else:
                next_s = min(next_s, left)
        if self._calls and self._timer is None:
            self._wait(next_s)


def reading() -> float:
    """Return the present call's own time so far; 0 outside a call."""
    watch = _current.get()
    return 0.0 if watch is None else watch.seconds()


@contextmanager
def standing_still(*, back_to: float | None = None) -> Iterator[None]:
    """Stop the present call's watch, if there is one.

    Args:
        back_to: a reading to go back to, because what was done since was no answer.
    """
    watch = _current.get()
    if watch is None:
        yield
        return
    watch.stop()
    try:
        yield
    finally:
        watch.go_on(back_to=back_to)
