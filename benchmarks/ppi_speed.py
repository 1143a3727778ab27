"""One mean from 1,000 labels and a million unlabelled items, as a multiple of ppi-python's time.

    LIFTGATE_PEERS=python-with-ppi-python-0.2.3 python benchmarks/ppi_speed.py (make bench-judges)

The peer runs by the interpreter in LIFTGATE_PEERS; without one it is skipped, aloud. Least wall
time of some rounds; a busy machine slows the peer more than ours, so that the load is printed, too.
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
took = []
for _ in range(40):
    start = time.perf_counter()
    ppi_mean_ci(label, judge, everywhere)
    took.append(time.perf_counter() - start)
print(min(took))
"""


def main() -> None:
    """Print both times and the ratio."""
    rng = np.random.default_rng(0)
    label = rng.normal(size=1_000)
    judge = np.concatenate([label + rng.normal(size=1_000), rng.normal(size=1_000_000) * 2**0.5])
    labelled = np.arange(1_000)
    mine = least(lambda: stats.judged_mean(label, labelled, judge=judge, kind="unbounded"))
    peer = os.environ.get("LIFTGATE_PEERS")
    if not peer:
        print(
            f"PPI mean, 1e6 unlabelled: {1000 * mine:.2f} ms; SKIPPED: no ppi-python "
            "(LIFTGATE_PEERS=path of a python that has ppi-python 0.2.3)"
        )
        return
    done = subprocess.run([peer, "-c", PEER], capture_output=True, text=True, check=True)
    theirs = float(done.stdout)
    print(
        f"PPI mean, 1e6 unlabelled: {1000 * mine:.2f} ms, ppi-python {1000 * theirs:.1f} ms: "
        f"{theirs / mine:.0f} times; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )


def least(call: Callable[[], object], rounds: int = 100) -> float:
    """Return the least wall time."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    main()
