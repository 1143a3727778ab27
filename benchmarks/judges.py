"""What human labels are worth beside judges, and whether the intervals keep their word.

    python benchmarks/judges.py [--runs 1000] [--seeds 2000]

Truth is the mean of the whole table; each run draws 1,000 items from it with replacement, and n of
those get labels. The multiplier is the ratio of the variances of the two estimates over the runs,
labels alone to labels with judges; beside it stands the ratio of the squared mean widths. Speed is
process time against ppi-python, run by the interpreter in LIFTGATE_PEERS; without one it is
skipped, aloud.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from liftgate import stats

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LIFTGATE_DATA", ROOT.parent / "shared" / "data"))
LOCKED = 1_000
SIZES = (50, 100, 200)
UNIT = {"kind": "graded", "score_range": (0, 1)}


class Tally:
    """Estimates, widths and hits of one method over the runs."""

    def __init__(self, truth: float) -> None:
        self.truth = truth
        self.values: list[float] = []
        self.widths: list[float] = []
        self.hits = 0

    def add(self, found: stats.Estimate) -> None:
        """Take one estimate."""
        self.values.append(found.value)
        self.widths.append(found.high - found.low)
        self.hits += found.low <= self.truth <= found.high

    @property
    def coverage(self) -> float:
        """Share of the intervals that hold the truth, in per cent."""
        return 100 * self.hits / len(self.values)

    @property
    def variance(self) -> float:
        """Variance of the estimates."""
        return float(np.var(self.values, ddof=1))

    @property
    def width(self) -> float:
        """Mean width."""
        return float(np.mean(self.widths))


def line(name: str, n: int, alone: Tally, ours: Tally, extra: str = "") -> None:
    """Print one comparison."""
    print(
        f"{name}, {n} labels: multiplier {alone.variance / ours.variance:.2f} (widths "
        f"{(alone.width / ours.width) ** 2:.2f}), coverage {ours.coverage:.1f} % "
        f"(labels alone {alone.coverage:.1f} %){extra}",
        flush=True,
    )


def trial(
    label: np.ndarray, table: np.ndarray, n: int, rng: np.random.Generator, tallies: list[Tally]
) -> None:
    """Draw the locked items and their labels, and estimate with and without the judges."""
    rows = rng.integers(0, label.size, LOCKED)
    drawn = rng.permutation(LOCKED)[:n]
    here = label[rows]
    alone, ours, naive = tallies
    alone.add(stats.mean(here[drawn], **UNIT))
    ours.add(stats.judged_mean(here[drawn], drawn, judge=table[rows], **UNIT))
    naive.add(stats.mean(table[rows, 0], kind="unbounded"))


def run(
    name: str, label: np.ndarray, table: np.ndarray, runs: int, sizes: tuple[int, ...] = SIZES
) -> None:
    """Print multiplier and coverage for each number of labels."""
    for n in sizes:
        rng = np.random.default_rng(n)
        tallies = [Tally(float(label.mean())) for _ in range(3)]
        for _ in range(runs):
            trial(label, table, n, rng, tallies)
        line(name, n, *tallies[:2], f"; judge alone covers {tallies[2].coverage:.0f} %")


def pandalm() -> tuple[np.ndarray, np.ndarray]:
    """Return the majority of three people, and two judges with the lengths' difference."""
    path = DATA / "pandalm_human3.parquet"
    columns = ("a1", "a2", "a3", "gpt35", "pandalm", "l1", "l2")
    rows = duckdb.sql(f"select {', '.join(columns)} from '{path}'").fetchnumpy()
    found = {name: np.ma.filled(rows[name].astype(float), np.nan) for name in columns}

    def first_wins(given: np.ndarray) -> np.ndarray:
        return np.select([given == 1, given == 2], [1.0, 0.0], 0.5)

    votes = np.stack([found[name] for name in ("a1", "a2", "a3")])
    counts = np.stack([(votes == value).sum(axis=0) for value in (0, 1, 2)])
    majority = np.where(counts.max(axis=0) > 1, counts.argmax(axis=0), 0)
    longer = np.log1p(found["l1"]) - np.log1p(found["l2"])
    table = [first_wins(found["gpt35"]), first_wins(found["pandalm"]), longer]
    return first_wins(majority), np.column_stack(table)


def alpaca(systems: int = 6) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return systems with the strong judge's preference as label and cheaper judges as judges."""
    path = DATA / "alpaca_eval.parquet"
    strong = "weighted_alpaca_eval_gpt4_turbo"
    rows = duckdb.sql(
        f"select system, judge, item, preference, len1, len2 from '{path}' "
        "where preference between 0 and 1 order by system, judge, item"
    ).fetchall()
    by: dict[str, dict[str, dict[object, tuple[float, float]]]] = {}
    for system, judge, item, preference, one, other in rows:
        gap = float(np.log1p(other or 0) - np.log1p(one or 0))
        by.setdefault(system, {}).setdefault(judge, {})[item] = (preference, gap)
    found = []
    for system, judges in by.items():
        others = [judge for judge in judges if judge != strong]
        if strong not in judges or not others:
            continue
        items = sorted(set.intersection(*(set(judges[judge]) for judge in judges)))
        if len(items) < 400:
            continue
        label = np.array([judges[strong][item][0] for item in items])
        columns = [[judges[judge][item][0] for item in items] for judge in others]
        columns.append([judges[strong][item][1] for item in items])
        found.append((f"alpaca_eval {system}", label, np.column_stack(columns)))
    return found[:systems]


def biased(seeds: int) -> None:
    """A judge that gives 8 points too much, on binary labels, correlation about 0.6."""
    rng = np.random.default_rng(8)
    truth, n = 0.5, 100
    tallies = [Tally(truth) for _ in range(3)]
    for _ in range(seeds):
        label = (rng.random(LOCKED) < truth).astype(float)
        judge = label + 0.08 + rng.normal(0, 0.65, LOCKED)
        drawn = rng.permutation(LOCKED)[:n]
        tallies[0].add(stats.mean(label[drawn], kind="binary"))
        tallies[1].add(stats.judged_mean(label[drawn], drawn, judge=judge, kind="binary"))
        tallies[2].add(stats.mean(judge, kind="unbounded"))
    line(
        f"judge biased by 8 points, {seeds} seeds",
        n,
        *tallies[:2],
        f"; naive interval covers {tallies[2].coverage:.1f} %",
    )


def useless(seeds: int) -> None:
    """Judges that know nothing: what do they cost?"""
    rng = np.random.default_rng(9)
    for judges in (1, 3):
        for n in (50, 200):
            tallies = [Tally(0.5) for _ in range(2)]
            for _ in range(seeds):
                label = (rng.random(LOCKED) < 0.5).astype(float)
                drawn = rng.permutation(LOCKED)[:n]
                noise = rng.normal(size=(LOCKED, judges))
                # The same t for both: a score test on labels alone would mix two comparisons.
                tallies[0].add(stats.mean(label[drawn], **UNIT))
                tallies[1].add(stats.judged_mean(label[drawn], drawn, judge=noise, **UNIT))
            line(f"{judges} useless judges", n, *tallies)


PEER = """
import sys, time
import numpy as np
from ppi_py import ppi_mean_ci
rng = np.random.default_rng(0)
label = rng.normal(size=1_000)
judge, everywhere = label + rng.normal(size=1_000), rng.normal(size=1_000_000) * 2**0.5
took = []
for _ in range(12):
    start = time.perf_counter()
    ppi_mean_ci(label, judge, everywhere)
    took.append(time.perf_counter() - start)
print(min(took))
"""


def speed() -> None:
    """One mean with 1,000 labels and a million unlabelled items, least wall time of some rounds."""
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
        f"{theirs / mine:.0f} times"
    )


def least(call: Callable[[], object], rounds: int = 30) -> float:
    """Return the least wall time."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Print one line for each question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=2_000)
    given = parser.parse_args()
    speed()
    if (DATA / "pandalm_human3.parquet").exists():
        run("PandaLM, 2 judges and length", *pandalm(), given.runs)
    else:
        print(f"SKIPPED: no tables in {DATA} (LIFTGATE_DATA)", file=sys.stderr)
    biased(given.seeds)
    useless(given.seeds)
    if (DATA / "alpaca_eval.parquet").exists():
        for name, label, table in alpaca():
            run(name, label, table, given.runs // 2)


if __name__ == "__main__":
    main()
