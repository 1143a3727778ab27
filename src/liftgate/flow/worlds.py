"""The worlds in which a study's gate is tried before it is used: its pilot's, or assumed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from liftgate.errors import NotEnoughData
from liftgate.evals.data import load_dataset
from liftgate.flow.pilot import read_pilot
from liftgate.flow.scorers import bound_scorers
from liftgate.gates.calibrate import assumed
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import Asked, asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.sequence import UNLABELLED
from liftgate.plugins.local import search_also
from liftgate.records import Dataset, Design, Item, Pairs, Scale, ScoreKind
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load
from liftgate.study.plan import PLANNED_LOOKS

_RESOLUTION = 20
"""With unlimited looks a stop is seen at every twentieth of the items."""


@dataclass(frozen=True, eq=False)
class Worlds:
    """A study's claims, and the rows from which its gate's worlds are drawn."""

    study: Study
    items: Sequence[Item]
    """The planned ones."""
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

    def plan(self, design: Design, looks: int | None = None) -> Plan:
        """Return how the gate is used.

        Args:
            design: its stopping plan.
            looks: planned ones; None: the study's, else 5.
        """
        decision = self.study.decision
        return Plan(
            asked=self.asked,
            scales=self.scales,
            alpha=decision.alpha,
            alpha_hold=decision.alpha_hold,
            candidates=len(self.study.candidates),
            units=self.units,
            looks=_looks(design, looks or self.study.stopping.looks or PLANNED_LOOKS),
            design=design,
        )

    def about(self, design: Design) -> tuple[str, ...]:
        """Say what else the numbers rest on."""
        rows, units, said = self.sets[0][1], self.units, []
        if units < len(self.items) and design is Design.PLANNED_LOOKS:
            said.append("the information at a look is taken as its share of the clusters")
        if units < len(self.items):
            mine = float(rows.sizes.mean())
            planned = len(self.items) / units
            if abs(mine / planned - 1) > 0.1:
                said.append(
                    f"{units} clusters are drawn with the pilot's sizes, {mine:.1f} items each; "
                    f"the planned ones have {planned:.1f}"
                )
        if len(self.study.candidates) > 1:
            said.append(
                "the pilot has one candidate: each of the "
                f"{len(self.study.candidates)} is drawn from it, independently of the others, which is near the "
                "worst case of Holm's correction; at the target the others have no effect"
            )
        if rows.left_out:
            said.append(f"{rows.left_out} pilot items without a score on both sides are left out")
        if any(c.rule == "within" and c.id not in self.asked.left_out for c in self.study.claims()):
            said.append(
                "away from its own face, a claim of a limit is tried at the mean of the pilot's arms"
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
    search_also(Path.cwd())
    source = study.dataset
    root = Path(path).resolve().parent
    return study, load_dataset(
        source.source, root=root, cluster=source.cluster, slices=source.slices
    )


def worlds_of(study: Study, root: Path, dataset: Dataset) -> Worlds:
    """Return the worlds of a study's gate.

    Args:
        study: without lint faults.
        root: the folder from which its pilot is looked up.
        dataset: its items.

    Raises:
        DataError: the pilot cannot be read, or does not fit the study.
        NotEnoughData: items with weights; a pilot that is too small; no pilot and a score without
            a range.
    """
    items = dataset.items
    _refuse_weights(items)
    bound = {scorer.name: scorer.scale for scorer in bound_scorers(study, dataset)}
    scales = {metric: _over_repeats(scale, study.repeats) for metric, scale in bound.items()}
    asked = asked_of(study.claims(), _slice_values(study, items))
    needed = {q.metric: scales[q.metric] for q in asked.quantities()}
    sets, said = _sets(study, root, items, asked, needed)
    return Worlds(study, items, asked, needed, sets, said)


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


def _looks(design: Design, planned: int) -> tuple[float, ...]:
    """Return the shares of the units at which the gate looks."""
    if design is Design.FIXED:
        return (1.0,)
    count = planned if design is Design.PLANNED_LOOKS else _RESOLUTION
    return tuple((look + 1) / count for look in range(count))


def _units(items: Sequence[Item]) -> int:
    return len({("item", i.id) if i.cluster is None else ("cluster", i.cluster) for i in items})


def _slice_values(study: Study, items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(sorted({item.slices.get(name) or UNLABELLED for item in items}))
        for name in study.dataset.slices
    }


def _over_repeats(scale: Scale, repeats: int) -> Scale:
    """Return the scale of a mean over repeats: of several, a right-or-wrong score is graded."""
    if repeats > 1 and scale.kind is ScoreKind.BINARY:
        return replace(scale, kind=ScoreKind.GRADED)
    return scale


def _refuse_weights(items: Sequence[Item]) -> None:
    if any(item.weight != 1.0 for item in items):
        raise NotEnoughData(
            "the items carry weights, and the simulation draws all items alike",
            hint="leave the weights out to see what the gate does without them",
        )
