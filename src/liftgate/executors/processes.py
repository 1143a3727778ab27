"""``processes``: calls in several processes. For systems that compute, and for many cores.

Each worker is a fresh interpreter that opens the arms' systems for itself. A worker that dies takes
no answer with it that had come back: what was under way is begun again, in halves, until the job
that kills its process is alone with it; that one is a crash of its arm.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from liftgate.errors import DataError, LiftgateError
from liftgate.executors.frames import packed
from liftgate.executors.link import Link
from liftgate.protocols import Feed, Work

_AT_ONCE = 8
"""Jobs that one worker takes before another has had its turn."""
_MOST_IDLE_DEATHS = 5


def processes(workers: int | None = None) -> Processes:
    """Make calls in worker processes.

    Args:
        workers: how many; None: one for each core that this process may use.

    Raises:
        DataError: fewer than one.
    """
    if workers is None:
        affinity = getattr(os, "sched_getaffinity", None)
        workers = (os.cpu_count() or 1) if affinity is None else len(affinity(0))
    if workers < 1:
        raise DataError(f"workers: got {workers}, expected at least 1")
    return Processes(workers)


class Processes:
    """A pool of worker processes; each is started when there is something for it to do."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    async def run(self, work: Work, feed: Feed) -> None:
        """Make all calls; see ``protocols.Executor``.

        Raises:
            DataError: something that workers need cannot leave this process.
            LiftgateError: processes cannot be started, or end before they are ready.
        """
        site = _packed(work)
        seats = [_Seat(number, site, feed) for number in range(self.workers)]
        serving = [asyncio.ensure_future(seat.serve()) for seat in seats]
        try:
            await asyncio.wait(serving, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in serving:
                task.cancel()
            results = await asyncio.gather(*serving, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


def _packed(work: Work) -> bytes:
    """Return the bytes of what workers are made of.

    Raises:
        DataError: a part of it stays in this process.
    """
    site = work.elsewhere()
    try:
        return packed(site)
    except Exception as error:
        raise DataError(
            f"what a worker is made of cannot leave this process: {type(error).__name__}: {error}",
            hint="what opens a system or a scorer is to be pickled by name; --executor asyncio "
            "needs no other process",
        ) from error


class _Seat:
    """One worker's place: whoever sits there, one process after another."""

    def __init__(self, number: int, site: bytes, feed: Feed) -> None:
        self._number = number
        self._site = site
        self._feed = feed
        self._link: Link | None = None
        self._suspects: list[list[Any]] = []
        """Jobs that were under way when a process died; each list is begun without the others."""
        self._idle_deaths = 0

    async def serve(self) -> None:
        """Have jobs done until there are no more.

        Raises:
            Exception: what ends the run.
        """
        try:
            while True:
                if self._suspects:
                    await self._clear()
                elif jobs := await self._take():
                    (await self._linked()).begin(jobs)
                    # The others have their turn.
                    await asyncio.sleep(0)
                elif self._link is None or not self._link.ended.done():
                    return
                else:
                    await self._bury(self._link)
        finally:
            if self._link is not None:
                await self._link.close()

    async def _linked(self) -> Link:
        if self._link is None:
            self._link = Link(self._feed.tell, self._stuck)
            await self._link.start(self._number, self._site)
        return self._link

    async def _take(self) -> Sequence[Any]:
        """Return jobs; none when all is over, or when the process has gone meanwhile."""
        if self._link is None:
            return await self._feed.take(_AT_ONCE, at=self._number)
        if self._link.ended.done():
            return ()
        taking = asyncio.ensure_future(self._feed.take(_AT_ONCE, at=self._number))
        try:
            await asyncio.wait({taking, self._link.ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            taken = taking.done()
            if not taken:
                taking.cancel()
        return taking.result() if taken else ()

    async def _bury(self, link: Link) -> None:
        """See what a process left behind when it died."""
        link.ended.result()
        why = await link.why()
        left = self._left(link, why)
        if not left:
            self._idle_deaths += 1
            if self._idle_deaths > _MOST_IDLE_DEATHS:
                raise LiftgateError(
                    f"worker processes end while they have nothing to do: {why}",
                    hint="--executor asyncio needs no other process",
                )
        self._suspects += _halves(left)
        await self._part()

    async def _clear(self) -> None:
        """Have some of the suspects done while nothing else is under way in their process."""
        link = await self._linked()
        if not await link.emptied():
            await self._bury(link)
            return
        jobs = self._suspects.pop()
        link.begin(jobs)
        if await link.emptied():
            return
        why = await link.why()
        alone = len(jobs) == 1
        left = self._left(link, why, blamed=alone)
        self._suspects += [left] if alone and left else _halves(left)
        await self._part()

    def _left(self, link: Link, why: str, *, blamed: bool = False) -> list[Any]:
        jobs = [self._feed.lost(job, why, blamed=blamed) for job in link.under_way.values()]
        link.under_way.clear()
        return [job for job in jobs if job is not None]

    def _stuck(self, job: Any, why: str) -> None:
        again = self._feed.lost(job, why, blamed=True)
        if again is not None and self._link is not None:
            self._link.begin([again])

    async def _part(self) -> None:
        link, self._link = self._link, None
        assert link is not None
        await link.close()


def _halves(jobs: list[Any]) -> list[list[Any]]:
    middle = len(jobs) // 2
    return [half for half in (jobs[middle:], jobs[:middle]) if half]
