"""``gate replay``: a study's gate on real rows whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liftgate import plugins
from liftgate.errors import NotEnoughData
from liftgate.flow.items import load_items
from liftgate.flow.material import Found, from_pilot, from_store
from liftgate.flow.scorers import bound_scorers
from liftgate.flow.worlds import refuse_weights, slice_values
from liftgate.gates.calibrate.figures import Figure, body, exceeded, figure
from liftgate.gates.calibrate.quantities import asked_of
from liftgate.gates.calibrate.replay import Harm, Kind, Material, harms, only
from liftgate.gates.calibrate.replayed import Gate, deciding, replay
from liftgate.gates.sequence import looks_of
from liftgate.plugins.local import search_also
from liftgate.protocols import Progress
from liftgate.records import Claim, Design
from liftgate.records.notebook import Card
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load

Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Replays(Card):
    """What the replays of a study's gate showed."""

    study: Study
    source: str
    items: int
    seed: int
    rates: tuple[Figure, ...]
    refused: dict[str, str]
    """Kind -> why it could not be replayed."""
    notes: tuple[str, ...]
    naive: bool

    @property
    def exit_code(self) -> int:
        """0: within what was declared and the Monte-Carlo error; 1: exceeded."""
        return int(exceeded(self.rates))

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints: plain values."""
        return {
            "liftgate": 1,
            "study": self.study.study,
            "study_digest": self.study.digest(),
            "design": self.study.stopping.plan,
            "alpha": self.study.decision.alpha,
            "alpha_hold": self.study.decision.alpha_hold,
            "source": self.source,
            "items": self.items,
            "seed": self.seed,
            "replays": body(self.rates, naive=self.naive),
            "refused": self.refused,
            "notes": list(self.notes),
            "exit_code": self.exit_code,
        }


def replay_gate(
    path: Path,
    *,
    kind: Kind | None = None,
    runs: int = 1000,
    seed: int | None = None,
    naive: bool = False,
    progress: Show | None = None,
) -> Replays:
    """Replay a study's gate on its own rows, or on its pilot's; nothing is called.

    Args:
        path: the study file.
        kind: one kind; None: every kind that its rows allow.
        runs: of each figure.
        seed: None: the study's.
        naive: also try a gate of bare means.
        progress: shown how far it is.

    Raises:
        StudyError: faults of the file.
        LockedError: the study is not what was locked.
        DataError: a dataset, system or pilot cannot be read.
        NotEnoughData: nothing could be replayed; the reasons.
    """
    study = load(path)
    check(study)
    root = Path(path).resolve().parent
    search_also(Path.cwd())
    plan = study.dataset
    dataset = load_items(plan, root=root)
    refuse_weights(dataset.items)
    claims = deciding(study.claims())
    metrics = tuple(dict.fromkeys(c.metric for c in claims if c.metric in study.scorers))
    if not metrics:
        raise NotEnoughData("no claim that decides is about scores of items")
    scales = {s.name: s.scale for s in bound_scorers(study, dataset, root) if s.name in metrics}
    chosen = study.seed if seed is None else seed
    found = from_store(path, metrics) or from_pilot(study, root, dataset.items, scales)
    slices = slice_values(study, dataset.items)
    work = _Work(found, _gate(study, claims, found, slices), _Much(runs, chosen, progress))
    ratios = [c.title for c in claims if c.metric in study.ratios]
    lacking = [c.title for c in claims if c.metric not in {*study.scorers, *study.ratios}]
    if lacking:
        work.notes.append(f"not about items, counted as passed: {', '.join(lacking)}")
    if ratios:
        work.notes.append(f"ratios of sums, counted as passed: {', '.join(ratios)}")
    for wanted in Kind if kind is None else (kind,):
        work.add(wanted)
    if not work.figures:
        raise NotEnoughData(
            "; ".join(f"{name}: {why}" for name, why in work.refused.items()),
            hint="a repeat A/A needs two stored repeats of one arm (repeats: 2), and a system "
            "whose answers vary; the other kinds need two arms that differ",
        )
    return Replays(
        study=study,
        source=found.source,
        items=len(found.items),
        seed=chosen,
        rates=tuple(work.figures),
        refused=work.refused,
        notes=(*found.notes, *dict.fromkeys(work.notes)),
        naive=naive,
    )


def _gate(
    study: Study, claims: tuple[Claim, ...], found: Found, slices: dict[str, tuple[str, ...]]
) -> Gate:
    decision, design = study.decision, Design(study.stopping.plan)
    return Gate(
        claims=claims,
        rules={c.id: plugins.load("rules", c.rule)(**c.params) for c in claims},
        asked=asked_of(claims, slices, design, study.ratios),
        alpha=decision.alpha,
        alpha_hold=decision.alpha_hold,
        looks=looks_of(design, found.items, study.stopping.looks),
        guarantee=bool(decision.guarantee),
    )


@dataclass(frozen=True)
class _Much:
    runs: int
    seed: int
    progress: Show | None


class _Work:
    """Replays of every kind of one study, each with figures of its own."""

    def __init__(self, found: Found, gate: Gate, much: _Much) -> None:
        self.figures: list[Figure] = []
        self.refused: dict[str, str] = {}
        self.notes: list[str] = []
        self._found, self._gate, self._much = found, gate, much

    def add(self, kind: Kind) -> None:
        """Replay one kind, or note why it cannot be."""
        try:
            self._add(kind)
        except NotEnoughData as error:
            self.refused[kind.value] = str(error)

    def _add(self, kind: Kind) -> None:
        if kind is not Kind.PLANTED_HARM:
            for material in self._materials(kind):
                self._figure(kind, material, None)
            return
        try:
            (material, *_) = self._materials(Kind.REPEAT_AA)
        except NotEnoughData:
            (material, *_) = self._materials(Kind.LABEL_SWAP)
        found, refused = harms(self._gate.asked, material)
        if not found:
            reasons = "; ".join(f"{claim}: {why}" for claim, why in refused.items())
            raise NotEnoughData(reasons or "no claim says that only little may be lost")
        self.notes += [f"no harm planted for {claim}: {why}" for claim, why in refused.items()]
        for harm in found:
            self._figure(kind, material, harm)

    def _materials(self, kind: Kind) -> tuple[Material, ...]:
        found = only(self._found.materials, kind)
        if not found:
            raise NotEnoughData(self._found.refused[kind])
        return found

    def _figure(self, kind: Kind, material: Material, harm: Harm | None) -> None:
        place = len(self.figures)
        rng = np.random.default_rng([self._much.seed, list(Kind).index(kind), place])
        done = 0

        def tick(size: int) -> None:
            nonlocal done
            done += size
            if self._much.progress is not None:
                stage = f"replaying, {kind.value}"
                self._much.progress(
                    Progress(stage=stage, done=done, total=self._much.runs, failed=None)
                )

        outcome = replay(self._gate, material, self._much.runs, rng, harm, tick)
        self.figures.append(figure(kind, material, harm, outcome, self._gate))
        if material.still:
            named = ", ".join(material.still)
            self.notes.append(f"{material.of}: {named} never differs, its claims are not tried")
