"""Krippendorff's alpha of 100,000 ratings, as a multiple of the krippendorff package's time.

Three shapes of the same 100,000 ratings of 20,000 items: five raters who rate everything, and pools
of 100 and 500 raters of whom five rate each item. The package's plain call takes a table with a row
for each rater, so that its time grows with the raters; ours starts from counts, from a list of
ratings, or from that table. Printed at the end: from how many raters on ours takes a 200th, between
the shapes by interpolation. Then Dawid and Skene's EM on the ratings of the pool of 100, as a
multiple of crowd-kit's time (1.4.2, installed without its dependencies but pandas, scikit-learn and
attrs). The peers run by the interpreter in LIFTGATE_PEERS; without one they are skipped, aloud.
Least wall time of some rounds, in turn; a busy machine slows the package more than ours, so that
the load is printed, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable

import numpy as np

from liftgate import stats

ITEMS, RATERS, CATEGORIES, POOLS = 20_000, 5, 5, (100, 500)
ROUNDS = 30
GOAL = 200

MAKE = f"""
import numpy as np
def make():
    rng = np.random.default_rng(0)
    truth = rng.integers(1, {CATEGORIES} + 1, {ITEMS})[:, None]
    guess = rng.integers(1, {CATEGORIES} + 1, ({ITEMS}, {RATERS}))
    table = np.where(rng.random(guess.shape) < 0.7, truth, guess).astype(float)
    shapes = {{{RATERS}: table}}
    for size in {POOLS}:
        shapes[size] = np.full(({ITEMS}, size), np.nan)
        share = size // {RATERS}
        for place in range({RATERS}):
            who = rng.integers(0, share, {ITEMS}) + share * place
            shapes[size][np.arange({ITEMS}), who] = table[:, place]
    return shapes
"""
PEER = f"""
import json, time
import krippendorff
{MAKE}
shapes = make()
counts = np.stack(
    [(shapes[{RATERS}] == c).sum(axis=1) for c in range(1, {CATEGORIES} + 1)], axis=1)
found = {{}}
for level in ("nominal", "ordinal", "interval"):
    calls = {{
        str(size): lambda table=table: krippendorff.alpha(table.T, level_of_measurement=level)
        for size, table in shapes.items()
    }}
    calls["counts"] = lambda: krippendorff.alpha(
        value_counts=counts, value_domain=list(range(1, {CATEGORIES} + 1)),
        level_of_measurement=level)
    for name, call in calls.items():
        took = []
        for _ in range(8 if name in ("{RATERS}", "counts") else 3):
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
pool = make()[{POOLS[0]}]
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
    """Print the times of each level of measurement, and how they stand to the package's."""
    space: dict[str, Callable[[], dict[int, np.ndarray]]] = {}
    exec(MAKE, space)  # one recipe for both interpreters
    shapes = space["make"]()
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
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for level in stats.Measurement:
        ours = times_of(level, shapes)
        found = ", ".join(f"from {name} {1000 * took:.2f} ms" for name, (took, _) in ours.items())
        print(f"alpha, {level.value}, {ITEMS * RATERS} ratings: {found}")
        if theirs:
            compare(ours, {name: theirs[f"{level.value} {name}"] for name in (*shapes, "counts")})
    consensus(shapes[POOLS[0]], peer)


def times_of(
    level: stats.Measurement, shapes: dict[int, np.ndarray]
) -> dict[str, tuple[float, float]]:
    """Return our time and value from counts, from a list and from the table of each shape."""
    counted = stats.value_counts(shapes[RATERS])
    rows, who = np.nonzero(~np.isnan(shapes[POOLS[0]]))
    listed = shapes[POOLS[0]][rows, who]

    def from_counts() -> float:
        fresh = stats.RatingCounts(counted.counts, counted.names)
        return stats.krippendorff_alpha(fresh, level)

    def from_list() -> float:
        return stats.krippendorff_alpha(stats.value_counts(listed, item=rows), level)

    found = {"counts": least(from_counts), "the list": least(from_list)}
    for size, table in shapes.items():
        found[table_of(size)] = least(lambda table=table: stats.krippendorff_alpha(table, level))
    return found


def table_of(size: int) -> str:
    """Name a shape."""
    return f"a table of {size} raters"


def compare(
    ours: dict[str, tuple[float, float]], theirs: dict[int | str, tuple[float, float]]
) -> None:
    """Print the multiples of the package's times, and from how many raters on they are 200."""
    worst = max(abs(value - theirs["counts"][1]) for _, value in ours.values())
    multiples: dict[str, dict[int, float]] = {"counts": {}, "the list": {}, "the table": {}}
    for size in (RATERS, *POOLS):
        took = theirs[size][0]
        for start, found in multiples.items():
            found[size] = took / ours[table_of(size) if start == "the table" else start][0]
        shown = ", ".join(f"{found[size]:.0f} from {start}" for start, found in multiples.items())
        print(f"  krippendorff 0.9.0, {table_of(size)}: {1000 * took:.0f} ms, times ours: {shown}")
    took = theirs["counts"][0]
    print(
        f"  its value_counts: {1000 * took:.1f} ms, times ours: {took / ours['counts'][0]:.0f} "
        f"from counts; largest difference {worst:.0e}"
    )
    reached = ", ".join(f"{start} {reach(found)}" for start, found in multiples.items())
    print(f"  {GOAL} times: from {reached}")


def reach(multiples: dict[int, float]) -> str:
    """Say from how many raters on the multiple is the goal."""
    sizes, found = list(multiples), list(multiples.values())
    if found[0] >= GOAL:
        return f"with any number of raters from {sizes[0]} on"
    if found[-1] < GOAL:
        return f"not with up to {sizes[-1]} raters ({found[-1]:.0f})"
    return f"with {np.interp(GOAL, found, sizes):.0f} raters or more"


if __name__ == "__main__":
    main()
