"""How much CPU ``liftgate --help`` takes, as a multiple of a Python that only imports click."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 9


def cpu_seconds(command: list[str]) -> float:
    """Return the user and system time of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run both in turn, so that both see the same machine, and print the ratio of the medians."""
    ours = [str(Path(sys.executable).with_name("liftgate")), "--help"]
    bare = [sys.executable, "-c", "import click"]
    rounds = [(cpu_seconds(ours), cpu_seconds(bare)) for _ in range(ROUNDS)]
    help_cpu, click_cpu = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"startup: liftgate --help {1000 * help_cpu:.0f} ms of CPU, ", end="")
    print(f"{help_cpu / click_cpu:.2f} times a bare import of click (median of {ROUNDS})")


if __name__ == "__main__":
    main()
