"""How long simulating a gate takes: 500 items, five claims, five looks, and the default runs.

The ratio is to the real gate: what deciding as often, look by look, would take.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from liftgate import plugins
from liftgate.gates.calibrate.characteristics import PILOT_RUNS, Simulation, Wanted
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.rows import rows_of
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.records import Claim, Design, Pairing, Pairs, Part, Population, Scale, ScoreKind

ITEMS, RUNS, PILOTS = 500, 10_000, 50
LOOKS = (0.2, 0.4, 0.6, 0.8, 1.0)
ALPHA = 0.05
NEW = Population.NEW_ITEMS
BINARY, GRADED = Scale(ScoreKind.BINARY, 0.0, 1.0), Scale(ScoreKind.GRADED, 0.0, 1.0)
CLAIMS = (
    Claim("primary", Part.PRIMARY, "right", "superior", {"by": 0.0, "target": 0.06}, NEW),
    Claim("guardrails.0", Part.GUARDRAIL, "safe", "non_inferior", {"margin": 0.05}, NEW),
    Claim("guardrails.1", Part.GUARDRAIL, "tone", "non_inferior", {"margin": 0.03}, NEW),
    Claim("guardrails.2", Part.GUARDRAIL, "depth", "non_inferior", {"margin": "5%"}, NEW),
    Claim("guardrails.3", Part.GUARDRAIL, "length", "equivalent", {"margin": 0.05}, NEW),
)


def pilot(seed: int) -> dict[str, Pairs]:
    """Return correlated scores of two systems on 500 items."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=ITEMS)

    def moved() -> NDArray[np.float64]:
        return np.asarray((shared + rng.normal(size=ITEMS)) / np.sqrt(2))

    found = {}
    for metric in ("right", "safe", "tone", "depth", "length"):
        change = moved()
        if metric in {"right", "safe"}:
            same = (rng.random(ITEMS) < 0.6).astype(float)
            before = np.where(change > 1.2, 0.0, np.where(change < -1.2, 1.0, same))
            after = np.where(change > 1.2, 1.0, np.where(change < -1.2, 0.0, same))
        else:
            before = rng.uniform(0.3, 0.8, ITEMS)
            after = np.clip(before + 0.12 * change, 0.0, 1.0)
        found[metric] = Pairs(
            metric=metric,
            items=tuple(map(str, range(ITEMS))),
            candidate=after,
            baseline=before,
            cluster=None,
            scale=BINARY if metric in {"right", "safe"} else GRADED,
            slices={},
            pairing=Pairing(ITEMS),
        )
    return found


def seconds_to_simulate(pairs: dict[str, Pairs]) -> tuple[float, int]:
    """Return the wall time of the whole grid, and how often the gate was used in it."""
    asked = asked_of(CLAIMS, {})
    scales = {metric: one.scale for metric, one in pairs.items()}
    rows = rows_of(pairs, asked.quantities(), clustered=False)
    plan = Plan(asked, scales, ALPHA, ALPHA, 1, ITEMS, LOOKS, Design.PLANNED_LOOKS)
    wanted = Wanted(RUNS, PILOTS, seed=1, naive=False, curve=False, calls=2 * ITEMS)
    start = time.perf_counter()
    found = Simulation(plan, rows, wanted).run()
    took = time.perf_counter() - start
    uses = (len(found.faces) + 4) * RUNS + PILOTS * PILOT_RUNS
    for face in found.faces:
        print(f"  {face.title}: ships {100 * face.ships.value:.1f} % ({face.kept})")
    print(f"  at the target: ships {100 * found.target.ship.value:.1f} %")
    return took, uses


def seconds_to_decide(pairs: dict[str, Pairs], times: int = 20) -> float:
    """Return the wall time of deciding once, five looks."""
    rules = {c.id: plugins.load("rules", c.rule)(**c.params) for c in CLAIMS}
    evidence = {"c": {c.id: PairsEvidence(pairs[c.metric], alpha=ALPHA) for c in CLAIMS}}
    start = time.perf_counter()
    for _ in range(times):
        decide(CLAIMS, evidence, rules, alpha=ALPHA, alpha_hold=ALPHA)
    return len(LOOKS) * (time.perf_counter() - start) / times


def main() -> None:
    """Print seconds and the ratio."""
    pairs = pilot(1)
    took, uses = seconds_to_simulate(pairs)
    real = seconds_to_decide(pairs) * uses
    print(
        f"gate simulate: {ITEMS} items, {len(CLAIMS)} claims, {len(LOOKS)} looks, {uses} uses in "
        f"{took:.1f} s, 1/{real / took:.0f} of deciding as often"
    )


if __name__ == "__main__":
    main()
