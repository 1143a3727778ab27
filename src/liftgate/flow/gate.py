"""``gate simulate``: a study's gate, tried in simulated worlds before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.errors import NotEnoughData
from liftgate.flow.worlds import Worlds, open_planned, worlds_of
from liftgate.gates.calibrate.body import body
from liftgate.gates.calibrate.characteristics import Characteristics, Simulation, Wanted
from liftgate.gates.calibrate.engine import Plan
from liftgate.gates.calibrate.rows import Rows
from liftgate.protocols import Progress
from liftgate.records import Design
from liftgate.records.notebook import Card
from liftgate.study.design import Study

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
class Simulated(Card):
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
    study, dataset = open_planned(path)
    design = asked_for.stopping or Design(study.stopping.plan)
    worlds = worlds_of(study, Path(path).resolve().parent, dataset, design)
    plan, items, sets = worlds.plan(asked_for.looks), worlds.items, worlds.sets
    seed = study.seed if asked_for.seed is None else asked_for.seed
    wanted = Wanted(
        runs=asked_for.runs,
        pilots=asked_for.pilots if study.pilot is not None else 0,
        seed=seed,
        naive=asked_for.naive,
        curve=asked_for.curve,
        calls=worlds.calls,
    )
    found, unable = _simulated(plan, sets, wanted, progress)
    first = sets[0][1]
    return Simulated(
        study=study,
        plan=plan,
        request=asked_for,
        seed=seed,
        items=len(items),
        worlds=found,
        rows=first,
        assumptions=(*worlds.said, *unable, *_other(worlds), *worlds.about()),
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


def _other(worlds: Worlds) -> tuple[str, ...]:
    own = worlds.study.stopping.plan
    if worlds.design.value == own:
        return ()
    return (f"the study's own plan is {own}: this is another one, tried",)


def _reporter(progress: Show | None, name: str) -> Callable[[int, int], None]:
    stage = f"simulating, {name}" if name else "simulating"

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(Progress(stage=stage, done=done, total=total, failed=None))

    return report
