"""One call of a system: an answer, or the way in which there was none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from liftgate.canon import canonical, parse, plain
from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.evals.watch import Watch
from liftgate.protocols import System
from liftgate.records import Answer, Failure, Json, Trace, trace_of

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
    trace_data: bytes | None = None
    """The trace's canonical bytes, of a failed call too; None: there is none."""


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
    """Return what became of a call that gave an answer: as it will be read back, for all scorers.

    Raises:
        SystemFailed: it is none.
    """
    if not isinstance(answer, Answer):
        raise SystemFailed(
            f"wrong type: got {type(answer).__name__}, expected an Answer", kind="unparsable"
        )
    trace_data = None
    try:
        data = canonical(answer.output)
        if answer.trace is not None:
            trace_data = _trace_data(answer.trace)
            answer = replace(answer, trace=trace_of(parse(trace_data)))
    except DataError as error:
        raise SystemFailed(f"wrong type: {error}", kind="unparsable") from error
    if type(answer.output) is not str:
        answer = replace(answer, output=parse(data))
    return Called(started_at, seconds, answer, None, "", answer.reported, data, trace_data)


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
        return _failed(started_at, seconds, error, Failure(kind))
    message = _cut(f"{type(error).__name__}: {error}")
    return Called(started_at, seconds, None, Failure.CRASH, message)


def late(started_at: datetime, seconds: float, timeout_s: float) -> Called:
    """Return what became of a call that took too long."""
    message = f"no answer within {timeout_s:g} s"
    return Called(started_at, max(seconds, timeout_s), None, Failure.TIMEOUT, message)


def _failed(started_at: datetime, seconds: float, error: SystemFailed, kind: Failure) -> Called:
    message, trace_data = str(error), None
    if error.trace is not None:
        try:
            trace_data = _trace_data(error.trace)
        except DataError as fault:
            message += f"; its trace is not kept: {fault}"
    return Called(
        started_at, seconds, None, kind, _cut(message), error.reported, trace_data=trace_data
    )


def _trace_data(trace: object) -> bytes:
    """Return a trace's canonical bytes.

    Raises:
        DataError: it is no trace, or cannot be read back.
    """
    if not isinstance(trace, Trace):
        raise DataError(f"trace: got {type(trace).__name__}, expected a Trace")
    try:
        shown = plain(trace.as_json(), place="trace")
        trace_of(shown)
        return canonical(shown)
    except (TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"trace: {error}") from error


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


def forget(task: asyncio.Future[Any]) -> None:
    """Take note of what came too late, so that it is not reported as overlooked."""
    if not task.cancelled():
        task.exception()
