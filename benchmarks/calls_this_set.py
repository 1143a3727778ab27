"""How many of a candidate's calls a verdict about a fixed set takes, on real pairs.

Every pair of the 58 AlpacaEval systems, on the 797 items that all of them answered, as judged by
weighted_alpaca_eval_gpt4_turbo. The first of a pair in the alphabet is the baseline, whose results
are all known; the second is the candidate, called in random order until the test says which mean
over the set is larger (two-sided 5 %). History is the named number of other systems, drawn anew for
each pair, or all others.

Then the exact null: real differences are re-signed at random and evened out until they sum to
nothing, so that every verdict is wrong.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liftgate.stats import FiniteSetTest, SetReading

SEED = 0
HISTORY = 5
NULL_RUNS = 2000
BUCKETS = (0, 1, 2, 5, 10, 20, 100)
SIGN = {SetReading.BETTER: 1, SetReading.WORSE: -1}
Floats = NDArray[np.float64]


def data_file() -> Path:
    """Return where the real data lies: LIFTGATE_DATA, or ../shared/data beside the project."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("LIFTGATE_DATA", beside)) / "alpaca_eval.parquet"


def read(path: Path) -> Floats:
    """Return preferences, shape (systems, items), of the items that every system has."""
    import duckdb

    rows = duckdb.sql(
        f"select system, item, preference from '{path}' "
        "where judge = 'weighted_alpaca_eval_gpt4_turbo' and preference between 0 and 1 "
        "order by system, item"
    ).fetchall()
    table: dict[str, dict[int, float]] = {}
    for system, item, preference in rows:
        table.setdefault(system, {})[item] = preference
    items = sorted(set.intersection(*(set(found) for found in table.values())))
    return np.array([[found[i] for i in items] for found in table.values()])


def outcome(candidate: Floats, baseline: Floats, history: Floats | None) -> tuple[int, float]:
    """Return the verdict (1, −1 or 0) and the share of the candidate's calls that it took."""
    test = FiniteSetTest(baseline, kind="graded", score_range=(0, 1), history=history)
    test.update(candidate)  # decided_at is where a runner that looks after every item stops
    status = test.status
    at = status.items if status.decided_at is None else status.decided_at
    return SIGN.get(status.reading, 0), at / status.items


def shown(name: str, places: Iterator[int], total: int) -> Iterator[int]:
    """Pass the places through and show the progress on a terminal."""
    start = time.perf_counter()
    for done, place in enumerate(places, 1):
        yield place
        if sys.stderr.isatty() or done % 500 == 0:
            took = time.perf_counter() - start
            print(f"  {name}: {done} of {total}, {took:.0f} s", end="\r", file=sys.stderr)
    print(file=sys.stderr)


def real_pairs(scores: Floats, kept: int | None) -> None:
    """Print shares of calls over all pairs; ``kept`` earlier systems, None: all others."""
    rng = np.random.default_rng(SEED)
    systems, items = scores.shape
    pairs = list(combinations(range(systems), 2))
    share, gap, wrong = np.zeros(len(pairs)), np.zeros(len(pairs)), 0
    name = "all other systems" if kept is None else f"{kept} earlier systems"
    for place in shown(name, iter(range(len(pairs))), len(pairs)):
        baseline, candidate = pairs[place]
        order = rng.permutation(items)
        others = np.setdiff1d(np.arange(systems), pairs[place])
        if kept is not None:
            others = rng.choice(others, kept, replace=False)
        ours, theirs = scores[candidate, order], scores[baseline, order]
        verdict, share[place] = outcome(ours, theirs, scores[others][:, order].T)
        difference = float(np.mean(ours - theirs))
        gap[place] = 100 * abs(difference)
        wrong += verdict * np.sign(difference) < 0
    print(
        f"this-set: {len(pairs)} pairs, {name}: mean {share.mean():.1%} of the candidate's calls, "
        f"median {np.median(share):.1%}, wrong verdicts {wrong} ({wrong / len(pairs):.2%})"
    )
    for low, high in pairwise(BUCKETS):
        inside = (gap >= low) & (gap < high)
        print(
            f"  {low}–{high} points: {inside.sum()} pairs, mean {share[inside].mean():.1%}, "
            f"median {np.median(share[inside]):.1%}"
        )


def at_the_null(scores: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return a candidate whose mean over the set is its baseline's, that baseline, and history.

    Arms of a real pair are exchanged item by item at random; what is left of the sum is then taken
    out by exchanging back the items that bring it nearest to 0, and the last crumb from one item.
    """
    systems, items = scores.shape
    chosen = rng.choice(systems, HISTORY + 2, replace=False)
    ours, theirs = scores[chosen[0]].copy(), scores[chosen[1]].copy()
    swap = rng.random(items) < 0.5
    ours[swap], theirs[swap] = theirs[swap], ours[swap]
    for item in rng.permutation(items):
        total = float(np.sum(ours - theirs))
        if abs(total - 2 * (ours[item] - theirs[item])) < abs(total):
            ours[item], theirs[item] = theirs[item], ours[item]
    for item in rng.permutation(items):
        total = float(np.sum(ours - theirs))
        ours[item] = min(1.0, max(0.0, ours[item] - total))
    order = rng.permutation(items)
    return ours[order], theirs[order], scores[chosen[2:]][:, order].T


def exact_null(scores: Floats, runs: int) -> None:
    """Print how often a verdict is given although the two means are the same."""
    rng = np.random.default_rng(SEED)
    wrong, used = 0, np.zeros(runs)
    for place in shown("exact null", iter(range(runs)), runs):
        ours, theirs, history = at_the_null(scores, rng)
        verdict, used[place] = outcome(ours, theirs, history)
        wrong += verdict != 0
    rate = wrong / runs
    error = math.sqrt(rate * (1 - rate) / runs)
    print(
        f"this-set, exact null: {runs} runs, {HISTORY} earlier systems: {wrong} verdicts, all "
        f"wrong, {rate:.2%} ± {error:.2%} (Monte-Carlo), mean {used.mean():.1%} of the calls"
    )


def main() -> None:
    """Print shares of calls on real pairs, and errors at the exact null."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--null-runs", type=int, default=NULL_RUNS)
    chosen = options.parse_args()
    path = data_file()
    if not path.exists():
        print(f"this-set: not run, {path.name} is not beside the project; set LIFTGATE_DATA")
        return
    scores = read(path)
    real_pairs(scores, HISTORY)
    real_pairs(scores, None)
    exact_null(scores, chosen.null_runs)


if __name__ == "__main__":
    main()
