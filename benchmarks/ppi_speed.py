"""One mean from 1,000 labels and a million unlabelled items, as a multiple of ppi-python's time.

    LIFTGATE_PEERS=python-with-ppi-python-0.2.3 python benchmarks/ppi_speed.py (make bench-judges)

The peer runs by the interpreter in LIFTGATE_PEERS; without one it is skipped, aloud. Least wall
time and least processor time of some rounds: a busy machine slows the peer's wall time more than
ours, so that the multiple of processor time is nearer to that of a quiet one.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

import numpy as np

from liftgate import stats

PEER = """
import sys, time
import numpy as np
from ppi_py import ppi_mean_ci
rng = np.random.default_rng(0)
label = rng.normal(size=1_000)
judge, everywhere = label + rng.normal(size=1_000), rng.normal(size=1_000_000) * 2**0.5
wall, busy = [], []
for _ in range(12):
    start, spent = time.perf_counter(), time.process_time()
    ppi_mean_ci(label, judge, everywhere)
    wall.append(time.perf_counter() - start)
    busy.append(time.process_time() - spent)
print(min(wall), min(busy))
"""


def main() -> None:
    """Print both times and the ratio."""
    rng = np.random.default_rng(0)
    label = rng.normal(size=1_000)
    judge = np.concatenate([label + rng.normal(size=1_000), rng.normal(size=1_000_000) * 2**0.5])
    labelled = np.arange(1_000)
    mine, mine_busy = least(
        lambda: stats.judged_mean(label, labelled, judge=judge, kind="unbounded")
    )
    peer = os.environ.get("LIFTGATE_PEERS")
    if not peer:
        print(
            f"PPI mean, 1e6 unlabelled: {1000 * mine:.2f} ms; SKIPPED: no ppi-python "
            "(LIFTGATE_PEERS=path of a python that has ppi-python 0.2.3)"
        )
        return
    done = subprocess.run([peer, "-c", PEER], capture_output=True, text=True, check=True)
    theirs, theirs_busy = map(float, done.stdout.split())
    print(
        f"PPI mean, 1e6 unlabelled: {1000 * mine:.2f} ms, ppi-python {1000 * theirs:.1f} ms: "
        f"{theirs / mine:.0f} times; of processor time {1000 * mine_busy:.2f} and "
        f"{1000 * theirs_busy:.1f} ms: {theirs_busy / mine_busy:.0f} times; load "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )


def least(call: Callable[[], object], rounds: int = 100) -> tuple[float, float]:
    """Return the least wall time and the least processor time."""
    wall, busy = [], []
    for _ in range(rounds):
        start, spent = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - start)
        busy.append(time.process_time() - spent)
    return min(wall), min(busy)


if __name__ == "__main__":
    main()
