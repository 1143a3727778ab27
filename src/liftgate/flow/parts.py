"""An opened study, ready to be run: its arms, its scorers, its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from liftgate.evals.plan import BoundArm, BoundScorer, OutcomeRules, PassPlan, Plan, ordered
from liftgate.flow.scorers import bound
from liftgate.flow.study import Opened, opening_of
from liftgate.gates.sequence import Looks, looks_of
from liftgate.protocols import System
from liftgate.records import Arm, Dataset, Design, Failure, Item, Population, Role
from liftgate.study.design import Study
from liftgate.study.plan import latency_quantile


@dataclass(frozen=True)
class Parts:
    """A study with everything that it names."""

    study: Study
    root: Path
    """The folder from which its modules and files are looked up."""
    dataset: Dataset
    arms: tuple[Arm, ...]
    systems: Mapping[str, System]
    """Arm name -> system."""
    scorers: tuple[BoundScorer, ...]
    tags: Mapping[str, Any] = field(default_factory=dict)
    """Consent, retention and residency of the data set; empty: nothing was said."""

    @property
    def baseline(self) -> Arm:
        """The baseline arm."""
        return next(arm for arm in self.arms if arm.role is Role.BASELINE)

    @property
    def floor(self) -> Arm | None:
        """The floor arm; None: there is none."""
        return next((arm for arm in self.arms if arm.role is Role.FLOOR), None)

    @property
    def candidates(self) -> tuple[Arm, ...]:
        """The candidates, in the order of the file."""
        return tuple(arm for arm in self.arms if arm.role is Role.CANDIDATE)

    def plan(
        self, study_digest: str, locked_at: datetime | None, *, concurrency: int | None = None
    ) -> Plan:
        """Return what is to be run.

        A candidate's trials count from the first lock on; in an exploratory study older ones, too.
        """
        outcomes = self.study.outcomes
        retries = {kind: getattr(outcomes, kind.value).retries for kind in Failure}
        looks = self.looks
        return Plan(
            study=study_digest,
            dataset=self.dataset,
            arms=tuple(
                BoundArm(
                    arm,
                    self.systems[arm.name],
                    locked_at
                    if arm.role is Role.CANDIDATE and not self.study.exploratory
                    else None,
                    self.study.arm(arm.name).reads,
                    opening_of(self.study, arm.name, self.root),
                )
                for arm in self.arms
            ),
            scorers=self.scorers,
            repeats=self.study.repeats,
            seed=self.study.seed,
            outcomes=OutcomeRules(outcomes.timeout.after_s, retries),
            passes=pass_plans(self.study),
            concurrency=concurrency,
            pauses=() if looks is None or looks.design is Design.ANYTIME else looks.ends,
            baseline_first=looks is not None
            and looks.design is Design.ANYTIME
            and any(c.population is Population.THIS_SET for c in self.study.claims()),
        )

    @property
    def order(self) -> Sequence[Item]:
        """The items in the order in which a sequential analysis takes them in."""
        return ordered(self.dataset.items, self.study.seed)

    @property
    def looks(self) -> Looks | None:
        """Where the study looks; None: once."""
        stopping = self.study.stopping
        return looks_of(Design(stopping.plan), self.order, stopping.looks)


def parts_of(opened: Opened) -> Parts:
    """Return the parts of an opened study; nothing is called yet."""
    study = opened.study
    arms = tuple(
        Arm(name, arm.role, arm.system, arm.params, opened.fingerprints[name])
        for name, arm in study.arms.items()
    )
    scorers = bound(study, opened.dataset, opened.scorers)
    return Parts(study, opened.root, opened.dataset, arms, opened.systems, scorers)


def pass_plans(study: Study) -> tuple[PassPlan, ...]:
    """Return the latency passes that a study's claims ask for, one plan a metric."""
    plans: dict[str, PassPlan] = {}
    for claim in study.claims():
        quantile = latency_quantile(claim.metric)
        if quantile is None or claim.is_measure:
            continue
        passes, items = claim.params.get("passes"), claim.params.get("items")
        assert isinstance(passes, int)
        assert items is None or isinstance(items, int)
        plans.setdefault(claim.metric, PassPlan(quantile, claim.metric, passes, items))
    return tuple(plans.values())
