"""What a lock says of a study's size: whether it could ship a candidate that is at its target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, LiftgateError, NotEnoughData
from liftgate.flow.worlds import Worlds, worlds_of
from liftgate.gates.calibrate.adequacy import LEAST, WANTED, Size, Verdict, judge
from liftgate.records import Dataset, Design, Part, Population
from liftgate.study.design import Study

_GIVEN = "the primary at its target, nothing else moved"


@dataclass(frozen=True)
class Adequacy:
    """A study's size, as a lock records it."""

    size: Size
    design: Design
    verdict: Verdict | None
    """None: not simulated."""
    pilot: bool
    reason: str
    """Why nothing was simulated; empty: it was."""

    def as_json(self) -> dict[str, Any]:
        """Return what a lock's entry holds under ``power``."""
        body: dict[str, Any] = {"size": self.size.value, "design": self.design.value}
        if self.verdict is None:
            return {**body, "reason": self.reason}
        found = self.verdict
        return {
            **body,
            "least": LEAST,
            "wanted": WANTED,
            "best": found.best,
            "worlds": [
                {"world": c.world, "ship": c.ship.count, "runs": c.ship.runs, "kept": c.kept}
                for c in found.chances
            ],
            "unreached": list(found.unreached),
            "forecast": {"ship": found.forecast, "given": _GIVEN},
        }

    def sentence(self) -> str:
        """Return what a person is told."""
        if self.size is Size.EXPLORATORY:
            return "Power not asked: the study is exploratory and never ships"
        if self.verdict is None:
            return f"Warning: the study's power cannot be told ({self.reason})"
        said = f"ships a candidate at its target in {self._range()}"
        if self.size is Size.ENOUGH:
            return f"Power: {said}"
        return f"Warning, low power: {said}; liftgate study power tells the size for 80 %"

    def refusal(self, study: Study) -> NotEnoughData:
        """Return the error of a study that is too small."""
        return NotEnoughData(
            f"{study.file or study.study}: the study is too small: it ships a candidate at its "
            f"target in {self._range()}, expected at least {100 * LEAST:.0f} % at best",
            hint="liftgate study power FILE tells which claim stands in the way and how many items "
            "are needed; take more items, or declare the study for learning only: "
            "exploratory: true",
        )

    def _range(self) -> str:
        assert self.verdict is not None
        low, best = _percent(self.verdict.low), _percent(self.verdict.best)
        if not self.pilot:
            return f"{low} to {best} of its uses (over assumed spreads, without a pilot)"
        if low == best:
            return f"about {low} of its uses"
        return f"about {low} of its uses, at most {best} by what the pilot leaves open"


def adequacy_of(study: Study, root: Path, dataset: Dataset) -> Adequacy:
    """Judge a study's size; what cannot be judged is said, and is no fault of the study.

    Args:
        study: without lint faults.
        root: the folder from which its pilot is looked up.
        dataset: its items.
    """
    design, pilot = Design(study.stopping.plan), study.pilot is not None

    def untold(size: Size, reason: str) -> Adequacy:
        return Adequacy(size, design, None, pilot, reason)

    if study.exploratory:
        return untold(Size.EXPLORATORY, "it never ships")
    try:
        _check_population(study)
        worlds = worlds_of(study, root, dataset, design)
        return _judged(worlds)
    except LiftgateError as error:
        return untold(Size.UNKNOWN, str(error))


def _judged(worlds: Worlds) -> Adequacy:
    study = worlds.study
    pilot = study.pilot is not None
    found = judge(worlds.plan(), worlds.sets, pilot=pilot, seed=study.seed)
    return Adequacy(found.size, worlds.design, found, pilot, "")


def _check_population(study: Study) -> None:
    """The simulation draws items from a population; a fixed set is known once it is answered."""
    if any(
        claim.population is Population.THIS_SET and claim.part in (Part.PRIMARY, Part.GUARDRAIL)
        for claim in study.claims()
    ):
        raise DataError("a claim is about exactly these items, which the simulation draws anew")


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"
