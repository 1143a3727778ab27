"""Short simulations of the error statement: false ships on each face, and false holds.

Two claims (a right-or-wrong primary, a graded guardrail), two candidates, fixed n. Worlds are known
and independent of the methods. Each rate is compared with its level plus three Monte-Carlo
standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.protocols import Rule
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Pairing,
    Pairs,
    Part,
    Population,
    Scale,
    ScoreKind,
)
from liftgate.rules.non_inferior import non_inferior
from liftgate.rules.superior import superior

ALPHA = 0.05
MARGIN = 0.04
N = 200
RUNS = 600
NEW = Population.NEW_ITEMS
CLAIMS = (
    Claim("primary", Part.PRIMARY, "right", "superior", {}, NEW),
    Claim("guardrails.0", Part.GUARDRAIL, "quality", "non_inferior", {"margin": MARGIN}, NEW),
)
RULES: dict[str, Rule] = {"primary": superior(), "guardrails.0": non_inferior(margin=MARGIN)}
Floats = NDArray[np.float64]
World = Callable[[np.random.Generator], tuple[Floats, Floats, Floats, Floats]]


def pairs_of(after: Floats, before: Floats, kind: ScoreKind) -> Pairs:
    return Pairs(
        metric="m",
        items=tuple(map(str, range(len(after)))),
        candidate=after,
        baseline=before,
        cluster=None,
        scale=Scale(kind, 0.0, 1.0),
        slices={},
        pairing=Pairing(len(after)),
    )


def world(gain: float, shift: float) -> World:
    """Right-or-wrong answers with 30 % discordance, graded scores that depend on them."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
        u = rng.uniform(size=N)
        won, lost = u < 0.15 + gain / 2, u > 0.85 + gain / 2
        same = (rng.uniform(size=N) < 0.5).astype(float)
        right_before = np.where(won, 0.0, np.where(lost, 1.0, same))
        right_after = np.where(won, 1.0, np.where(lost, 0.0, same))
        base = rng.uniform(0.3, 0.65, size=N)
        noise = rng.uniform(-0.2, 0.2, size=N)
        graded_after = base + shift + noise
        return right_after, right_before, graded_after, base

    return draw


def decisions(rng: np.random.Generator, *worlds: World) -> tuple[Decision, ...]:
    found = {}
    for k, draw in enumerate(worlds):
        right_after, right_before, after, before = draw(rng)
        found[f"c{k}"] = {
            "primary": PairsEvidence(
                pairs_of(right_after, right_before, ScoreKind.BINARY), alpha=ALPHA
            ),
            "guardrails.0": PairsEvidence(pairs_of(after, before, ScoreKind.GRADED), alpha=ALPHA),
        }
    return decide(CLAIMS, found, RULES, alpha=ALPHA, alpha_hold=ALPHA)


def highest(level: float, runs: int = RUNS) -> float:
    return level + 3 * math.sqrt(level * (1 - level) / runs)


FACES = {
    "both candidates gain nothing": (world(0.0, 0.1), world(0.0, 0.1)),
    "both are worse by the margin": (world(0.28, -MARGIN), world(0.28, -MARGIN)),
    "one gains nothing, one is worse by the margin": (world(0.0, 0.1), world(0.28, -MARGIN)),
    "one gains nothing beside a good one": (world(0.0, 0.1), world(0.28, 0.1)),
}


@pytest.mark.parametrize("face", FACES)
def test_a_false_ship_is_no_more_frequent_than_alpha_on_any_face(face: str) -> None:
    rng = np.random.default_rng(20261123)
    bad = range(2) if face != "one gains nothing beside a good one" else range(1)
    false_ships = good_ships = 0
    for _ in range(RUNS):
        made = decisions(rng, *FACES[face])
        false_ships += any(made[k].word is DecisionWord.SHIP for k in bad)
        good_ships += made[-1].word is DecisionWord.SHIP
    assert false_ships / RUNS <= highest(ALPHA)
    assert false_ships > 0  # the face is a boundary: a test that never rejects would be broken
    if len(bad) == 1:
        assert good_ships / RUNS > 0.9


def test_a_false_hold_is_no_more_frequent_than_alpha_hold() -> None:
    rng = np.random.default_rng(5)
    held = sum(
        decisions(rng, world(0.0, -MARGIN))[0].word is DecisionWord.HOLD for _ in range(RUNS)
    )
    assert 0 < held / RUNS <= highest(ALPHA)


def test_scores_lost_where_the_candidate_loses_cannot_make_it_ship() -> None:
    """A scorer that fails on the candidate's lost items: dropping them would ship nearly always."""
    rng = np.random.default_rng(11)
    claim, rules = CLAIMS[:1], {"primary": superior()}
    shipped = dropped = 0
    runs = 300
    for _ in range(runs):
        after, before, _, _ = world(0.0, 0.0)(rng)
        gap = after.copy()
        gap[(after < before) & (rng.uniform(size=N) < 0.5)] = np.nan
        evidence = PairsEvidence(pairs_of(gap, before, ScoreKind.BINARY), alpha=ALPHA)
        (made,) = decide(claim, {"c": {"primary": evidence}}, rules, alpha=ALPHA, alpha_hold=ALPHA)
        shipped += made.word is DecisionWord.SHIP
        shown = evidence.descriptive()
        assert shown is not None
        assert shown.low is not None
        dropped += shown.low > 0
    assert shipped / runs <= highest(ALPHA, runs)
    assert dropped / runs > 0.5
