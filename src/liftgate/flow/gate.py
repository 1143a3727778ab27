"""``gate simulate``: a study's gate, tried in simulated worlds before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from liftgate.errors import NotEnoughData
from liftgate.evals.data import load_dataset
from liftgate.flow.parts import bound_scorers
from liftgate.flow.pilot import read_pilot
from liftgate.gates.calibrate import assumed, points
from liftgate.gates.calibrate.body import body
from liftgate.gates.calibrate.characteristics import Characteristics, Simulation, Wanted
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.quantities import Asked, asked_of
from liftgate.gates.calibrate.rows import Rows, rows_of
from liftgate.gates.sequence import UNLABELLED
from liftgate.plugins.local import search_also
from liftgate.protocols import Progress
from liftgate.records import Design, Item, Pairs, Population, Scale, ScoreKind
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load
from liftgate.study.plan import PLANNED_LOOKS

_RESOLUTION = 100
"""With unlimited looks a run looks at every hundredth of the items (gates/sequence)."""

Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Request:
    """How much is simulated."""

    runs: int = 10_000
    pilots: int = 50
    seed: int | None = None
    """None: the study's."""
    naive: bool = False
    curve: bool = False
    stopping: Design | None = None
    """Another stopping plan than the study's; None: the study's."""
    looks: int | None = None
    """Another number of planned looks than the study's."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """A study's gate and what it does in simulated worlds."""

    study: Study
    plan: Plan
    request: Request
    seed: int
    items: int
    worlds: tuple[Characteristics, ...]
    """One for a pilot; one for each assumed spread without one."""
    rows: Rows
    assumptions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints: plain values."""
        pilot = None
        if self.study.pilot is not None:
            pilot = {
                **self.study.pilot.model_dump(mode="json"),
                "items": self.rows.items,
                "clusters": self.rows.clusters,
            }
        return {
            "liftgate": 1,
            "study": self.study.study,
            "study_digest": self.study.digest(),
            "design": self.plan.design.value,
            "items": self.items,
            "planned_calls": self.items * len(self.study.arms) * self.study.repeats,
            "pilot": pilot,
            "runs": self.request.runs,
            "seed": self.seed,
            **body(self.worlds, self.plan),
            "assumptions": list(self.assumptions),
        }


def simulate_gate(
    path: Path, request: Request | None = None, progress: Show | None = None
) -> Simulated:
    """Simulate a study's gate; no system is opened, and nothing is run.

    Args:
        path: the study file.
        request: how much is simulated.
        progress: shown how far it is.

    Raises:
        StudyError: faults of the file.
        DataError: the dataset or the pilot cannot be read, or do not fit the study.
        NotEnoughData: the pilot is too small, or cannot show the planned effects; no pilot and a
            score without a range.
    """
    asked_for = request or Request()
    study = load(path)
    check(study)
    root = Path(path).resolve().parent
    search_also(Path.cwd())
    source = study.dataset
    dataset = load_dataset(source.source, root=root, cluster=source.cluster, slices=source.slices)
    items = dataset.items
    refuse_weights(items)
    bound = {scorer.name: scorer.scale for scorer in bound_scorers(study, dataset)}
    scales = {metric: over_repeats(scale, study.repeats) for metric, scale in bound.items()}
    design = asked_for.stopping or Design(study.stopping.plan)
    asked = asked_of(study.claims(), slice_values(study, items), design)
    points.target(asked)
    needed = {q.metric: scales[q.metric] for q in asked.quantities()}
    sets, said = _sets(study, root, items, asked, needed)
    units = _units(items)
    plan = Plan(
        asked=asked,
        scales=needed,
        alpha=study.decision.alpha,
        alpha_hold=study.decision.alpha_hold,
        candidates=len(study.candidates),
        units=units,
        looks=_looks(design, asked_for, study, units),
        design=design,
        guarantee=bool(study.decision.guarantee),
    )
    seed = study.seed if asked_for.seed is None else asked_for.seed
    wanted = Wanted(
        runs=asked_for.runs,
        pilots=asked_for.pilots if study.pilot is not None else 0,
        seed=seed,
        naive=asked_for.naive,
        curve=asked_for.curve,
        calls=len(items) * len(study.arms) * study.repeats,
    )
    worlds, unable = _simulated(plan, sets, wanted, progress)
    first = sets[0][1]
    return Simulated(
        study=study,
        plan=plan,
        request=asked_for,
        seed=seed,
        items=len(items),
        worlds=worlds,
        rows=first,
        assumptions=(*said, *unable, *_about(plan, first, items, study)),
    )


def _simulated(
    plan: Plan, sets: Sequence[tuple[str, Rows]], wanted: Wanted, progress: Show | None
) -> tuple[tuple[Characteristics, ...], tuple[str, ...]]:
    """Simulate each set of rows; return what was found, and which could not show the target.

    Raises:
        NotEnoughData: none of them could.
    """
    worlds, unable = [], []
    refused: NotEnoughData | None = None
    for number, (name, rows) in enumerate(sets):
        try:
            report = _reporter(progress, name)
            worlds.append(Simulation(plan, rows, wanted, number, report).run(name))
        except NotEnoughData as error:
            refused = error
            unable.append(f"not simulated, {name}: {error}")
    if refused is not None and not worlds:
        raise refused
    return tuple(worlds), tuple(unable)


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


def _looks(design: Design, request: Request, study: Study, units: int) -> tuple[float, ...]:
    """Return the shares of the units at which the gate looks."""
    if design is Design.FIXED:
        return (1.0,)
    planned = request.looks or study.stopping.looks or PLANNED_LOOKS
    count = min(planned if design is Design.PLANNED_LOOKS else _RESOLUTION, units)
    return tuple((look + 1) / count for look in range(count))


def _about(plan: Plan, rows: Rows, items: Sequence[Item], study: Study) -> tuple[str, ...]:
    said = []
    if plan.design.value != study.stopping.plan:
        said.append(f"the study's own plan is {study.stopping.plan}: this is another one, tried")
    sliced = any(t.quantity.inside for c in plan.asked.tests for t in c.rejects)
    if plan.design is Design.PLANNED_LOOKS and (sliced or plan.units < len(items)):
        said.append("the information at a look is taken as its share of all clusters")
    if plan.units < len(items):
        mine = float(rows.sizes.mean())
        planned = len(items) / plan.units
        if abs(mine / planned - 1) > 0.1:
            said.append(
                f"{plan.units} clusters are drawn with the pilot's sizes, {mine:.1f} items each; "
                f"the planned ones have {planned:.1f}"
            )
    if plan.candidates > 1:
        said.append(
            "the pilot has one candidate: each of the "
            f"{plan.candidates} is drawn from it, independently of the others, which is near the "
            "worst case of Holm's correction; at the target the others have no effect"
        )
    if rows.left_out:
        said.append(f"{rows.left_out} pilot items without a score on both sides are left out")
    if any(c.population is Population.THIS_SET for c in study.claims()):
        said.append("claims about this set are simulated as if they were about new items")
    if any(c.rule == "within" and c.id not in plan.asked.left_out for c in study.claims()):
        said.append(
            "away from its own face, a claim of a limit is tried at the mean of the pilot's arms"
        )
    return tuple(said)


def _units(items: Sequence[Item]) -> int:
    return len({("item", i.id) if i.cluster is None else ("cluster", i.cluster) for i in items})


def slice_values(study: Study, items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """Return slice's name -> its values among some items."""
    return {
        name: tuple(sorted({item.slices.get(name) or UNLABELLED for item in items}))
        for name in study.dataset.slices
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


def _reporter(progress: Show | None, name: str) -> Callable[[int, int], None]:
    stage = f"simulating, {name}" if name else "simulating"

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(Progress(stage=stage, done=done, total=total, failed=None))

    return report
