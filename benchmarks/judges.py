"""What human labels are worth beside judges, and whether the intervals keep their word.

    python benchmarks/judges.py [--runs 1000] [--seeds 2000]    (make bench-judges)

Truth is the mean of the whole table; each run draws 1,000 items from it with replacement, and n of
those get labels. The multiplier is the ratio of the variances of the two estimates over the runs,
labels alone to labels with judges; beside it stands the ratio of the squared mean widths.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb
import numpy as np

from liftgate import stats
from liftgate.errors import NotEnoughData

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


def sides(name: str, above: int, below: int, runs: int) -> None:
    """Print how often a one-sided claim at 5 % was false, on both sides."""
    print(
        f"one-sided error at 5 %, {name}: {100 * above / runs:.1f} % and "
        f"{100 * below / runs:.1f} % ({runs} runs)",
        flush=True,
    )


def trial(
    label: np.ndarray,
    table: np.ndarray,
    n: int,
    rng: np.random.Generator,
    tallies: list[Tally],
    features: np.ndarray | None = None,
) -> None:
    """Draw the locked items and their labels, and estimate with and without the judges."""
    rows = rng.integers(0, label.size, LOCKED)
    drawn = rng.permutation(LOCKED)[:n]
    here = label[rows]
    alone, ours, naive = tallies
    alone.add(stats.mean(here[drawn], **UNIT))
    weak = None if features is None else features[rows]
    ours.add(stats.judged_mean(here[drawn], drawn, judge=table[rows], features=weak, **UNIT))
    naive.add(stats.mean(table[rows, 0], kind="unbounded"))


def run(
    name: str,
    label: np.ndarray,
    table: np.ndarray,
    runs: int,
    sizes: tuple[int, ...] = SIZES,
    features: np.ndarray | None = None,
) -> list[list[Tally]]:
    """Print multiplier and coverage for each number of labels, and return what was counted."""
    found = []
    for n in sizes:
        rng = np.random.default_rng(n)
        tallies = [Tally(float(label.mean())) for _ in range(3)]
        for _ in range(runs):
            trial(label, table, n, rng, tallies, features)
        line(name, n, *tallies[:2], f"; judge alone covers {tallies[2].coverage:.0f} %")
        found.append(tallies)
    return found


def first_wins(given: np.ndarray) -> np.ndarray:
    """Return 1 where the first answer is preferred, 0 where the second is, 0.5 for a tie."""
    return np.select([given == 1, given == 2], [1.0, 0.0], 0.5)


def read_pandalm() -> dict[str, np.ndarray]:
    """Return the table's columns."""
    path = DATA / "pandalm_human3.parquet"
    columns = ("a1", "a2", "a3", "gpt35", "pandalm", "l1", "l2")
    rows = duckdb.sql(f"select {', '.join(columns)} from '{path}'").fetchnumpy()
    return {name: np.ma.filled(rows[name].astype(float), np.nan) for name in columns}


def votes() -> np.ndarray:
    """Return what each of three people says of PandaLM's pairs, shape (items, 3)."""
    found = read_pandalm()
    return np.column_stack([first_wins(found[name]) for name in ("a1", "a2", "a3")])


def pandalm() -> tuple[np.ndarray, np.ndarray]:
    """Return the majority of three people, and two judges with the lengths' difference."""
    found = read_pandalm()
    said = np.stack([found[name] for name in ("a1", "a2", "a3")])
    counts = np.stack([(said == value).sum(axis=0) for value in (0, 1, 2)])
    majority = np.where(counts.max(axis=0) > 1, counts.argmax(axis=0), 0)
    longer = np.log1p(found["l1"]) - np.log1p(found["l2"])
    table = [first_wins(found["gpt35"]), first_wins(found["pandalm"]), longer]
    return first_wins(majority), np.column_stack(table)


def alpaca(systems: int = 8) -> list[tuple[str, np.ndarray, np.ndarray]]:
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
        if np.ptp(columns[0]) == 0 or np.ptp(label) == 0:
            continue
        columns.append([judges[strong][item][1] for item in items])
        r = np.corrcoef(label, np.array(columns[0]))[0, 1]
        found.append(
            (
                f"alpaca_eval {system} (first of {len(others)} judges r {r:.2f})",
                label,
                np.column_stack(columns),
            )
        )
    # Evenly over the systems, from those whose judges know least to those whose know most.
    found.sort(key=lambda one: abs(np.corrcoef(one[1], one[2][:, 0])[0, 1]))
    places = np.linspace(0, len(found) - 1, min(systems, len(found))).astype(int)
    return [found[place] for place in places]


def biased(seeds: int) -> None:
    """A judge that gives 8 points too much, on binary labels, correlation about 0.6."""
    rng = np.random.default_rng(8)
    truth, n = 0.5, 100
    tallies = [Tally(truth) for _ in range(3)]
    for _ in range(seeds):
        label = (rng.random(LOCKED) < truth).astype(float)
        judge = label + 0.08 + rng.normal(0, 0.65, LOCKED)
        drawn = rng.permutation(LOCKED)[:n]
        tallies[0].add(stats.mean(label[drawn], **UNIT))
        tallies[1].add(stats.judged_mean(label[drawn], drawn, judge=judge, **UNIT))
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


def worlds(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, ...]:
    """Return label, judge, cluster, labelled items and their chances of one made-up world."""
    cluster = np.arange(LOCKED)
    if kind in ("whole answers", "single statements"):
        cluster = np.repeat(np.arange(200), rng.integers(2, 9, 200))
    hidden = 0.8 * rng.normal(size=cluster.max() + 1)[cluster] + 0.6 * rng.normal(size=cluster.size)
    label, judge = (hidden > 0).astype(float), hidden + rng.normal(0, 0.9, cluster.size) + 0.5
    chance = np.full(cluster.size, 0.2)
    if kind == "stored chances":
        chance = np.clip(0.05 + 0.35 * np.exp(-np.abs(judge - 0.5) / 2), 0, 1)
        drawn = np.flatnonzero(rng.random(cluster.size) < chance)
    elif kind == "whole answers":
        drawn = np.flatnonzero(np.isin(cluster, rng.permutation(200)[:50]))
    else:
        size = 300 if kind == "single statements" else int(kind.split(maxsplit=1)[0])
        drawn = rng.permutation(cluster.size)[:size]
    return label, judge, cluster, drawn, chance


def levels(runs: int) -> None:
    """One-sided error at 5 %, on both sides, in made-up worlds whose mean is one half."""
    kinds = (*(f"{n} labels" for n in SIZES), "whole answers", "single statements")
    for kind in (*kinds, "stored chances"):
        rng = np.random.default_rng(10)
        above = below = 0
        for _ in range(runs):
            label, judge, cluster, drawn, chance = worlds(rng, kind)
            found = stats.judged_mean(
                label[drawn],
                drawn,
                judge=judge,
                cluster=None if cluster.size == LOCKED else cluster,
                probability=chance[drawn] if kind == "stored chances" else None,
                level=0.9,
                **UNIT,
            )
            above, below = above + (found.low > 0.5), below + (found.high < 0.5)
        sides(kind, above, below, runs)


def differences(runs: int) -> None:
    """The same for the paired difference of two arms that are alike, 100 labelled pairs."""
    for n in SIZES:
        rng = np.random.default_rng(11)
        above = below = 0
        for _ in range(runs):
            hidden = rng.normal(size=LOCKED) + rng.normal(size=(2, LOCKED))
            arms = (hidden > 0).astype(float)
            judges = hidden + rng.normal(0, 1, hidden.shape) + [[0.4], [0.0]]
            drawn = rng.permutation(LOCKED)[:n]
            found = stats.judged_difference(
                *arms[:, drawn],
                drawn,
                candidate_judge=judges[0],
                baseline_judge=judges[1],
                level=0.9,
                **UNIT,
            )
            above, below = above + (found.low > 0), below + (found.high < 0)
        sides(f"paired difference, {n} labels", above, below, runs)


RATES = (
    (0.02, 0.9, 0.95, 500, 40, 160),
    (0.1, 0.8, 0.9, 500, 30, 120),
    (0.3, 0.8, 0.8, 300, 30, 70),
    (0.5, 0.7, 0.7, 1000, 50, 50),
    (0.5, 0.95, 0.95, 200, 30, 30),
    (0.1, 0.99, 0.99, 1000, 40, 160),
    (0.8, 0.9, 0.6, 500, 80, 20),
)
"""True rate, sensitivity, specificity, items, positive and negative labels."""


def rates(runs: int) -> None:
    """One-sided error at 5 % of corrected rates, refusals counted as no rejection."""
    rng = np.random.default_rng(12)
    for rate, se, sp, n, positives, negatives in RATES:
        above = below = refused = 0
        label = np.repeat([1, 0], [positives, negatives])
        chance = np.repeat([se, 1 - sp], [positives, negatives])
        for _ in range(runs):
            truth = rng.random(n) < rate
            flagged = rng.random(n) < np.where(truth, se, 1 - sp)
            try:
                found = stats.corrected_rate(
                    flagged,
                    calibration_flagged=rng.random(label.size) < chance,
                    calibration_label=label,
                    level=0.9,
                )
            except NotEnoughData:
                refused += 1
                continue
            above, below = above + (found.low > rate), below + (found.high < rate)
        print(
            f"corrected rate {rate}, Se {se}, Sp {sp}, {n} items, {label.size} labels: one-sided "
            f"error {100 * above / runs:.1f} % and {100 * below / runs:.1f} %, "
            f"{100 * refused / runs:.1f} % refused",
            flush=True,
        )


def draws(seeds: int) -> None:
    """Print coverage and width at the gate's null for a judge that favours the candidate.

    The true difference is 0, the judge finds 8 points; 100 of 1,000 items have labels, drawn with
    equal chances or more often where the judge sees a difference.
    """
    for name, uneven in (("even", False), ("uneven", True)):
        rng = np.random.default_rng(2026)
        ours, naive = Tally(0.0), Tally(0.0)
        for _ in range(seeds):
            hard = rng.random(LOCKED)
            people = np.array([(hard < 0.6) ^ (rng.random(LOCKED) < 0.15) for _ in range(2)], float)
            judge = np.where(rng.random((2, LOCKED)) < 0.08, 1 - people, people)
            taken_in = (judge[1] == 0) & (rng.random(LOCKED) < 0.08 / 0.46)
            judge[1] = np.where(taken_in, 1.0, judge[1])
            size = np.hypot(judge[1] - judge[0], 0.5) if uneven else np.zeros(LOCKED)
            chance = stats.label_chances(size, 100)
            drawn = stats.systematic_draw(chance, seed=int(rng.integers(2**31)))
            labels = [side[drawn] for side in people]
            asked = {"candidate_judge": judge[1], "baseline_judge": judge[0]}
            chances = chance[drawn] if uneven else None
            ours.add(
                stats.judged_difference(
                    labels[1], labels[0], drawn, probability=chances, **asked, **UNIT
                )
            )
            naive.add(stats.paired_difference(judge[1], judge[0], **UNIT))
        print(
            f"judge favours the candidate by 8 points, {name} draw of 100: ours covers "
            f"{ours.coverage:.1f} %, mean width {np.mean(ours.widths):.3f}; "
            f"the judge alone covers {naive.coverage:.1f} %"
        )


def main() -> None:
    """Print one line for each question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=2_000)
    given = parser.parse_args()
    if (DATA / "pandalm_human3.parquet").exists():
        run("PandaLM, 2 judges and length", *pandalm(), given.runs)
    else:
        print(f"SKIPPED: no tables in {DATA} (LIFTGATE_DATA)", file=sys.stderr)
    biased(given.seeds)
    useless(given.seeds)
    levels(given.seeds)
    differences(given.seeds)
    rates(given.seeds)
    draws(given.seeds)
    if (DATA / "alpaca_eval.parquet").exists():
        for name, label, table in alpaca():
            run(name, label, table, given.runs // 2)


if __name__ == "__main__":
    main()
