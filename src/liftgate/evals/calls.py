"""One call of a system: an answer, or the way in which there was none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from liftgate.canon import canonical, parse
from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.evals.watch import Watch
from liftgate.protocols import System
from liftgate.records import Answer, Failure, Json

LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Called:
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
        task.add_done_callback(_forget)
        message = f"no answer within {timeout_s:g} s"
        seconds = max(seconds, timeout_s)
        return Called(started_at, seconds, None, Failure.TIMEOUT, message)
    try:
        answer, data = _as_stored(task.result())
        return Called(started_at, seconds, answer, reported=answer.reported, data=data)
    except Unavailable:
        raise
    except SystemFailed as error:
        kind = error.kind if error.kind in set(Failure) else Failure.CRASH
        message, reported = _cut(str(error)), error.reported
        return Called(started_at, seconds, None, Failure(kind), message, reported)
    except asyncio.CancelledError:
        return Called(started_at, seconds, None, Failure.CRASH, "it cancelled itself")
    except Exception as error:  # noqa: BLE001 - whatever a system raises is its outcome
        message = _cut(f"{type(error).__name__}: {error}")
        return Called(started_at, seconds, None, Failure.CRASH, message)


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


def _forget(task: asyncio.Future[Answer]) -> None:
    """Take note of what came too late, so that it is not reported as overlooked."""
    if not task.cancelled():
        task.exception()
