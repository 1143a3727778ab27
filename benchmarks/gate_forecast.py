"""Whether a simulated gate foretells the real one: pilots of real pairs against all their items.

Pairs of systems on AlpacaEval, two claims: better answers (right-or-wrong: preferred or not) with
a graded guardrail (the preference itself, 3 points). A pilot of 120 items foretells how often the
gate of 300 items ships, were the true effects those of all items; what comes true is the gate on
items drawn from all of them, arms never swapped. At the null (arms swapped at random) the same for
false ships, and for the worst face.

    python benchmarks/gate_forecast.py [--pairs 100] [--runs 2000] [--pilots 50] [--seed 0]
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import duckdb
import numpy as np
from calls_planned_looks import scores
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate import points
from liftgate.gates.calibrate.characteristics import Rate
from liftgate.gates.calibrate.engine import SHIP, Engine, Plan
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.calibrate.world import ALL_KEPT, Placed, World, world
from liftgate.records import Claim, Pairing, Pairs, Part, Population, Scale, ScoreKind

PILOT, ITEMS, MARGIN, ALPHA = 120, 300, 0.03, 0.05
WIDEST = 0.15
NEW = Population.NEW_ITEMS
SCALES = {
    "won": Scale(ScoreKind.BINARY, 0.0, 1.0),
    "preference": Scale(ScoreKind.GRADED, 0.0, 1.0),
}
ASKED = asked_of(
    [
        Claim("primary", Part.PRIMARY, "won", "superior", {"by": 0.0, "target": 0.1}, NEW),
        Claim(
            "guardrails.0", Part.GUARDRAIL, "preference", "non_inferior", {"margin": MARGIN}, NEW
        ),
    ],
    {},
)
PLAN = Plan(ASKED, SCALES, ALPHA, ALPHA, candidates=1, units=ITEMS)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """One pair: what was foretold, and what came true."""

    foretold: float
    realised: float
    inside: bool
    """Whether it came true within the printed range, Monte-Carlo error of the truth allowed."""
    null_foretold: float
    null_realised: float
    worst_bound: float
    worst_realised: float
    kept: bool


def rows(candidate: Floats, baseline: Floats) -> Rows:
    """Return the rows of some items, arms swapped too."""
    names = tuple(map(str, range(candidate.size)))
    pairs = {
        metric: Pairs(metric, names, after, before, None, SCALES[metric], {}, Pairing(len(names)))
        for metric, after, before in (
            ("won", (candidate > 0.5).astype(float), (baseline > 0.5).astype(float)),
            ("preference", candidate, baseline),
        )
    }
    return rows_of(pairs, ASKED.quantities(), clustered=False)


def ships(made: World, runs: int, rng: np.random.Generator) -> float:
    """Return how often the gate ships in a world."""
    found = Engine(PLAN, made.rows).outcomes([made], runs, rng)
    return float((found.words == SHIP).mean())


def worst(made: Rows, runs: int, rng: np.random.Generator) -> Rate:
    """Return the face that ships most often."""
    engine, found = Engine(PLAN, made), []
    for face in points.faces(ASKED):
        p = engine.rejections(world(made, face.placed), face.test, runs, rng)
        found.append(Rate(int((p <= ALPHA).sum()), runs))
    return max(found, key=lambda rate: rate.value)


def foretell(
    candidate: Floats, baseline: Floats, runs: int, pilots: int, rng: np.random.Generator
) -> Forecast:
    """Foretell the gate from a pilot, and see what comes true.

    Raises:
        NotEnoughData: the pilot cannot show the true effects.
    """
    whole = rows(candidate, baseline)
    # Only the rows as they are: the first half.
    real = World(whole, np.repeat([1.0, 0.0], whole.clusters) / whole.clusters, "")
    placed = [Placed(q, real.mean(q)) for q in whole.columns if q == q.difference]
    drawn = rng.permutation(candidate.size)[:PILOT]
    pilot = rows(candidate[drawn], baseline[drawn])
    tilted = world(pilot, placed)
    found = []
    for _ in range(pilots):
        counts = rng.multinomial(PILOT, np.full(PILOT, 1 / PILOT)).astype(float)
        try:
            again = world(pilot, placed, np.concatenate([counts, counts]))
        except NotEnoughData:
            continue
        found.append(ships(again, min(runs, 1000), rng))
    low, high = np.percentile(found, (5, 95))
    realised = ships(real, runs, rng)
    slack = 2 * math.sqrt(realised * (1 - realised) / runs)
    face, true_face = worst(pilot, runs, rng), worst(whole, runs, rng)
    return Forecast(
        foretold=ships(tilted, runs, rng),
        realised=realised,
        inside=bool(low - slack <= realised <= high + slack),
        null_foretold=ships(world(pilot, ()), runs, rng),
        null_realised=ships(world(whole, ()), runs, rng),
        worst_bound=face.upper(0.025),
        worst_realised=true_face.lower(0.025),
        kept=tilted.kept == ALL_KEPT,
    )


def main() -> None:
    """Print how near forecasts came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--pilots", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    try:
        table = scores()
    except duckdb.IOException:
        print("gate forecast: not run, alpaca_eval.parquet is not there; set LIFTGATE_DATA")
        return
    found: list[Forecast] = []
    refused = 0
    while len(found) + refused < options.pairs:
        one, other = rng.choice(len(table), 2, replace=False)
        if abs(table[one].mean() - table[other].mean()) > WIDEST:
            continue
        try:
            found.append(foretell(table[one], table[other], options.runs, options.pilots, rng))
        except NotEnoughData:
            refused += 1
    report(found, refused, options.runs)


def report(found: list[Forecast], refused: int, runs: int) -> None:
    """Print root mean squared errors and shares."""

    def rmse(pairs: list[tuple[float, float]]) -> float:
        return 100 * math.sqrt(float(np.mean([(a - b) ** 2 for a, b in pairs])))

    power = rmse([(f.foretold, f.realised) for f in found])
    null = rmse([(f.null_foretold, f.null_realised) for f in found])
    inside = 100 * np.mean([f.inside for f in found])
    below = sum(f.worst_bound < f.worst_realised for f in found)
    kept = sum(f.kept for f in found)
    noise = 100 * math.sqrt(
        2 * float(np.mean([f.realised * (1 - f.realised) for f in found])) / runs
    )
    print(
        f"gate forecast: {len(found)} pairs ({refused} refused, {kept} with discordance and "
        f"correlation kept), pilot {PILOT}, gate {ITEMS} items: P(SHIP) within {power:.1f} points "
        f"(r.m.s.; Monte-Carlo alone {noise:.1f}), inside the printed range {inside:.0f} %; at the "
        f"null within {null:.1f} points; worst face bound below the realised one: {below}"
    )


if __name__ == "__main__":
    main()
