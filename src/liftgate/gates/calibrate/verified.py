"""Whole gates in worlds where shipping is wrong, and how often they ship all the same.

The experiments of ``stats.verify`` exercise one method each; these exercise the composition:
claims joined within a candidate, Holm over candidates, looks, clusters, and missing scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from liftgate.gates.calibrate.engine import HOLD, SHIP, Engine, Plan
from liftgate.gates.calibrate.quantities import Asked, asked_of
from liftgate.gates.calibrate.rows import Floats, Rows, rows_of
from liftgate.gates.calibrate.world import Placed, World, world
from liftgate.gates.evidence import PairsEvidence
from liftgate.records import Claim, Design, Pairing, Pairs, Part, Population, Scale, ScoreKind
from liftgate.stats import Mark
from liftgate.stats.verify.cell import (
    ALPHA,
    ASYMPTOTIC_BAND,
    EXACT_BAND,
    Bench,
    Cell,
    Experiment,
    Found,
    What,
)
from liftgate.stats.verify.real import ALPACA, RealData, ordered_pairs, skewness

MARGIN = 0.04
FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
OFTEN = tuple((look + 1) / 20 for look in range(20))
_ITEMS = 600
_UNITS = 200
_SKEWED = 24
_NEAR = 0.1
"""Pairs whose means differ by at most this are the ones that a gate has to tell apart."""
SCALES = {
    "right": Scale(ScoreKind.BINARY, 0.0, 1.0),
    "quality": Scale(ScoreKind.GRADED, 0.0, 1.0),
}
Prepare = Callable[[Pairs], Pairs]
"""What is done with pairs before they are evidence; shipped: nothing."""


@dataclass(frozen=True)
class Use:
    """How a gate is used."""

    words: str
    design: Design = Design.FIXED
    looks: tuple[float, ...] = (1.0,)
    candidates: int = 1
    clustered: bool = False

    @property
    def exact(self) -> bool:
        """Whether every claim is anytime-exact."""
        return self.design is Design.ANYTIME


USES = (
    Use("once"),
    Use("5 planned looks", Design.PLANNED_LOOKS, FIVE),
    Use("unlimited looks", Design.ANYTIME, OFTEN),
    Use("5 candidates", candidates=5),
    Use("5 candidates, 5 planned looks", Design.PLANNED_LOOKS, FIVE, 5),
    Use("5 candidates, unlimited looks", Design.ANYTIME, OFTEN, 5),
    Use("clusters, 5 planned looks", Design.PLANNED_LOOKS, FIVE, clustered=True),
    Use("clusters, unlimited looks", Design.ANYTIME, OFTEN, clustered=True),
)


def unchanged(pairs: Pairs) -> Pairs:
    """Return pairs as they are, gaps included."""
    return pairs


def experiments(real: RealData, prepare: Prepare = unchanged) -> Iterator[Experiment]:
    """Yield the experiments with whole gates.

    Args:
        real: real scores, where they are at hand.
        prepare: how pairs become evidence; a test passes a wrong way through the same harness.
    """
    for use in USES:
        yield _faces(use)
    for planned in (100, 200, 500):
        yield _skewed(real, planned)
    yield _missing(prepare)


def _claims(margin: float = MARGIN) -> Asked:
    new = Population.NEW_ITEMS
    return asked_of(
        (
            Claim("primary", Part.PRIMARY, "right", "superior", {"by": 0.0}, new),
            Claim(
                "guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", {"margin": margin}, new
            ),
        ),
        {},
    )


def _pilot(asked: Asked, *, clustered: bool) -> Rows:
    """Return rows of two systems: 30 % of the answers discordant, quality that spreads."""
    rng = np.random.default_rng(81)
    cluster = np.repeat(np.arange(_ITEMS // 3), 3) if clustered else None
    own = rng.uniform(size=_ITEMS)
    u = own if cluster is None else np.where(rng.random(_ITEMS) < 0.4, own[cluster * 3], own)
    won, lost = u < 0.15, u > 0.85
    same = (rng.uniform(size=_ITEMS) < 0.5).astype(np.float64)
    base = rng.uniform(0.4, 0.6, _ITEMS)
    noise = rng.uniform(-0.3, 0.3, _ITEMS) + 0.1 * (won.astype(np.float64) - lost)
    scores = {
        "right": (
            np.where(won, 1.0, np.where(lost, 0.0, same)),
            np.where(won, 0.0, np.where(lost, 1.0, same)),
        ),
        "quality": (base + noise, base),
    }
    pairs = {name: _pairs(name, *both, cluster) for name, both in scores.items()}
    return rows_of(pairs, asked.quantities(), clustered=clustered)


def _pairs(metric: str, after: Floats, before: Floats, cluster: object = None) -> Pairs:
    assert cluster is None or isinstance(cluster, np.ndarray)
    return Pairs(
        metric=metric,
        items=tuple(map(str, range(len(after)))),
        candidate=after,
        baseline=before,
        cluster=cluster,
        scale=SCALES[metric],
        slices={},
        pairing=Pairing(len(after)),
    )


def _faces(use: Use) -> Experiment:
    """All candidates on one face, on the other, and divided between them; and the edge of harm."""

    def measure(bench: Bench) -> list[Found]:
        asked = _claims()
        rows = _pilot(asked, clustered=use.clustered)
        right, quality = (tests.rejects[0].quantity for tests in asked.tests)

        def at(gain: float, shift: float) -> World:
            return world(rows, [Placed(right, gain), Placed(quality, shift)])

        plan = Plan(asked, SCALES, ALPHA, ALPHA, use.candidates, _UNITS, use.looks, use.design)
        engine = Engine(plan, rows)
        nothing, worse = at(0.0, 0.08), at(0.2, -MARGIN)
        divided = [nothing if k % 2 else worse for k in range(use.candidates)]
        found = []
        for worlds in ([nothing] * use.candidates, [worse] * use.candidates, divided):
            words = engine.outcomes(worlds, bench.runs, bench.rng).words
            found.append(Found(float((words == SHIP).any(axis=1).mean()), bench.runs))
        edge = engine.outcomes([at(0.0, -MARGIN)] * use.candidates, bench.runs, bench.rng).words
        held = float((edge[:, 0] == HOLD).mean())
        ships = found if use.candidates > 1 else found[:2]
        return [*ships, Found(held, bench.runs)]

    band = EXACT_BAND if use.exact else ASYMPTOTIC_BAND
    names = ["nothing gained", "worse by the margin", "some the one, some the other"]
    cells = [
        Cell(name=f"gate, {use.words}, false ship: {name}", what=What.SHIP, high=band)
        for name in (names if use.candidates > 1 else names[:2])
    ]
    cells.append(
        Cell(name=f"gate, {use.words}, false hold at the edge of harm", what=What.HOLD, high=band)
    )
    return Experiment(
        methods=("gate",),
        world="right or wrong as primary (superior), graded guardrail (non-inferior by 0.04)",
        n=f"{_UNITS} {'clusters' if use.clustered else 'items'}",
        mark=Mark.ANYTIME_EXACT if use.exact else Mark.ASYMPTOTIC,
        cells=tuple(cells),
        measure=measure,
        short=400 if use.exact else 1500,
        long=20_000,
        seed=82,
    )


def _skewed(real: RealData, planned: int) -> Experiment:
    """Five candidates, each as one of the most skewed real pairs is; the null is its own truth."""

    def measure(bench: Bench) -> list[Found]:
        differences = ordered_pairs(real.alpaca)
        differences = differences[np.abs(differences.mean(axis=1)) <= _NEAR]
        pairs = np.argsort(skewness(differences), kind="stable")[:_SKEWED]
        each = max(100, bench.runs // 8)
        rates = [_shipped_at_truth(differences[pair], planned, each, bench.rng) for pair in pairs]
        mean, worst = float(np.mean(rates)), int(np.argmax(rates))
        # The worst is measured again, so that it was not selected by its own figure.
        again = _shipped_at_truth(differences[pairs[worst]], planned, bench.runs, bench.rng)
        return [
            Found(mean, each * _SKEWED, note=f"{_SKEWED} pairs"),
            Found(again, bench.runs, note="measured on a fresh stream"),
        ]

    return Experiment(
        methods=("gate",),
        world=f"5 candidates, 5 planned looks; the {_SKEWED} most skewed real pairs of AlpacaEval "
        f"whose means differ by at most {_NEAR:g}",
        n=f"{planned} planned",
        mark=Mark.ASYMPTOTIC,
        cells=tuple(
            Cell(
                name=f"gate on the most skewed real pairs, false ship, {which}, N = {planned}",
                what=What.SHIP,
                high=ASYMPTOTIC_BAND,
            )
            for which in ("mean", "worst")
        ),
        measure=measure,
        short=600,
        long=20_000,
        seed=83 + planned,
        needs=ALPACA,
    )


def _shipped_at_truth(
    differences: Floats, planned: int, runs: int, rng: np.random.Generator
) -> float:
    truth = float(differences.mean())
    name, params = ("superior", {"by": truth})
    if truth <= 0:
        name, params = ("non_inferior", {"margin": -truth})
    claim = Claim("primary", Part.PRIMARY, "quality", name, params, Population.NEW_ITEMS)
    asked = asked_of((claim,), {})
    # A difference d is the pair ((1 + d) / 2, (1 − d) / 2), which lies on the scale.
    both = (1 + differences) / 2, (1 - differences) / 2
    rows = rows_of({"quality": _pairs("quality", *both)}, asked.quantities(), clustered=False)
    # Only the rows as they are, not those with the arms swapped: the skew is the point.
    weights = np.where(np.arange(rows.sizes.size) < rows.clusters, 1 / rows.clusters, 0.0)
    plan = Plan(asked, SCALES, ALPHA, ALPHA, 5, planned, FIVE, Design.PLANNED_LOOKS)
    words = Engine(plan, rows).outcomes([World(rows, weights, "")] * 5, runs, rng).words
    return float((words == SHIP).any(axis=1).mean())


def _missing(prepare: Prepare) -> Experiment:
    """A scorer that fails on half of the items that the candidate loses."""

    def measure(bench: Bench) -> list[Found]:
        wrong = 0
        for size in bench.batches(200):
            for _ in range(size):
                wrong += _rejected_with_gaps(bench.rng, prepare)
        return [Found(wrong / bench.runs, bench.runs)]

    return Experiment(
        methods=("gate", "paired score test"),
        world="no difference, 30 % discordant; half of the lost items have no score",
        n=f"{_UNITS} items",
        mark=Mark.ASYMPTOTIC,
        cells=(
            Cell(
                name="gate, false ship with missing scores where the candidate loses",
                what=What.SHIP,
                high=ASYMPTOTIC_BAND,
            ),
        ),
        measure=measure,
        short=600,
        long=20_000,
        seed=84,
    )


def _rejected_with_gaps(rng: np.random.Generator, prepare: Prepare) -> bool:
    u = rng.uniform(size=_UNITS)
    won, lost = u < 0.15, u > 0.85
    same = (rng.uniform(size=_UNITS) < 0.5).astype(np.float64)
    before = np.where(won, 0.0, np.where(lost, 1.0, same))
    after = np.where(won, 1.0, np.where(lost, 0.0, same))
    after[lost & (rng.uniform(size=_UNITS) < 0.5)] = np.nan
    evidence = PairsEvidence(prepare(_pairs("right", after, before)), alpha=ALPHA)
    p_value = evidence.difference().p_value
    return p_value is not None and p_value <= ALPHA
