"""The paired bootstrap of discrete scores, as a multiple of scipy.stats.bootstrap's time.

10,000 resamples, percentile interval, process time. At n = 100,000 scipy runs 100 resamples and its
time is multiplied by 100, which the line says; with all 10,000 it needs minutes and gigabytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.stats import bootstrap as peer

from liftgate import stats

DRAWS = 10_000
ROUNDS = 5
CASES = ((1_000, DRAWS), (100_000, 100))
"""Items, and how many resamples scipy really runs."""


def seconds(call: Callable[[], object], rounds: int) -> float:
    """Return the least process time of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    """Print one ratio for each size and kind of score."""
    rng = np.random.default_rng(0)
    kinds = {
        "binary": lambda n: rng.integers(0, 2, n).astype(float),
        "graded, 5 values": lambda n: rng.integers(0, 5, n) / 4,
        "continuous": rng.random,
    }
    stats.bootstrap([0.0, 1.0] * 20)
    for n, peer_draws in CASES:
        for kind, make in kinds.items():
            ours, theirs = make(n), make(n)
            start = DRAWS if n <= 1_000 or kind != "continuous" else peer_draws
            mine = seconds(
                lambda a=ours, b=theirs, k=start: stats.bootstrap(a, b, draws=k), ROUNDS
            ) * (DRAWS / start)
            scipys = seconds(
                lambda d=ours - theirs, k=peer_draws: peer(
                    (d,), np.mean, n_resamples=k, method="percentile", batch=100, rng=1
                ),
                2,
            ) * (DRAWS / peer_draws)
            extrapolated = "" if peer_draws == DRAWS else f" (scipy's from {peer_draws} resamples)"
            print(
                f"bootstrap: {n} items, {kind}: {1000 * mine:.1f} ms, "
                f"scipy {1000 * scipys:.0f} ms{extrapolated}: {scipys / mine:.0f} times"
            )


if __name__ == "__main__":
    main()
