"""Progress of long work on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from liftgate.protocols import Progress

LINE_EVERY_SECONDS = 10.0


@contextmanager
def progress_printer(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Yield a callback that shows progress; it never shows a score."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as callback:
            yield callback
    else:
        yield _lines()


def describe(progress: Progress) -> str:
    """Return one line: what, done of total, reused, failed, rate and time left."""
    parts = [f"{progress.stage}: {progress.done:,} of {progress.total:,}"]
    if progress.reused:
        parts.append(f"{progress.reused:,} known")
    if progress.failed is not None:
        parts.append(f"{progress.failed:,} failed")
    if progress.rate:
        parts.append(f"{progress.rate:,.1f}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{_clock(progress.seconds_left)} left")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _lines() -> Callable[[Progress], None]:
    shown: dict[str, float] = {}

    def show(progress: Progress) -> None:
        now = time.monotonic()
        due = now - shown.get(progress.stage, -LINE_EVERY_SECONDS) >= LINE_EVERY_SECONDS
        if not due and progress.done < progress.total:
            return
        shown[progress.stage] = now
        click.echo(describe(progress), err=True)

    return show


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task("", total=progress.total)
            bars.update(
                tasks[progress.stage],
                total=progress.total,
                completed=progress.done,
                description=describe(progress),
            )

        yield show
