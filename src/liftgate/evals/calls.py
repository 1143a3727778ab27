"""One call of a system: an answer, or the way in which there was none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from liftgate.canon import canonical, parse
from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.evals.watch import Watch
from liftgate.protocols import System
from liftgate.records import Answer, Failure, Json

LONGEST_MESSAGE = 500


class Called(NamedTuple):
    """What became of a call: an answer, or a failure with its message."""

    started_at: datetime
    seconds: float
    """At most the time-out for an answer or another failure, at least it for a time-out."""
    answer: Answer | None
    failure: Failure | None = None
    message: str = ""
    reported: Mapping[str, Json] | None = None
    """What the provider said of the call, of a failed one too."""
    data: bytes = b""
    """The answer's canonical bytes."""


async def call(system: System, parts: Mapping[str, Json], timeout_s: float) -> Called:
    """Ask a system once. What it does is an outcome, and comes out as one.

    A system that does not heed its cancellation is left behind: waiting for it would make its
    time-out a wish. Time spent waiting for an endpoint's budget is not the system's.

    Raises:
        Unavailable: the system cannot be asked at all, which is no outcome.
    """
    started_at, watch = datetime.now(UTC), Watch()
    task = watch.start(system.answer(parts))
    try:
        await watch.wait(task, timeout_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    seconds = watch.seconds()
    if not task.done() or seconds > timeout_s:
        task.cancel()
        task.add_done_callback(forget)
        return late(started_at, seconds, timeout_s)
    try:
        return came(started_at, seconds, task.result())
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it is the outcome
        return failed(started_at, seconds, error)


def came(started_at: datetime, seconds: float, answer: object) -> Called:
    """Return what became of a call that gave an answer.

    Raises:
        SystemFailed: it is none.
    """
    stored, data = _as_stored(answer)
    return Called(started_at, seconds, stored, None, "", stored.reported, data)


def failed(started_at: datetime, seconds: float, error: BaseException) -> Called:
    """Return what became of a call that raised: whatever a system raises is its outcome.

    Raises:
        Unavailable: the one thing that is none.
    """
    if isinstance(error, Unavailable):
        raise error
    if isinstance(error, asyncio.CancelledError):
        return Called(started_at, seconds, None, Failure.CRASH, "it cancelled itself")
    if isinstance(error, SystemFailed):
        kind = error.kind if error.kind in set(Failure) else Failure.CRASH
        message, reported = _cut(str(error)), error.reported
        return Called(started_at, seconds, None, Failure(kind), message, reported)
    message = _cut(f"{type(error).__name__}: {error}")
    return Called(started_at, seconds, None, Failure.CRASH, message)


def late(started_at: datetime, seconds: float, timeout_s: float) -> Called:
    """Return what became of a call that took too long."""
    message = f"no answer within {timeout_s:g} s"
    return Called(started_at, max(seconds, timeout_s), None, Failure.TIMEOUT, message)


def _as_stored(answer: object) -> tuple[Answer, bytes]:
    """Return an answer as it will be read back, so that every scorer sees the same one."""
    if not isinstance(answer, Answer):
        raise SystemFailed(
            f"wrong type: got {type(answer).__name__}, expected an Answer", kind="unparsable"
        )
    try:
        data = canonical(answer.output)
    except DataError as error:
        raise SystemFailed(f"wrong type: {error}", kind="unparsable") from error
    if type(answer.output) is not str:
        answer = replace(answer, output=parse(data))
    return answer, data


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


def forget(task: asyncio.Future[Any]) -> None:
    """Take note of what came too late, so that it is not reported as overlooked."""
    if not task.cancelled():
        task.exception()
