"""One study's question put to the rows that it may use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from liftgate import plugins
from liftgate.errors import NotEnoughData
from liftgate.evals.pairwise import preferences
from liftgate.evals.plan import Plan
from liftgate.evals.select import select
from liftgate.flow.parts import Parts
from liftgate.flow.ratios import Ratios, ratios_of
from liftgate.flow.signals import Signals, columns_of, signals_of
from liftgate.gates.decide import decide
from liftgate.gates.evidence import PairsEvidence, measure_evidence
from liftgate.gates.finite import FiniteEvidence
from liftgate.gates.judged import (
    JudgedEvidence,
    Standing,
    labelled_pairs,
    labelled_preferences,
)
from liftgate.gates.pairs import align
from liftgate.gates.ratio_claims import RatioEvidence
from liftgate.gates.ratio_rows import RatioPairs
from liftgate.gates.sequence import Looks
from liftgate.protocols import Evidence, Rule
from liftgate.records import (
    Arm,
    Claim,
    Decision,
    Design,
    Failure,
    Item,
    Measure,
    Observation,
    Pairs,
    Part,
    Population,
    Scale,
)
from liftgate.store import Store
from liftgate.study.design import Study
from liftgate.study.plan import latency_quantile


@dataclass(frozen=True)
class Rows:
    """All that a study may use."""

    observations: tuple[Observation, ...]
    measures: tuple[Measure, ...]

    def runs(self) -> set[str]:
        """Return the runs that hold them."""
        found = {row.trial.run for row in self.observations}
        found |= {score.run for row in self.observations for score in row.scores.values()}
        return found | {measure.run for measure in self.measures}


AllPairs = Mapping[str, Mapping[str, Pairs]]
"""Candidate -> metric -> pairs."""


@dataclass(frozen=True)
class Case:
    """One study's question put to its rows."""

    study: Study
    items: Sequence[Item]
    """All planned items; in the locked order where the study looks more than once."""
    baseline: Arm
    candidates: tuple[Arm, ...]
    scales: Mapping[str, Scale]
    rows: Rows
    looks: Looks | None = None
    """Where the study looks; None: once, at all items."""
    spends: float | None = None
    """What this use of the set spends of alpha; None: all of the study's."""
    floor: Arm | None = None
    """Something useless that the baseline must beat; None: nothing was named."""
    unseen: bool = False
    """Whether no claim is assessed, because the study was not run to its end."""
    judged: Mapping[str, Standing] = field(default_factory=dict)
    """Metric -> standing of the judge that scores it."""
    signals: Mapping[str, Signals] = field(default_factory=dict)
    """Judged metric -> covariates of people's labels."""
    compared: frozenset[str] = frozenset()
    """Metrics of judges of pairs: an arm's score is how far it is preferred to the other."""

    ratios: Ratios | None = None
    """How the study's ratios of sums are read; None: it has none."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every arm."""
        return (self.baseline, *self.candidates, *(() if self.floor is None else (self.floor,)))

    @property
    def alpha(self) -> float:
        """Largest chance of a false ship."""
        return self.study.decision.alpha if self.spends is None else self.spends

    def pairs(self, candidate: Arm, metric: str, items: Sequence[Item]) -> Pairs:
        """Return the aligned scores of a candidate and the baseline on some of the items."""
        wanted = {item.id for item in items}
        rows = [row for row in self.rows.observations if row.item in wanted]
        if metric in self.compared:
            rows = preferences(
                rows,
                metric,
                baseline=self.baseline.fingerprint,
                candidate=candidate.fingerprint,
            )
        return self._aligned(self.baseline, candidate, metric, items, rows, self.study.repeats)

    def ratio_pairs(
        self, name: str, candidate: Arm, items: Sequence[Item], baseline: Arm | None = None
    ) -> RatioPairs:
        """Return what a ratio adds up of two arms on some of the items.

        Args:
            name: of the ratio.
            candidate: an arm.
            items: some of the study's.
            baseline: the other arm; None: the baseline.
        """
        assert self.ratios is not None
        rows = self.rows.observations
        return self.ratios.pairs(name, candidate, baseline or self.baseline, items, rows)

    def floor_pairs(self, metric: str, among: Sequence[str]) -> Pairs:
        """Return the aligned scores of the baseline and of the floor, the baseline as candidate.

        Args:
            metric: of the scores.
            among: ids of the items.
        """
        assert self.floor is not None
        wanted = set(among)
        items = [item for item in self.items if item.id in wanted]
        rows = [row for row in self.rows.observations if row.item in wanted]
        return self._aligned(self.floor, self.baseline, metric, items, rows, self.study.repeats)

    def repeat(self, arm: Arm, metric: str, items: Sequence[Item], number: int) -> Pairs:
        """Return one repeat of an arm on some of the items, as both sides of the pairs."""
        wanted = {item.id for item in items}
        rows = [
            replace(row, repeat=0)
            for row in self.rows.observations
            if row.item in wanted and row.arm == arm.fingerprint and row.repeat == number
        ]
        refuse_tries(self.study, (metric,))
        return self._aligned(arm, arm, metric, items, rows, 1)

    def _aligned(
        self,
        baseline: Arm,
        candidate: Arm,
        metric: str,
        items: Sequence[Item],
        rows: Sequence[Observation],
        repeats: int,
    ) -> Pairs:
        abstained = self.study.outcomes.abstained
        return align(
            items,
            rows,
            baseline=baseline.fingerprint,
            candidate=candidate.fingerprint,
            metric=metric,
            scale=self.scales[metric],
            failure_scores=self._failure_scores(),
            abstained=None
            if isinstance(abstained, str)
            else _declared(abstained.score, self.scales[metric].worst),
            repeats=repeats,
            reads={
                arm.fingerprint: self.study.arm(arm.name).reads for arm in (baseline, candidate)
            },
            tries=self.study.scorers[metric].tries,
        )

    def _failure_scores(self, worst: float | None = None) -> dict[Failure, float | None]:
        outcomes = self.study.outcomes
        return {kind: _declared(getattr(outcomes, kind.value).score, worst) for kind in Failure}

    def _evidence(self, candidate: Arm, claim: Claim, pairs: Mapping[str, Pairs]) -> Evidence:
        """Return what a rule may ask about one claim of one candidate."""
        alpha = self.alpha
        design = Design(self.study.stopping.plan)
        if claim.is_measure or latency_quantile(claim.metric) is not None:
            return measure_evidence(
                self.rows.measures,
                arm=candidate.fingerprint,
                name=claim.metric,
                alpha=alpha,
                population=claim.population,
                design=design,
            )
        if claim.metric in self.study.ratios:
            return self._of_ratio(candidate, claim, next(iter(pairs.values())).items)
        found = pairs[claim.metric]
        if claim.part is Part.FLOOR:
            found = self.floor_pairs(claim.metric, found.items)
        asked = (found, alpha, claim.population, self.looks, claim.by_slice)
        guarantee = bool(self.study.decision.guarantee)
        standing = self.judged.get(claim.metric)
        if standing is not None and claim.part is not Part.WATCH:
            return self._judged(
                candidate, claim.metric, standing, JudgedEvidence(*asked, guarantee=guarantee)
            )
        if design is Design.ANYTIME and claim.population is Population.THIS_SET:
            planned = self.pairs(candidate, claim.metric, self.items)
            if claim.part is Part.FLOOR:
                planned = self.floor_pairs(claim.metric, planned.items)
            return FiniteEvidence(*asked, guarantee=guarantee, planned=planned)
        return PairsEvidence(*asked, guarantee=guarantee)

    def _of_ratio(self, candidate: Arm, claim: Claim, among: Sequence[str]) -> Evidence:
        """Return what a rule may ask about a ratio of sums over some items."""
        assert self.ratios is not None
        wanted = set(among)
        items = [item for item in self.items if item.id in wanted]
        sides = (candidate, self.baseline)
        if claim.part is Part.FLOOR:
            assert self.floor is not None
            sides = (self.baseline, self.floor)
        evidence = RatioEvidence(
            self.ratio_pairs(claim.metric, sides[0], items, sides[1]),
            self.alpha,
            claim.population,
            self.looks,
            claim.by_slice,
            guarantee=bool(self.study.decision.guarantee),
        )
        if claim.part is Part.WATCH or not self.ratios.judged(claim.metric, self.judged):
            return evidence
        rows = self.rows.observations
        known = self.signals.get(self.study.ratios[claim.metric].of, Signals())
        return self.ratios.by_people(evidence, sides, items, rows, self.judged, known)

    def _judged(
        self, candidate: Arm, metric: str, standing: Standing, evidence: JudgedEvidence
    ) -> Evidence:
        """Return evidence from people's labels, or evidence that says why there is none."""
        known = self.signals.get(metric, Signals())
        signals = {
            side: {
                item: values for (arm, item), values in known.values.items() if arm == fingerprint
            }
            for side, fingerprint in (
                ("candidate", candidate.fingerprint),
                ("baseline", self.baseline.fingerprint),
            )
        }
        same = None if standing.same is None else standing.same.get(candidate.fingerprint)
        if metric in self.compared:
            rows = preferences(
                self.rows.observations,
                metric,
                baseline=self.baseline.fingerprint,
                candidate=candidate.fingerprint,
            )
            found = labelled_preferences(rows, metric, standing, candidate=candidate.fingerprint)
            found = replace(found, signals=signals, weak=known.weak, same=same)
            return replace(evidence, refusal=standing.refusal, labelled=found)
        worst = evidence.pairs.scale.worst
        labelled = labelled_pairs(
            self.rows.observations,
            standing,
            baseline=self.baseline.fingerprint,
            candidate=candidate.fingerprint,
            failure_scores=self._failure_scores(worst),
        )
        labelled = replace(labelled, signals=signals, weak=known.weak, same=same)
        return replace(evidence, refusal=standing.refusal, labelled=labelled)

    def all_pairs(self, count: int | None = None) -> dict[str, dict[str, Pairs]]:
        """Return candidate -> metric -> pairs of the first items; None: of all."""
        items = self.items[:count]
        return {
            arm.name: {metric: self.pairs(arm, metric, items) for metric in self.study.scorers}
            for arm in self.candidates
        }

    def decide(
        self,
        pairs: AllPairs,
        voids: Sequence[str],
        claims: Sequence[Claim] | None = None,
        pending: Collection[str] = (),
    ) -> tuple[Decision, ...]:
        """Return one decision for each candidate, on all claims or on some of them."""
        claims = self.study.every_claim() if claims is None else claims
        rules: dict[str, Rule] = {
            claim.id: plugins.load("rules", claim.rule)(**claim.params) for claim in claims
        }
        evidence = {
            arm.name: {
                claim.id: self._evidence(arm, claim, pairs[arm.name])
                for claim in (() if self.unseen else claims)
            }
            for arm in self.candidates
        }
        decision = self.study.decision
        return decide(
            claims,
            evidence,
            rules,
            alpha=self.alpha,
            alpha_hold=decision.alpha_hold,
            voids=voids,
            pending=pending,
        )


def case_of(
    parts: Parts,
    plan: Plan,
    store: Store,
    spends: float,
    judged: Mapping[str, Standing] | None = None,
) -> Case:
    """Return a study's case: its plan selects the rows, its digest the measures.

    Args:
        parts: of the study.
        plan: of the study.
        store: holds the rows.
        spends: what this use of the set spends of alpha.
        judged: metric -> standing of its judge; None: as if no judge were calibrated.
    """
    unknown = {one.name: Standing(calibrated=None) for one in parts.scorers if one.is_judge}
    looks = parts.looks
    known = unknown if judged is None else judged
    rows = Rows(select(plan, store), tuple(store.measures(plan.study)))
    scales = {scorer.name: scorer.scale for scorer in parts.scorers}
    return Case(
        study=parts.study,
        items=tuple(parts.dataset.items if looks is None else parts.order),
        looks=looks,
        spends=spends,
        baseline=parts.baseline,
        candidates=parts.candidates,
        floor=parts.floor,
        scales=scales,
        rows=rows,
        judged=known,
        signals=signals_of(
            rows.observations,
            {
                one.name: columns_of(one)
                for one in parts.scorers
                if one.name in known and not known[one.name].refusal
            },
            store,
        ),
        compared=frozenset(one.name for one in parts.scorers if one.of_pairs),
        ratios=ratios_of(parts.study, scales, rows.observations, store)
        if parts.study.ratios
        else None,
    )


def refuse_tries(study: Study, metrics: Iterable[str]) -> None:
    """Refuse to take a single repeat for what is asked of several.

    Raises:
        NotEnoughData: a metric that joins the repeats of an item.
    """
    for metric in metrics:
        tries = study.scorers[metric].tries
        if tries is not None:
            raise NotEnoughData(f"{metric}: {tries.text} is about several repeats, not about each")


def _declared(score: float | str, worst: float | None = None) -> float | None:
    """Return a declared score; for ``worst`` what stands for it."""
    return worst if isinstance(score, str) else score
