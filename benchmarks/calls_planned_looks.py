"""Which share of the candidate's calls ten planned looks need, over all pairs of real systems.

Population new-items: the verdict is the sign of the mean difference on items like these, each
direction tested one-sided at alpha with its own spending boundary. All pairs of the systems with
results on all common items; order of items, direction and history drawn with seed 0.

    python benchmarks/calls_planned_looks.py [--pairs N] [--few] [--alpha 0.05] [--power RUNS]
"""

from __future__ import annotations

import argparse
import itertools
import os
from pathlib import Path

import numpy as np

from liftgate import stats
from liftgate.stats.inputs import Floats
from liftgate.stats.spending import passage_probabilities

JUDGE = "weighted_alpaca_eval_gpt4_turbo"
LOOKS = 10
HANDFUL = 5
NONE, FEW, ALL = "no history", "baseline + 5 systems", "baseline + all others"
BUCKETS = (0, 1, 2, 5, 10, 20, 101)
UNIT = {"kind": stats.ScoreKind.GRADED, "score_range": (0, 1)}


def scores() -> Floats:
    """Return shape (systems, items): the judge's preference for each system on common items."""
    import duckdb

    beside = Path(__file__).parents[2] / "shared" / "data"
    file = Path(os.environ.get("LIFTGATE_DATA", beside)) / "alpaca_eval.parquet"
    rows = duckdb.sql(
        f"select system, item, preference from '{file}' where judge = '{JUDGE}' "
        "and preference between 0 and 1 order by system, item"
    ).fetchall()
    table: dict[str, dict[int, float]] = {}
    for system, item, preference in rows:
        table.setdefault(system, {})[item] = preference
    items = sorted(set.intersection(*(set(found) for found in table.values())))
    return np.array([[found[item] for item in items] for found in table.values()])


def ends(planned: int) -> list[int]:
    """Return the items in all at each look."""
    return [round(planned * (look + 1) / LOOKS) for look in range(LOOKS)]


def calls(
    candidate: Floats, baseline: Floats, covariate: Floats | None, alpha: float
) -> tuple[float, str]:
    """Return the share of the candidate's calls until a verdict, and the verdict."""
    looks = ends(candidate.size)
    test = stats.PlannedLooks(looks, alpha=alpha, covariate=covariate, **UNIT)
    for start, end in itertools.pairwise([0, *looks]):
        status = test.update(candidate[start:end], baseline[start:end])
        if status in {stats.LookStatus.REJECTED, stats.LookStatus.HARM}:
            return end / candidate.size, status.value
    return 1.0, stats.LookStatus.ENDED.value


def full(candidate: Floats, baseline: Floats, alpha: float) -> str:
    """Return the verdict of the single test on all items."""
    found = stats.paired_difference(candidate, baseline, level=1 - 2 * alpha, **UNIT)
    if found.low is not None and found.low > 0:
        return stats.LookStatus.REJECTED.value
    if found.high is not None and found.high < 0:
        return stats.LookStatus.HARM.value
    return stats.LookStatus.ENDED.value


def measure(table: Floats, pairs: list[tuple[int, int]], names: list[str], alpha: float) -> None:
    """Print the shares of calls for each kind of history, overall and by gap."""
    rng = np.random.default_rng(0)
    shares = {name: np.empty(len(pairs)) for name in names}
    verdicts: dict[str, list[str]] = {name: [] for name in names}
    fixed, gaps = [], []
    for at, pair in enumerate(pairs):
        one, other = rng.permutation(np.array(pair))
        order = rng.permutation(table.shape[1])
        rest = np.setdiff1d(np.arange(len(table)), pair)
        few = rng.choice(rest, HANDFUL, replace=False)
        candidate, baseline = table[one][order], table[other][order]
        fixed.append(full(candidate, baseline, alpha))
        gaps.append(100 * abs(float(np.mean(candidate - baseline))))
        systems = {NONE: None, FEW: few, ALL: rest}
        for name in names:
            used = systems[name]
            known = None if used is None else table[np.r_[other, used]][:, order].T
            shares[name][at], verdict = calls(candidate, baseline, known, alpha)
            verdicts[name].append(verdict)
    where = np.digitize(gaps, BUCKETS) - 1
    print(f"{len(pairs)} pairs, {table.shape[1]} items, {LOOKS} looks, alpha {alpha} each side")
    for name in names:
        same = np.mean([a == b for a, b in zip(verdicts[name], fixed, strict=True)])
        opposed = np.mean(
            [{a, b} == {"rejected", "harm"} for a, b in zip(verdicts[name], fixed, strict=True)]
        )
        print(
            f"{name}: mean {100 * shares[name].mean():.1f} %, "
            f"median {100 * np.median(shares[name]):.0f} % of the calls; "
            f"as the full test {100 * same:.1f} %, opposite {100 * opposed:.2f} %"
        )
        for bucket in range(len(BUCKETS) - 1):
            found = shares[name][where == bucket]
            if not found.size:
                continue
            label = f"{BUCKETS[bucket]}-{BUCKETS[bucket + 1]}".replace("20-101", "20+")
            print(f"    gap {label} points: {100 * found.mean():.1f} % ({found.size} pairs)")


def lost(alpha: float) -> None:
    """Print the power lost to the single final test by integration, for normal scores."""
    times = np.arange(1, LOOKS + 1) / LOOKS
    z, (single,) = stats.boundaries(times, alpha), stats.boundaries([1.0], alpha)
    for drift in (1.5, 2.0, 2.5, 3.0, 3.5):
        one = passage_probabilities([1.0], [single], drift).sum()
        many = passage_probabilities(times, z, drift).sum()
        print(
            f"power for normal scores: {100 * one:.1f} % with one look, {100 * many:.1f} % with "
            f"{LOOKS}, lost {100 * (one - many):.2f}"
        )


def power(runs: int, alpha: float) -> None:
    """Print the power of planned looks and of the single final test in a simulated world."""
    rng = np.random.default_rng(1)
    planned, effects = 500, (0.02, 0.035, 0.05)
    for effect in effects:
        won = {"looks": 0, "single": 0}
        for _ in range(runs):
            candidate = np.clip(rng.normal(0.5 + effect, 0.2, planned), 0, 1)
            baseline = np.clip(rng.normal(0.5, 0.2, planned), 0, 1)
            won["looks"] += calls(candidate, baseline, None, alpha)[1] == "rejected"
            won["single"] += full(candidate, baseline, alpha) == "rejected"
        looks, single = 100 * won["looks"] / runs, 100 * won["single"] / runs
        print(
            f"power at +{100 * effect:g} points, {planned} items, {runs} runs: "
            f"{looks:.1f} % with {LOOKS} looks, {single:.1f} % with one, lost {single - looks:.1f}"
        )


def main() -> None:
    """Print shares of calls and power."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=None, help="only this many, drawn at random")
    parser.add_argument("--few", action="store_true", help="leave out the history of all others")
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--power", type=int, default=1000, help="runs of the power simulation")
    options = parser.parse_args()
    table = scores()
    pairs = list(itertools.combinations(range(len(table)), 2))
    if options.pairs is not None:
        drawn = np.random.default_rng(0).choice(len(pairs), options.pairs, replace=False)
        pairs = [pairs[at] for at in drawn]
    names = [NONE, FEW] if options.few else [NONE, FEW, ALL]
    lost(options.alpha)
    measure(table, pairs, names, options.alpha)
    power(options.power, options.alpha)


if __name__ == "__main__":
    main()
