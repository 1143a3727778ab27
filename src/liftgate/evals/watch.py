"""The clock of one call: it stands still while the call waits for its endpoint's budget."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

_current: ContextVar[Watch | None] = ContextVar("liftgate_watch", default=None)
_SHORTEST_S = 0.001


class Watch:
    """Measures a call's own time."""

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
