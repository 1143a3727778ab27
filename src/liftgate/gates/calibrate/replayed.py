"""The whole gate on replayed runs: by the engine where it is the gate, else by the gate itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import NotEnoughData
from liftgate.gates.calibrate.engine import HOLD, OPEN, SHIP, Engine, Integers, Plan
from liftgate.gates.calibrate.quantities import Asked, OneTest
from liftgate.gates.calibrate.replay import Harm, Material
from liftgate.gates.calibrate.rows import Floats, Rows, rows_of, values_of
from liftgate.gates.calibrate.standins import COUNTED_AS_PASSED
from liftgate.gates.calibrate.world import World
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.pairs import take
from liftgate.gates.sequence import Looks
from liftgate.protocols import Rule
from liftgate.records import (
    Alternative,
    Claim,
    Decision,
    DecisionWord,
    Design,
    Pairs,
    Part,
    Population,
    Verdict,
)

CHECKED = 5
"""Runs of the engine that the gate itself decides again."""
_CELLS = 400_000
_WORDS = {DecisionWord.SHIP: SHIP, DecisionWord.HOLD: HOLD, DecisionWord.INCONCLUSIVE: OPEN}

Dealt = Mapping[str, Floats]
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Gate:
    """A study's gate.

    Args:
        claims: those that decide.
        rules: claim id -> rule.
        asked: their tests, as far as the engine knows them.
        alpha: largest chance of a false ship.
        alpha_hold: largest chance of a false hold.
        looks: where it looks in the items; None: once.
        guarantee: whether only methods with a proven level may answer.
    """

    claims: tuple[Claim, ...]
    rules: Mapping[str, Rule]
    asked: Asked
    alpha: float
    alpha_hold: float
    looks: Looks | None = None
    guarantee: bool = False

    @property
    def design(self) -> Design:
        """How often it looks."""
        return Design.FIXED if self.looks is None else self.looks.design


@dataclass(frozen=True, eq=False)
class Replayed:
    """What became of every run."""

    words: Integers
    """Shape (runs, candidates): SHIP, HOLD or OPEN."""
    alone: NDArray[np.bool_] | None
    """Shape (runs,): whether the claim with planted harm passed for the first candidate."""
    naive: NDArray[np.bool_]
    """Shape (runs,): whether bare means, or with planted harm that claim's, would have shipped."""
    by_engine: bool
    checked: int
    """Runs that both have decided, with the same words."""


def replay(
    gate: Gate,
    material: Material,
    runs: int,
    rng: np.random.Generator,
    harm: Harm | None = None,
    tick: Tick | None = None,
) -> Replayed:
    """Put dealt rows through the whole gate.

    Raises:
        NotEnoughData: a claim about exactly these items under unlimited looks.
    """
    itself = _Itself(gate, material, harm)
    shortcut = _Shortcut.perhaps(gate, material, harm)
    words, alone, naive = [], [], []
    checked = 0
    for size in _chunks(runs, material, fast=shortcut is not None):
        dealt: Dealt = material.deal(size, rng)
        if harm is not None:
            dealt = harm.plant(dealt, material, rng)
        if shortcut is not None and not checked:
            few = {metric: scores[:CHECKED] for metric, scores in dealt.items()}
            checked = next(iter(few.values())).shape[0]
            # A gate that the engine does not know after all is replayed by itself.
            shortcut = shortcut if _same(shortcut.decided(few), itself.decided(few)) else None
            checked = checked if shortcut is not None else 0
        word, passed = (shortcut or itself).decided(dealt)
        words.append(word)
        alone.append(passed)
        naive.append(_naive(gate, material, dealt, harm))
        if tick is not None:
            tick(size)
    return Replayed(
        np.concatenate(words),
        None if harm is None else np.concatenate(alone),
        np.concatenate(naive),
        shortcut is not None,
        checked,
    )


def _same(
    one: tuple[Integers, NDArray[np.bool_]], other: tuple[Integers, NDArray[np.bool_]]
) -> bool:
    return all(bool(np.array_equal(a, b)) for a, b in zip(one, other, strict=True))


def _chunks(runs: int, material: Material, *, fast: bool) -> Iterator[int]:
    most = max(1, _CELLS // (material.items * material.sides)) if fast else 20
    for start in range(0, runs, most):
        yield min(most, runs - start)


class _Itself:
    """``decide`` with the study's rules, look by look."""

    def __init__(self, gate: Gate, material: Material, harm: Harm | None) -> None:
        self._gate, self._material, self._harm = gate, material, harm
        finite = any(c.population is Population.THIS_SET for c in gate.claims)
        if gate.design is Design.ANYTIME and finite:
            raise NotEnoughData(
                "a claim about exactly these items under unlimited looks has no sampling error to "
                "replay: its baseline is answered first, on all of them"
            )

    def decided(self, dealt: Dealt) -> tuple[Integers, NDArray[np.bool_]]:
        """Return words, shape (runs, candidates), and whether the harmed claim passed."""
        runs = next(iter(dealt.values())).shape[0]
        words, alone = [], []
        for run in range(runs):
            found = self._one({m: s[run : run + 1] for m, s in dealt.items()})
            words.append([_WORDS[d.word] for d in found[0]])
            alone.append(found[1])
        return np.array(words), np.array(alone)

    def _one(self, dealt: Dealt) -> tuple[tuple[Decision, ...], bool]:
        material, looks = self._material, self._gate.looks
        pairs = {f"candidate {k}": material.pairs(dealt, k) for k in range(1, material.sides)}
        ends = (material.items,) if looks is None else looks.ends

        def at(look: int) -> tuple[Decision, ...]:
            end = ends[look]
            return self._decide(pairs if end == material.items else _heads(pairs, end))

        found = at(len(ends) - 1)
        alone = self._harm is not None and _passed(found[0], self._harm)
        if not _settled(found):
            return found, alone
        # What a look has shown stays shown, so that the first settling one is found by halving.
        low, high = 0, len(ends) - 1
        while low < high:
            middle = (low + high) // 2
            tried = at(middle)
            if _settled(tried):
                high, found = middle, tried
            else:
                low = middle + 1
        return found, alone

    def _decide(self, pairs: Mapping[str, Mapping[str, Pairs]]) -> tuple[Decision, ...]:
        gate = self._gate
        lacking = {c.id for c in gate.claims if c.metric not in self._material.scores}
        some = next(iter(self._material.scores))
        evidence = {
            name: {
                claim.id: PairsEvidence(
                    found[some if claim.id in lacking else claim.metric],
                    alpha=gate.alpha,
                    population=claim.population,
                    looks=gate.looks,
                    by_slice=claim.by_slice,
                    guarantee=gate.guarantee,
                )
                for claim in gate.claims
            }
            for name, found in pairs.items()
        }
        rules = {i: COUNTED_AS_PASSED if i in lacking else r for i, r in gate.rules.items()}
        return decide(gate.claims, evidence, rules, alpha=gate.alpha, alpha_hold=gate.alpha_hold)


def _settled(found: Sequence[Decision]) -> bool:
    return all(d.word is not DecisionWord.INCONCLUSIVE for d in found)


def _heads(pairs: Mapping[str, Mapping[str, Pairs]], end: int) -> dict[str, dict[str, Pairs]]:
    return {
        name: {metric: take(one, np.arange(len(one.items)) < end) for metric, one in found.items()}
        for name, found in pairs.items()
    }


def _passed(decision: Decision, harm: Harm) -> bool:
    verdict = next(v for v in decision.verdicts if v.claim == harm.tests.claim.id)
    inside = harm.test.quantity.inside
    if inside is None:
        return verdict.rejected
    parts: Sequence[Verdict] = verdict.parts
    return any(part.slice == inside[1] and part.rejected for part in parts)


class _Shortcut:
    """The engine, on rows that are all different: each cluster of each run is a row of its own."""

    def __init__(self, gate: Gate, material: Material, harm: Harm | None) -> None:
        self._gate, self._material, self._harm = gate, material, harm
        self._units = int(material.codes.max()) + 1
        self._engine: Engine | None = None

    @classmethod
    def perhaps(cls, gate: Gate, material: Material, harm: Harm | None) -> _Shortcut | None:
        """Return it for the gates and rows on which tests have shown it to be the gate."""
        known = {t.claim.id for t in gate.asked.tests}
        lacking = {c.id for c in gate.claims if c.metric not in material.scores}
        sizes = np.bincount(material.codes)
        plain = gate.looks is None or (
            bool(np.all(sizes == sizes[0])) and not any(c.by_slice for c in gate.claims)
        )
        fits = known == {c.id for c in gate.claims} - lacking
        if not (material.whole and plain and fits) or gate.guarantee:
            return None
        return cls(gate, material, harm)

    def decided(self, dealt: Dealt) -> tuple[Integers, NDArray[np.bool_]]:
        """Return words, shape (runs, candidates), and whether the harmed claim passed."""
        material = self._material
        runs = next(iter(dealt.values())).shape[0]
        places = np.arange(runs * self._units).reshape(runs, self._units)
        rejects, harms = [], []
        alone = np.zeros(runs, dtype=np.bool_)
        for candidate in range(1, material.sides):
            rows = self._rows(material.pairs(dealt, candidate))
            engine = self._engine_for(rows)
            made = World(rows, np.zeros(rows.sizes.size), "")
            found = engine.judged(made, places)
            rejects.append(found[0])
            harms.append(found[1])
            if candidate == 1 and self._harm is not None:
                alone = engine.tested(made, places, self._harm.test) <= self._gate.alpha
        words, _ = engine.stopped(np.stack(rejects, axis=1), np.stack(harms, axis=1))
        return words, alone

    def _rows(self, pairs: Mapping[str, Pairs]) -> Rows:
        clustered = self._material.cluster is not None and self._units < self._material.items
        return rows_of(pairs, self._gate.asked.quantities(), clustered=clustered)

    def _engine_for(self, rows: Rows) -> Engine:
        if self._engine is None:
            gate = self._gate
            plan = Plan(
                asked=gate.asked,
                scales=self._material.side_scales,
                alpha=gate.alpha,
                alpha_hold=gate.alpha_hold,
                candidates=self._material.sides - 1,
                units=self._units,
                looks=self._shares(),
                design=gate.design,
            )
            self._engine = Engine(plan, rows)
        return self._engine

    def _shares(self) -> tuple[float, ...]:
        looks = self._gate.looks
        if looks is None:
            return (1.0,)
        return tuple(float((self._material.codes[end - 1] + 1) / self._units) for end in looks.ends)


def _naive(gate: Gate, material: Material, dealt: Dealt, harm: Harm | None) -> NDArray[np.bool_]:
    """Return whether the first candidate's means reach every claim's tested value."""
    tests = [t for one in gate.asked.tests for t in one.rejects] if harm is None else [harm.test]
    whole = replace(material, cluster=None)
    pairs = whole.pairs(dealt, 1)
    runs = next(iter(dealt.values())).shape[0]
    passed = np.ones(runs, dtype=np.bool_)
    for test in tests:
        if test.quantity.metric in pairs:
            mean = _means(test, pairs[test.quantity.metric], runs)
            rounding = 1e-9 * max(1.0, abs(test.null))
            if test.alternative is Alternative.GREATER:
                passed &= mean >= test.null - rounding
            else:
                passed &= mean <= test.null + rounding
    return passed


def _means(test: OneTest, pairs: Pairs, runs: int) -> Floats:
    values, inside = values_of(pairs, test.quantity)
    kept = inside & ~np.isnan(values)
    summed = np.where(kept, values, 0.0).reshape(runs, -1).sum(axis=1)
    counts = kept.reshape(runs, -1).sum(axis=1)
    return np.asarray(summed / np.maximum(counts, 1))


def deciding(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims that can stop a ship."""
    return tuple(c for c in claims if c.part in {Part.PRIMARY, Part.GUARDRAIL})
