"""Krippendorff's alpha of 100,000 ratings, as a multiple of the krippendorff package's time.

Two shapes of the same 100,000 ratings of 20,000 items: five raters who rate everything, and a pool
of 100 raters of whom five rate each item, which the package takes as a table of 100 × 20,000. Ours
starts from counts, from the table, and from a list of ratings. Then Dawid and Skene's EM on the
pool's ratings, as a multiple of crowd-kit's time (1.4.2, installed without its dependencies but
pandas, scikit-learn and attrs). The peers run by the interpreter in LIFTGATE_PEERS; without one
they are skipped, aloud. Least wall time of some rounds, in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable

import numpy as np

from liftgate import stats

ITEMS, RATERS, CATEGORIES, POOL = 20_000, 5, 5, 100
ROUNDS = 30

MAKE = f"""
import numpy as np
def make():
    rng = np.random.default_rng(0)
    truth = rng.integers(1, {CATEGORIES} + 1, {ITEMS})[:, None]
    guess = rng.integers(1, {CATEGORIES} + 1, ({ITEMS}, {RATERS}))
    table = np.where(rng.random(guess.shape) < 0.7, truth, guess).astype(float)
    pool = np.full(({ITEMS}, {POOL}), np.nan)
    share = {POOL} // {RATERS}
    for place in range({RATERS}):
        who = rng.integers(0, share, {ITEMS}) + share * place
        pool[np.arange({ITEMS}), who] = table[:, place]
    return table, pool
"""
PEER = f"""
import json, time
import krippendorff
{MAKE}
table, pool = make()
counts = np.stack([(table == c).sum(axis=1) for c in range(1, {CATEGORIES} + 1)], axis=1)
found = {{}}
for level in ("nominal", "ordinal", "interval"):
    calls = {{
        "plain": lambda: krippendorff.alpha(table.T, level_of_measurement=level),
        "pool": lambda: krippendorff.alpha(pool.T, level_of_measurement=level),
        "counts": lambda: krippendorff.alpha(
            value_counts=counts, value_domain=list(range(1, {CATEGORIES} + 1)),
            level_of_measurement=level),
    }}
    for name, call in calls.items():
        took = []
        for _ in range(3 if name == "pool" else 8):
            start = time.perf_counter()
            value = call()
            took.append(time.perf_counter() - start)
        found[f"{{level}} {{name}}"] = (min(took), float(value))
print(json.dumps(found))
"""


ROUNDS_OF_EM = 20
CROWD = (
    """
import json, sys, time, types
from importlib.metadata import distribution
from pathlib import Path
import numpy as np
import pandas as pd
home = Path(str(distribution("crowd-kit").locate_file("crowdkit")))
for name in ("crowdkit", "crowdkit.aggregation"):
    module = types.ModuleType(name)
    module.__path__ = [str(home.joinpath(*name.split(".")[1:]))]
    sys.modules[name] = module
from crowdkit.aggregation.classification.dawid_skene import DawidSkene
"""
    + MAKE
    + f"""
table, pool = make()
rows, who = np.nonzero(~np.isnan(pool))
frame = pd.DataFrame(dict(task=rows, worker=who, label=pool[rows, who].astype(int)))
took = []
for _ in range(3):
    start = time.perf_counter()
    fitted = DawidSkene(n_iter={ROUNDS_OF_EM}, tol=-1e9).fit(frame)
    took.append(time.perf_counter() - start)
print(json.dumps([min(took), fitted.probas_.sort_index()[[1, 2, 3, 4, 5]].to_numpy().tolist()]))
"""
)


def consensus(pool: np.ndarray, peer: str | None) -> None:
    """Time Dawid and Skene's EM against crowd-kit, the same number of rounds."""
    rows, who = np.nonzero(~np.isnan(pool))
    rating = pool[rows, who].astype(int)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        found = stats.dawid_skene(rows, who, rating, most_rounds=ROUNDS_OF_EM)
        took.append(time.perf_counter() - start)
    print(f"Dawid-Skene, {rating.size} ratings, {ROUNDS_OF_EM} rounds: {1000 * min(took):.0f} ms")
    if not peer:
        return
    done = subprocess.run([peer, "-c", CROWD], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  SKIPPED: crowd-kit does not run there: {done.stderr.splitlines()[-1]}")
        return
    theirs, chances = json.loads(done.stdout)
    order = np.argsort(np.array(found.items, dtype=int))
    worst = np.abs(found.chances[order] - np.array(chances)).max()
    print(
        f"  crowd-kit {1000 * theirs:.0f} ms: {theirs / min(took):.0f} times; largest "
        f"difference {worst:.0e}"
    )


def least(call: Callable[[], float]) -> tuple[float, float]:
    """Return the least wall time and the value."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        value = call()
        found.append(time.perf_counter() - start)
    return min(found), value


def main() -> None:
    """Print one line for each level of measurement."""
    space: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {}
    exec(MAKE, space)  # one recipe for both interpreters
    table, pool = space["make"]()
    counted = stats.value_counts(table)
    rows, who = np.nonzero(~np.isnan(pool))
    listed = pool[rows, who]
    peer = os.environ.get("LIFTGATE_PEERS")
    theirs = {}
    if peer:
        done = subprocess.run([peer, "-c", PEER], capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout)
    else:
        print(
            "SKIPPED: no krippendorff package (LIFTGATE_PEERS=path of a python that has "
            "krippendorff 0.9.0)"
        )
    consensus(pool, peer)
    for level in stats.Measurement:

        def from_counts(level=level) -> float:
            fresh = stats.RatingCounts(counted.counts, counted.names)
            return stats.krippendorff_alpha(fresh, level)

        ours = {
            "counts": least(from_counts),
            "table": least(lambda level=level: stats.krippendorff_alpha(table, level)),
            "list": least(
                lambda level=level: stats.krippendorff_alpha(
                    stats.value_counts(listed, item=rows), level
                )
            ),
        }
        times = ", ".join(f"from {name} {1000 * took:.2f} ms" for name, (took, _) in ours.items())
        print(f"alpha, {level.value}, {table.size} ratings: {times}")
        if not theirs:
            continue
        plain, pooled, counts = (
            theirs[f"{level.value} {name}"] for name in ("plain", "pool", "counts")
        )
        worst = max(abs(value - plain[1]) for _, value in ours.values())
        print(
            f"  krippendorff 0.9.0: table of 5 raters {1000 * plain[0]:.0f} ms "
            f"({plain[0] / ours['counts'][0]:.0f} times ours from counts, "
            f"{plain[0] / ours['table'][0]:.0f} from the table), pool of 100 "
            f"{1000 * pooled[0]:.0f} ms ({pooled[0] / ours['counts'][0]:.0f} times from counts, "
            f"{pooled[0] / ours['list'][0]:.0f} from the list), value_counts "
            f"{1000 * counts[0]:.1f} ms ({counts[0] / ours['counts'][0]:.0f} times); "
            f"largest difference {worst:.0e}"
        )


if __name__ == "__main__":
    main()
