"""What statistics cost: 10 metrics at n = 100,000, set metrics, and the import beyond numpy's."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from liftgate import stats

ITEMS = 100_000
METRICS = 10
ROUNDS = 9


def seconds(call: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare() -> None:
    """Time paired_difference of all metrics, by kind and by units."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, ITEMS // 5, ITEMS)
    clusters = {
        "single items": None,
        "clusters": labels,
        "clusters named in text": np.array([f"page {label}" for label in labels]),
    }
    baseline = (rng.random((METRICS, ITEMS)) < 0.6).astype(float)
    candidate = np.where(rng.random((METRICS, ITEMS)) < 0.1, 1 - baseline, baseline)
    graded = rng.random((METRICS, ITEMS))
    moved = np.clip(graded + rng.normal(0, 0.1, graded.shape), 0, 1)
    kinds = {
        "binary": (candidate, baseline, {"kind": "binary"}),
        "graded": (moved, graded, {"kind": "graded", "score_range": (0, 1)}),
    }
    for kind, (ours, theirs, options) in kinds.items():
        for units, cluster in clusters.items():

            def all_metrics(a=ours, b=theirs, o=options, c=cluster) -> None:
                for one, other in zip(a, b, strict=True):
                    stats.paired_difference(one, other, cluster=c, **o)

            took = min(seconds(all_metrics) for _ in range(3))
            print(f"stats: {METRICS} {kind} metrics, {ITEMS} items, {units}: {took:.3f} s")


def whole_sets() -> None:
    """Time the metrics that are no mean over items, and max-T."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 20, ITEMS)
    arms = [np.where(rng.random(ITEMS) < 0.7, truth, rng.integers(0, 20, ITEMS)) for _ in "ab"]
    calls = {
        "macro-F1, 20 classes": lambda: stats.macro_f1_difference(truth, *arms),
        "AUROC": lambda: stats.auroc_difference(truth > 9, *(a + rng.random(ITEMS) for a in arms)),
    }
    for name, call in calls.items():
        print(f"stats: jackknife of {name}, {ITEMS} items: {seconds(call):.3f} s")
    scores = rng.random((2, 2_000, 10))
    took = seconds(lambda: stats.max_t(*scores))
    print(f"stats: max-T of 10 metrics, 2000 items, 9,999 flips: {took:.3f} s")


def cpu_seconds(code: str) -> float:
    """Return the user and system time of a fresh Python that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports() -> None:
    """Time the import of every public name beyond numpy's own, in turn on the same machine."""
    ours = "import numpy; from liftgate import stats; [getattr(stats, n) for n in stats.__all__]"
    rounds = [
        (
            cpu_seconds("import numpy; import liftgate.stats"),
            cpu_seconds(ours),
            cpu_seconds("import numpy"),
        )
        for _ in range(ROUNDS)
    ]
    package, names, bare = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(
        f"stats: import {1000 * (package - bare):.0f} ms of CPU beyond numpy's {1000 * bare:.0f}, "
        f"with every public name {1000 * (names - bare):.0f} (median of {ROUNDS})"
    )


if __name__ == "__main__":
    compare()
    whole_sets()
    imports()
