"""``gate mutate`` and ``gate activate``: a study's gate broken on purpose, check by check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liftgate import plugins
from liftgate.canon import digest
from liftgate.errors import NotEnoughData, UnknownName
from liftgate.evals.plan import ordered
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.items import load_items
from liftgate.flow.ledger import ACTIVATED
from liftgate.flow.pilot import read_pilot
from liftgate.flow.policies import refuse_machines
from liftgate.flow.scorers import bound_scorers
from liftgate.flow.study import find
from liftgate.flow.worlds import over_repeats, refuse_weights
from liftgate.gates.calibrate.broken import Checks
from liftgate.gates.calibrate.mutants import Tried, changed, mutate, survivors, unread
from liftgate.gates.calibrate.replayed import deciding
from liftgate.gates.sequence import UNLABELLED, cluster_numbers, looks_of
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.plugins.local import search_also
from liftgate.protocols import Progress, Rule
from liftgate.records import Claim, Design, Entry, Failure, Item, Part, Scale
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load

Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Mutation(Card):
    """What became of every mutant of a study's gate."""

    study: Study
    dataset_digest: str
    items: int
    mutants: tuple[Tried, ...]
    notes: tuple[str, ...]

    @property
    def unkilled(self) -> tuple[Tried, ...]:
        """The mutants that no scene killed."""
        return survivors(self.mutants)

    @property
    def exit_code(self) -> int:
        """0: every mutant is killed; 1: a check does not bite."""
        return int(bool(self.unkilled))

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints: plain values; equal for equal gates."""
        return {
            "liftgate": 1,
            "study": self.study.study,
            "study_digest": self.study.digest(self.dataset_digest),
            "items": self.items,
            "mutants": [_row(one) for one in self.mutants],
            "unkilled": [one.name for one in self.unkilled],
            "notes": list(self.notes),
            "exit_code": self.exit_code,
        }


@dataclass(frozen=True)
class Activation(Card):
    """A gate that was activated, or refused."""

    mutation: Mutation
    entry: Entry | None
    added: bool = False
    """Whether the entry is new; False: the same gate was active already."""


def mutate_gate(path: Path, progress: Show | None = None) -> Mutation:
    """Break every check of a study's gate, one at a time; nothing is called.

    Args:
        path: the study file.
        progress: shown how far it is.

    Raises:
        StudyError: faults of the file.
        DataError: the dataset or the pilot cannot be read.
        NotEnoughData: the items carry weights.
    """
    study = load(path)
    check(study)
    root = Path(path).resolve().parent
    search_also(Path.cwd())
    plan = study.dataset
    dataset = load_items(plan, root=root)
    refuse_weights(dataset.items)
    claims = tuple(c for c in study.claims() if c.metric not in study.ratios)
    ratios = [c for c in study.claims() if c.metric in study.ratios]
    if any(c.part is Part.PRIMARY for c in ratios):
        raise NotEnoughData(
            f"{study.claims()[0].title}: the primary claim is about a ratio of sums, for which no "
            "scenes are known; the gate was not checked"
        )
    scorers = bound_scorers(study, dataset, root)
    scales = {s.name: over_repeats(s.scale, study.repeats) for s in scorers}

    def tick(done: int, total: int) -> None:
        if progress is not None:
            progress(Progress(stage="breaking checks", done=done, total=total, failed=None))

    checks = _checks(study, dataset.items, deciding(claims), scales)
    levels = _levels(study, root, dataset.items, scales)
    found = mutate(checks, len(study.candidates), levels, _rule, tick)
    unreported, notes = _measures(study, path)
    return Mutation(
        study=study,
        dataset_digest=dataset.digest,
        items=len(dataset.items),
        mutants=(*found, *unread(_unclaimed(study, ratios), claims), *unreported),
        notes=(*_aside(claims), *_unchecked(ratios), *notes),
    )


def activate_gate(
    path: Path,
    progress: Show | None = None,
    *,
    sign_with: str | None = None,
    given: Path | None = None,
) -> Activation:
    """Write into the ledger that every check of a study's gate bites; refuse where one does not.

    The entry names the study's digest and that of the result. The same gate activated again adds
    nothing but a signature.

    Args:
        path: the study file.
        progress: shown how far it is.
        sign_with: name of one's own key, for policies under which decisions are signed.
        given: another trust file than the workspace's.

    Raises:
        StudyError, DataError, NotEnoughData: as ``mutate_gate``.
        Refused: a key that may not sign for a person; checked first.
    """
    key = None if sign_with is None else load_key(sign_with)
    workspace = Workspace.locate()
    trust = load_trust(trust_file(workspace, given))
    if key is not None:
        with Ledger.open(workspace.create().home) as ledger:
            refuse_machines(ledger, f"sign the activated gate of {path}", [key], trust)
    found = mutate_gate(path, progress)
    if found.unkilled:
        return Activation(found, None)
    result = found.as_json()
    body = {
        "liftgate": 1,
        "study": result["study"],
        "study_digest": result["study_digest"],
        "mutation_digest": digest(result),
        "mutants": len(found.mutants),
        "killed": [{"mutant": one.name, "scene": one.scene} for one in found.mutants],
    }
    refs = {"study": body["study_digest"], "mutation": body["mutation_digest"]}
    with Ledger.open(workspace.create().home) as ledger:
        same = (e for e in ledger.entries(kind=ACTIVATED) if digest(e.body) == digest(body))
        known = next(same, None)
        entry = known or ledger.append(ACTIVATED, body, refs=refs)
        if key is not None:
            said = {part: body[part] for part in ("study", "study_digest", "mutation_digest")}
            consent.give(ledger, entry, consent.ACTIVATION, said, [key], trust)
    return Activation(found, entry, added=known is None)


def _row(one: Tried) -> dict[str, Any]:
    before, after = changed(one) if one.killed else (None, None)
    return {
        "mutant": one.name,
        "title": one.title,
        "killed": one.killed,
        "scene": one.scene or None,
        "gate": before and before.value,
        "mutant_says": after and after.value,
        "advice": one.advice or None,
    }


def _checks(
    study: Study, items: Sequence[Item], claims: tuple[Claim, ...], scales: Mapping[str, Scale]
) -> Checks:
    order = ordered(items, study.seed)
    slices = {
        name: np.array([item.slices.get(name) or UNLABELLED for item in order])
        for name in study.dataset.all_slices
    }
    return Checks(
        claims=claims,
        rules={claim.id: _rule(claim) for claim in claims},
        scales={m: s for m, s in scales.items() if m in {c.metric for c in claims}},
        failure_scores={metric: _failures(study, scale) for metric, scale in scales.items()},
        clusters=cluster_numbers(order),
        slices=slices,
        alpha=study.decision.alpha,
        alpha_hold=study.decision.alpha_hold,
        looks=looks_of(Design(study.stopping.plan), order, study.stopping.looks),
        guarantee=bool(study.decision.guarantee),
    )


def _rule(claim: Claim) -> Rule:
    rule: Rule = plugins.load("rules", claim.rule)(**claim.params)
    return rule


def _failures(study: Study, scale: Scale) -> dict[Failure, float]:
    worst = np.nan if scale.worst is None else scale.worst
    declared = {kind: getattr(study.outcomes, kind.value).score for kind in Failure}
    return {
        kind: worst if isinstance(score, str) else float(score) for kind, score in declared.items()
    }


def _levels(
    study: Study, root: Path, items: Sequence[Item], scales: Mapping[str, Scale]
) -> dict[str, float]:
    """Return where the pilot's baseline stands on each metric; nothing without a pilot."""
    if study.pilot is None:
        return {}
    found = {}
    for metric, scale in scales.items():
        try:
            pairs = read_pilot(study, root, items, {metric: scale}).pairs[metric]
        except UnknownName:
            continue
        if scale.low is not None and scale.high is not None:
            mean = float(np.nanmean(pairs.baseline))
            share = (mean - scale.low) / (scale.high - scale.low)
            found[metric] = share if scale.higher_is_better else 1 - share
    return found


def _unclaimed(study: Study, ratios: Sequence[Claim]) -> list[str]:
    """Return the metrics that no claim about a ratio rests on."""
    found = [study.ratios[claim.metric] for claim in ratios if claim.part is not Part.WATCH]
    used = {side for ratio in found for side in (ratio.of, ratio.per)}
    return [metric for metric in study.scorers if metric not in used]


def _unchecked(ratios: Sequence[Claim]) -> tuple[str, ...]:
    if not ratios:
        return ()
    return (f"ratios of sums, not checked: {', '.join(claim.title for claim in ratios)}",)


def _aside(claims: Sequence[Claim]) -> tuple[str, ...]:
    named = {
        part: [c.title for c in claims if c.part is part] for part in (Part.WATCH, Part.SECONDARY)
    }
    return tuple(
        f"{part.value}, by design no check, it never changes a decision: {', '.join(titles)}"
        for part, titles in named.items()
        if titles
    )


def _measures(study: Study, path: Path) -> tuple[tuple[Tried, ...], tuple[str, ...]]:
    """Return a survivor for each claimed measure that no system reported when the study ran."""
    wanted = [c for c in deciding(study.claims()) if c.is_measure]
    if not wanted:
        return (), ()
    names = ", ".join(dict.fromkeys(c.metric for c in wanted))
    workspace = Workspace.locate()
    locked = find(study, workspace)
    measures = []
    if locked is not None:
        with Store.open(workspace.home, read_only=True) as store:
            measures = store.measures(locked.digest)
            ran = any(run.study == locked.digest for run in store.runs())
    if locked is None or not ran:
        return (), (f"whether the systems report {names} shows when the study runs ({path.name})",)
    reported = {m.name for m in measures}
    return tuple(
        Tried(
            f"{claim.id}: not reported",
            f"{claim.title} on a measure that no system reports",
            False,
            advice=f"no system of the study reports {claim.metric}: return it from measure(), or "
            "remove the claim",
        )
        for claim in wanted
        if claim.metric not in reported
    ), ()
