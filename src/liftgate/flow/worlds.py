"""The worlds in which a study's gate is tried before it is used: its pilot's, or assumed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from liftgate.errors import NotEnoughData
from liftgate.flow.items import load_items
from liftgate.flow.pilot import read_pilot
from liftgate.flow.scorers import bound_scorers
from liftgate.gates.calibrate import assumed, points
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import Asked, asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.sequence import UNLABELLED
from liftgate.plugins.local import search_also
from liftgate.records import Dataset, Design, Item, Pairs, Population, Scale, ScoreKind
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load
from liftgate.study.stopping import PLANNED_LOOKS

RESOLUTION = 100
"""With unlimited looks a run looks at every hundredth of the items (gates/sequence)."""


@dataclass(frozen=True, eq=False)
class Worlds:
    """A study's claims under one stopping plan, and the rows that its gate's worlds draw from."""

    study: Study
    items: Sequence[Item]
    """The planned ones."""
    design: Design
    asked: Asked
    scales: Mapping[str, Scale]
    """Of a mean over the planned repeats, for the metrics that are tested."""
    sets: Sequence[tuple[str, Rows]]
    """By the name of what was assumed: one, named "", for a pilot; else one for each spread."""
    said: tuple[str, ...]
    """What had to be assumed to make them."""

    @property
    def units(self) -> int:
        """Planned clusters; items where each is its own."""
        return _units(self.items)

    @property
    def calls(self) -> int:
        """Calls of the whole plan, all arms and repeats together."""
        return len(self.items) * len(self.study.arms) * self.study.repeats

    def plan(self, looks: int | None = None) -> Plan:
        """Return how the gate is used.

        Args:
            looks: of planned looks; None: the study's, else 5.
        """
        decision = self.study.decision
        return Plan(
            asked=self.asked,
            scales=self.scales,
            alpha=decision.alpha,
            alpha_hold=decision.alpha_hold,
            candidates=len(self.study.candidates),
            units=self.units,
            looks=self._looks(looks or self.study.stopping.looks or PLANNED_LOOKS),
            design=self.design,
            guarantee=bool(decision.guarantee),
        )

    def _looks(self, planned: int) -> tuple[float, ...]:
        """Return the shares of the units at which the gate looks."""
        if self.design is Design.FIXED:
            return (1.0,)
        wanted = planned if self.design is Design.PLANNED_LOOKS else RESOLUTION
        count = min(wanted, self.units)
        return tuple((look + 1) / count for look in range(count))

    def about(self) -> tuple[str, ...]:
        """Say what else the numbers rest on."""
        rows, units, candidates = self.sets[0][1], self.units, len(self.study.candidates)
        said = []
        sliced = any(t.quantity.inside for c in self.asked.tests for t in c.rejects)
        if self.design is Design.PLANNED_LOOKS and (sliced or units < len(self.items)):
            said.append("the information at a look is taken as its share of all clusters")
        if units < len(self.items):
            mine = float(rows.sizes.mean())
            planned = len(self.items) / units
            if abs(mine / planned - 1) > 0.1:
                said.append(
                    f"{units} clusters are drawn with the pilot's sizes, {mine:.1f} items each; "
                    f"the planned ones have {planned:.1f}"
                )
        if candidates > 1:
            said.append(
                "the pilot has one candidate: each of the "
                f"{candidates} is drawn from it, independently of the others, which is near the "
                "worst case of Holm's correction; at the target the others have no effect"
            )
        if rows.left_out:
            said.append(f"{rows.left_out} pilot items without a score on both sides are left out")
        if any(c.population is Population.THIS_SET for c in self.study.claims()):
            said.append("claims about this set are simulated as if they were about new items")
        if any(tests.claim.rule == "within" for tests in self.asked.tests):
            said.append(
                "away from its own face, a claim of a limit is tried at the mean of the pilot's "
                "arms"
            )
        return tuple(said)


def open_planned(path: Path) -> tuple[Study, Dataset]:
    """Read a study file and its items; no system is opened.

    Raises:
        StudyError: faults of the file.
        DataError: the dataset cannot be read.
    """
    study = load(path)
    check(study)
    root = Path(path).resolve().parent
    search_also(Path.cwd())
    return study, load_items(study.dataset, root=root)


def worlds_of(study: Study, root: Path, dataset: Dataset, design: Design) -> Worlds:
    """Return the worlds of a study's gate.

    Args:
        study: without lint faults.
        root: the folder from which its pilot is looked up.
        dataset: its items.
        design: the stopping plan.

    Raises:
        DataError: the pilot cannot be read, or does not fit the study; the primary has no target,
            or cannot be simulated.
        NotEnoughData: items with weights; a pilot that is too small; no pilot and a score without
            a range.
    """
    items = dataset.items
    refuse_weights(items)
    bound = {scorer.name: scorer.scale for scorer in bound_scorers(study, dataset, root)}
    scales = {metric: over_repeats(scale, study.repeats) for metric, scale in bound.items()}
    asked = asked_of(study.every_claim(), slice_values(study, items), design, study.ratios)
    points.target(asked)
    needed = {q.metric: scales[q.metric] for q in asked.quantities()}
    sets, said = _sets(study, root, items, asked, needed)
    return Worlds(study, items, design, asked, needed, sets, said)


def _sets(
    study: Study, root: Path, items: Sequence[Item], asked: Asked, scales: Mapping[str, Scale]
) -> tuple[list[tuple[str, Rows]], tuple[str, ...]]:
    """Return the rows to draw from, by the name of what was assumed, and the assumptions."""
    clustered = _units(items) < len(items)
    quantities = asked.quantities()

    def rows(pairs: Mapping[str, Pairs]) -> Rows:
        return rows_of(pairs, quantities, clustered=clustered)

    if study.pilot is not None:
        pilot = read_pilot(study, root, items, scales)
        return [("", rows(pilot.pairs))], pilot.assumptions
    sets = [
        (f"spread {100 * spread:g} %", rows(assumed.assumed_pairs(items, scales, spread)))
        for spread in assumed.SPREADS
    ]
    said = (
        "there is no pilot: right-or-wrong scores are assumed to change in 5, 10, 20 and 40 % of "
        "the items, graded ones to differ by a standard deviation of as much of their range; the "
        "worst is shown",
        f"metrics are assumed correlated by {assumed.BETWEEN_METRICS:g}"
        + (f", items of a cluster by {assumed.WITHIN_CLUSTER:g}" if clustered else ""),
    )
    return sets, said


def _units(items: Sequence[Item]) -> int:
    return len({("item", i.id) if i.cluster is None else ("cluster", i.cluster) for i in items})


def slice_values(study: Study, items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """Return slice's name -> its values among some items."""
    return {
        name: tuple(sorted({item.slices.get(name) or UNLABELLED for item in items}))
        for name in study.dataset.all_slices
    }


def over_repeats(scale: Scale, repeats: int) -> Scale:
    """Return the scale of a mean over repeats: of several, a right-or-wrong score is graded."""
    if repeats > 1 and scale.kind is ScoreKind.BINARY:
        return replace(scale, kind=ScoreKind.GRADED)
    return scale


def refuse_weights(items: Sequence[Item]) -> None:
    """Refuse items with weights: draws and replays take all items alike. Raises NotEnoughData."""
    if any(item.weight != 1.0 for item in items):
        raise NotEnoughData(
            "the items carry weights, and simulations and replays take all items alike",
            hint="leave the weights out to see what the gate does without them",
        )
