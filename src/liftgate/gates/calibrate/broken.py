"""A gate whose checks can be broken one at a time, and what it decides about constructed scenes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from liftgate.gates.calibrate.rows import Floats
from liftgate.gates.calibrate.scenes import Column, Flags, Measured, Scene, Scored, Sheet
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.finite import FiniteEvidence
from liftgate.gates.measures import MeasureEvidence
from liftgate.gates.pairs import take
from liftgate.gates.sequence import Looks
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Design,
    Failure,
    Pairing,
    Pairs,
    Population,
    Scale,
    Status,
    Verdict,
)

Words = tuple[DecisionWord, ...]
_FORWARD = 10
"""Looks at which a gate without spending is asked, one after the other."""


@dataclass(frozen=True)
class Checks:
    """A study's gate, with each check whole or broken.

    Args:
        claims: those that decide.
        rules: claim id -> rule.
        scales: metric -> scale.
        failure_scores: metric -> way of failing -> its score; NaN: none, so that it is missing.
        clusters: shape (items,): cluster numbers in the locked order.
        slices: slice's name -> shape (items,).
        alpha: largest chance of a false ship.
        alpha_hold: largest chance of a false hold.
        looks: where it looks; None: once.
        guarantee: whether only methods with a proven level may answer.
    """

    claims: tuple[Claim, ...]
    rules: Mapping[str, Rule]
    scales: Mapping[str, Scale]
    failure_scores: Mapping[str, Mapping[Failure, float]]
    clusters: NDArray[np.int64]
    slices: Mapping[str, NDArray[np.str_]]
    alpha: float
    alpha_hold: float
    looks: Looks | None = None
    guarantee: bool = False

    over_candidates: bool = True
    """Whether candidates share alpha."""
    over_harms: bool = True
    """Whether the harm tests share alpha_hold."""
    harm: bool = True
    """Whether harm is tested at all."""
    missing_worst: bool = True
    failures: frozenset[Failure] = frozenset(Failure)
    """Ways of failing that have a score; others are left out of the analysis."""
    clustered: bool = True
    spending: bool = True
    turned: frozenset[str] = frozenset()
    """Claims for which worse counts as better."""
    swapped: frozenset[str] = frozenset()
    """Claims that read each arm's scores as the other's."""


@dataclass(eq=False)
class Court:
    """Decides scenes, remembering the verdicts of columns that come again."""

    known: dict[tuple[object, ...], Verdict] = field(default_factory=dict)

    def words(self, checks: Checks, scene: Scene) -> Words:
        """Return the decision on each candidate of a scene."""
        return tuple(d.word for d in self.decided(checks, scene))

    def decided(self, checks: Checks, scene: Scene) -> tuple[Decision, ...]:
        """Return the decisions at the first look that settles all candidates, or the last."""
        ends = (checks.clusters.size,) if checks.looks is None else checks.looks.ends
        if not checks.spending:
            return self._forward(checks, scene, ends)
        found = self._at(checks, scene, ends[-1])
        if not _settled(found):
            return found
        low, high = 0, len(ends) - 1
        while low < high:
            middle = (low + high) // 2
            tried = self._at(checks, scene, ends[middle])
            if _settled(tried):
                high, found = middle, tried
            else:
                low = middle + 1
        return found

    def verdict(self, checks: Checks, claim: Claim, column: Column, end: int) -> Verdict:
        """Return one claim's verdict on a column's first items."""
        key = (
            claim.id,
            id(checks.rules[claim.id]),
            column,
            end,
            checks.missing_worst,
            checks.failures,
            checks.clustered,
            checks.spending,
            claim.id in checks.turned,
            claim.id in checks.swapped,
        )
        if key not in self.known:
            evidence = _evidence(checks, claim, column, end)
            self.known[key] = checks.rules[claim.id].judge(claim, "", evidence)
        return self.known[key]

    def _forward(self, checks: Checks, scene: Scene, ends: tuple[int, ...]) -> tuple[Decision, ...]:
        step = max(1, len(ends) // _FORWARD)
        found = self._at(checks, scene, ends[-1])
        for end in ends[step - 1 :: step]:
            tried = self._at(checks, scene, end)
            if _settled(tried):
                return tried
        return found

    def _at(self, checks: Checks, scene: Scene, end: int) -> tuple[Decision, ...]:
        names = [f"candidate {number + 1}" for number in range(len(scene.sheets))]
        sheets = dict(zip(names, scene.sheets, strict=True))
        if checks.over_candidates:
            return self._decide(checks, sheets, end)
        return tuple(self._decide(checks, {name: sheet}, end)[0] for name, sheet in sheets.items())

    def _decide(
        self, checks: Checks, sheets: Mapping[str, Sheet], end: int
    ) -> tuple[Decision, ...]:
        known = {
            (name, claim.id): self._shown(checks, claim, sheet[claim.metric], end)
            for name, sheet in sheets.items()
            for claim in checks.claims
        }
        some = MeasureEvidence("", checks.alpha)
        return decide(
            checks.claims,
            {name: {claim.id: some for claim in checks.claims} for name in sheets},
            {claim.id: _Known(known) for claim in checks.claims},
            alpha=checks.alpha,
            alpha_hold=checks.alpha_hold,
        )

    def _shown(self, checks: Checks, claim: Claim, column: Column, end: int) -> Verdict:
        verdict = self.verdict(checks, claim, column, end)
        if not checks.harm:
            return replace(verdict, harm_p=None)
        if not checks.over_harms and verdict.harm_p is not None:
            family = sum(not c.is_measure for c in checks.claims)
            return replace(verdict, harm_p=verdict.harm_p / family)
        return verdict


@dataclass(frozen=True)
class _Known:
    """A rule that says what has been found before."""

    verdicts: Mapping[tuple[str, str], Verdict]
    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:  # noqa: ARG002
        return replace(self.verdicts[candidate, claim.id], candidate=candidate)


def _settled(found: tuple[Decision, ...]) -> bool:
    return all(d.word is not DecisionWord.INCONCLUSIVE for d in found)


def _evidence(checks: Checks, claim: Claim, column: Column, end: int) -> Evidence:
    if isinstance(column, Measured):
        return _measure_evidence(checks, claim, column)
    looks = checks.looks if checks.spending else None
    whole, present = _pairs(checks, claim, column)
    if looks is not None:
        looks = replace(looks, kept=looks.kept & present)
        if not checks.clustered:
            looks = replace(looks, clusters=np.arange(checks.clusters.size))
    first = np.arange(present.size) < end
    asked = (take(whole, first & present), checks.alpha, claim.population, looks, claim.by_slice)
    anytime = looks is not None and looks.design is Design.ANYTIME
    if anytime and claim.population is Population.THIS_SET:
        planned = take(whole, present)
        return FiniteEvidence(*asked, guarantee=checks.guarantee, planned=planned)
    return PairsEvidence(*asked, guarantee=checks.guarantee)


def _measure_evidence(checks: Checks, claim: Claim, column: Measured) -> MeasureEvidence:
    values = column.baseline if claim.id in checks.swapped else column.candidate
    return MeasureEvidence(
        name=column.name,
        alpha=checks.alpha,
        exact=None if column.by_pass else values[0],
        per_pass=values if column.by_pass else (),
        population=claim.population,
        design=Design.FIXED if checks.looks is None or not checks.spending else checks.looks.design,
    )


def _pairs(checks: Checks, claim: Claim, column: Scored) -> tuple[Pairs, Flags]:
    """Return the pairs of all items, and which of them the gate does not leave out."""
    scale = checks.scales[column.name]
    count = column.baseline.size
    candidate, present = _outcomes(checks, column)
    before, after = column.baseline, candidate
    if claim.id in checks.swapped:
        before, after = after, before
    if claim.id in checks.turned:
        scale = replace(scale, higher_is_better=not scale.higher_is_better)
    own = np.unique(checks.clusters).size == count
    pairs = Pairs(
        metric=column.name,
        items=tuple(map(str, range(count))),
        candidate=after,
        baseline=before,
        cluster=None if own or not checks.clustered else checks.clusters,
        scale=scale,
        slices={name: labels.astype(np.object_) for name, labels in checks.slices.items()},
        pairing=Pairing(count),
    )
    return pairs, present


def _outcomes(checks: Checks, column: Scored) -> tuple[Floats, Flags]:
    """Return the candidate's scores after the outcome rules, and which items are left in."""
    scores = column.candidate.copy()
    present = np.ones(scores.size, dtype=np.bool_)
    if column.failed is not None and column.failure is not None:
        if column.failure in checks.failures:
            scores[column.failed] = checks.failure_scores[column.name][column.failure]
        else:
            present &= ~column.failed
    if column.missing is not None:
        scores[column.missing] = np.nan
        if not checks.missing_worst:
            present &= ~column.missing
    return scores, present
