"""``asyncio``: all calls in the engine's own event loop. For systems that wait, not compute."""

from __future__ import annotations

from liftgate.protocols import Feed, Work


def in_loop() -> InLoop:
    """Make calls in the engine's event loop."""
    return InLoop()


class InLoop:
    """One worker, in this process."""

    workers = 1

    async def run(self, work: Work, feed: Feed) -> None:
        """Begin each job as soon as it is handed out; see ``protocols.Executor``."""
        worker = work.here()
        try:
            while jobs := await feed.take():
                for job in jobs:
                    worker.begin(job, feed.tell)
        finally:
            await worker.close()
