"""What ``gate simulate`` says from a small pilot, against the whole gate replayed on real pairs.

For each pair of real systems: a pilot of 120 of its items predicts P(SHIP) at the pair's own true
effects, the rates at the null, and the worst false ship. Then the whole gate is replayed on fresh
draws of 300 items from all items of the pair, the truth being their means. The gate has two
claims: the judge's preference superior, and the share of items won not worse by five points.

    python benchmarks/gate_against_replays.py [--pairs 120] [--looks 5] [--runs 4000] [--seed 0]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate import points
from liftgate.gates.calibrate.characteristics import Rate, Simulation, Wanted
from liftgate.gates.calibrate.engine import SHIP, Engine, Plan
from liftgate.gates.calibrate.points import Point
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.calibrate.world import World, world
from liftgate.records import Claim, Design, Pairing, Pairs, Part, Population, Scale, ScoreKind

JUDGE = "weighted_alpaca_eval_gpt4_turbo"
PILOT, ITEMS, ALPHA, BOOTSTRAPS = 120, 300, 0.05, 50
NULL_BAND = 0.015
NEW = Population.NEW_ITEMS
SCALES = {
    "preference": Scale(ScoreKind.GRADED, 0.0, 1.0),
    "won": Scale(ScoreKind.BINARY, 0.0, 1.0),
}
CLAIMS = (
    Claim("primary", Part.PRIMARY, "preference", "superior", {"by": 0.0, "target": 0.05}, NEW),
    Claim("guardrails.0", Part.GUARDRAIL, "won", "non_inferior", {"margin": 0.05}, NEW),
)
ASKED = asked_of(CLAIMS, {})
Floats = NDArray[np.float64]


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


def pairs_of(candidate: Floats, baseline: Floats) -> dict[str, Pairs]:
    """Return both metrics of a pair of systems."""
    sides = {
        "preference": (candidate, baseline),
        "won": ((candidate > 0.5).astype(float), (baseline > 0.5).astype(float)),
    }
    return {
        metric: Pairs(
            metric=metric,
            items=tuple(map(str, range(candidate.size))),
            candidate=after,
            baseline=before,
            cluster=None,
            scale=SCALES[metric],
            slices={},
            pairing=Pairing(candidate.size),
        )
        for metric, (after, before) in sides.items()
    }


def rows(candidate: Floats, baseline: Floats) -> Rows:
    """Return a pair's rows, and the same with the arms swapped."""
    return rows_of(pairs_of(candidate, baseline), ASKED.quantities(), clustered=False)


@dataclass(frozen=True)
class Told:
    """What one pair showed: predicted against realised."""

    ship: float
    low: float
    high: float
    real_ship: Rate
    null: tuple[tuple[Rate, Rate], ...]
    """Predicted and realised: the whole gate without any effect, then each claim at its face."""
    worst: Rate
    worst_upper: float
    real_worst: Rate


def told(whole: Rows, pilot: Rows, plan: Plan, runs: int, seed: int) -> Told:
    """Predict from the pilot, then replay the gate on all rows.

    Raises:
        NotEnoughData: the pilot cannot show the pair's effects, or cannot be put at a face.
    """
    real = as_it_is(whole)
    wanted = Wanted(runs, BOOTSTRAPS, seed, naive=False, curve=False, calls=2 * ITEMS)
    simulation = Simulation(plan, pilot, wanted)
    effects = {
        c.metric: real.mean(q) for c in CLAIMS for q in whole.columns if q.metric == c.metric
    }
    target = points.effect_point("target", ASKED, effects)
    faces = simulation._faces()  # noqa: SLF001 - what the command prints, at the pair's own effects
    zero = simulation._point(points.effect_point("none", ASKED, {}))  # noqa: SLF001
    found = simulation._point(target)  # noqa: SLF001
    spread = simulation._pilots(target)  # noqa: SLF001
    if len(spread.power) < BOOTSTRAPS / 2:
        raise NotEnoughData("most bootstrap pilots cannot show the effects")
    low, high = np.percentile(spread.power, (5, 95))

    engine, rng = Engine(plan, whole), np.random.default_rng([seed, 1])
    null = [(zero.ship, shipped(engine, world(whole, zero_point().placed), runs, rng))]
    for face, listed in zip(faces, points.faces(ASKED), strict=True):
        p = engine.rejections(world(whole, listed.placed), listed.test, runs, rng)
        null.append((face.ships, Rate(int((p <= ALPHA).sum()), runs)))
    return Told(
        found.ship.value,
        float(low),
        float(high),
        shipped(engine, real, runs, rng),
        tuple(null),
        max((f.ships for f in faces), key=lambda r: r.value),
        max(f.ships.upper(0.05 / len(faces)) for f in faces),
        max((r for _, r in null[1:]), key=lambda r: r.value),
    )


def zero_point() -> Point:
    """Return the point without any effect."""
    return points.effect_point("none", ASKED, {})


def as_it_is(whole: Rows) -> World:
    """Return the world that is the pair itself: its rows, all alike, none swapped."""
    weights = np.zeros(2 * whole.clusters)
    weights[: whole.clusters] = 1 / whole.clusters
    return World(whole, weights, "real")


def shipped(engine: Engine, made: World, runs: int, rng: np.random.Generator) -> Rate:
    """Return how often the whole gate ships."""
    words = engine.outcomes([made], runs, rng).words[:, 0]
    return Rate(int((words == SHIP).sum()), runs)


def error(*rates: Rate) -> float:
    """Return the Monte-Carlo standard error of a difference of rates, or of one."""
    found = [(r.count + 1) / (r.runs + 2) for r in rates]
    return math.sqrt(sum(p * (1 - p) / r.runs for p, r in zip(found, rates, strict=True)))


def chosen(table: Floats, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return random pairs, the better one first, whose means differ by at most eight points."""
    systems = table.shape[0]
    everyone = [(a, b) for a in range(systems) for b in range(systems)]
    gaps = {(a, b): float(table[a].mean() - table[b].mean()) for a, b in everyone}
    near = [pair for pair in everyone if 0 < gaps[pair] <= 0.08]
    return [near[i] for i in rng.permutation(len(near))[:count]]


def show(found: list[Told], refused: int, seconds: float) -> None:
    """Print the figures against the goals."""
    count = len(found)
    inside = sum(t.low <= t.real_ship.value <= t.high for t in found)
    nearly = sum(
        t.low - 1.96 * error(t.real_ship) <= t.real_ship.value <= t.high + 1.96 * error(t.real_ship)
        for t in found
    )
    between = [t for t in found if 0.05 < t.real_ship.value < 0.95]
    within = sum(t.low <= t.real_ship.value <= t.high for t in between)
    miss = np.array([t.ship - t.real_ship.value for t in found])
    below = sum(t.real_worst.value - t.worst_upper > 3 * error(t.real_worst) for t in found)
    plain = sum(
        t.real_worst.value - t.worst.value > 3 * error(t.worst, t.real_worst) for t in found
    )
    print(f"{count} pairs in {seconds:.0f} s; {refused} more pilots could not show the effects")
    print(
        f"  realised P(SHIP) inside the printed range: {inside} of {count} "
        f"({100 * inside / count:.1f} %; goal 87 %); {nearly} within its Monte-Carlo error; of "
        f"those between 5 and 95 %: {within} of {len(between)}"
    )
    print(
        f"  P(SHIP): root mean square error {100 * np.sqrt(np.mean(miss**2)):.1f} points, mean "
        f"{100 * miss.mean():+.1f}, widest {100 * np.abs(miss).max():.1f}; realised "
        f"{100 * min(t.real_ship.value for t in found):.0f} to "
        f"{100 * max(t.real_ship.value for t in found):.0f} %"
    )
    for place, name in enumerate(("no effect, whole gate", *(c.title for c in CLAIMS))):
        both = [t.null[place] for t in found]
        far = sum(abs(p.value - r.value) > NULL_BAND + 3 * error(p, r) for p, r in both)
        gaps = np.array([p.value - r.value for p, r in both])
        print(
            f"  null, {name}: {far} of {count} beyond 1.5 points + 3 s.e.; root mean square "
            f"{100 * np.sqrt(np.mean(gaps**2)):.2f} points, {100 * gaps.min():+.2f} to "
            f"{100 * gaps.max():+.2f}; realised mean "
            f"{100 * np.mean([r.value for _, r in both]):.2f} %, largest "
            f"{100 * max(r.value for _, r in both):.2f} %"
        )
    print(
        f"  worst false ship realised beyond the printed bound + 3 s.e.: {below} of {count}; "
        f"beyond the printed rate + 3 s.e.: {plain}"
    )


def main() -> None:
    """Run the check."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--looks", type=int, default=1)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    table = scores()
    rng = np.random.default_rng(given.seed)
    looks = tuple((k + 1) / given.looks for k in range(given.looks))
    design = Design.FIXED if given.looks == 1 else Design.PLANNED_LOOKS
    plan = Plan(ASKED, SCALES, ALPHA, ALPHA, 1, ITEMS, looks, design)
    start = time.perf_counter()
    found, refused = [], 0
    for number, (a, b) in enumerate(chosen(table, 2 * given.pairs, rng)):
        if len(found) == given.pairs:
            break
        drawn = rng.permutation(table.shape[1])[:PILOT]
        whole, pilot = rows(table[a], table[b]), rows(table[a][drawn], table[b][drawn])
        try:
            found.append(told(whole, pilot, plan, given.runs, number))
        except NotEnoughData:
            refused += 1
    show(found, refused, time.perf_counter() - start)


if __name__ == "__main__":
    main()
