"""``judge calibrate``: how far a study's judge is from people, as an entry of the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from liftgate.canon import digest, plain, sha256
from liftgate.errors import NotEnoughData, StudyError
from liftgate.evals.labels import Labels, combined, read_labels
from liftgate.evals.plan import Plan
from liftgate.evals.run import execute
from liftgate.evals.select import select
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.judge_of import JudgeOf, Said, counted, counted_scale, judge_of, order, subjects
from liftgate.flow.judge_worth import Known, Wanted, worth_of
from liftgate.flow.judges import CALIBRATED, chances_of, drawn_for, sign_draw
from liftgate.flow.policies import refuse_machines
from liftgate.flow.run import record_finished
from liftgate.flow.same_answers import needs_all, same_answers
from liftgate.flow.signals import columns_of, signals_of
from liftgate.flow.tags import refuse_use, tags_of
from liftgate.gates import judge_errors
from liftgate.gates.judge_errors import Rated
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import Key, load_key
from liftgate.ledger.trust import Trust
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.capture import manifest
from liftgate.protocols import OfVerdicts
from liftgate.records import Dataset, Entry, Observation
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace, only_one

Say = Callable[[str], None]
HALF_WIDTH = 0.05
"""Of the next study's interval, as a share of the scale's range, unless one is asked for."""


@dataclass(frozen=True)
class Calibration(Card):
    """What was found of a judge."""

    entry: Entry
    appended: bool

    @property
    def body(self) -> Mapping[str, Any]:
        """As the ledger holds it."""
        return self.entry.body

    def as_json(self) -> dict[str, Any]:
        """Return it with its ledger entry."""
        return {**self.body, "entry": self.entry.sequence}


@dataclass(frozen=True)
class Request:
    """How to calibrate."""

    combine: str = "mean"
    """How several raters' labels of one answer become one: mean, median or majority."""
    half_width: float | None = None
    """Of the next study's interval, in the units of the score."""
    level: float = 0.95
    seed: int = 0


def calibrate_judge(
    name: str,
    labels: Path,
    workspace: Workspace,
    request: Request = Request(),
    say: Say | None = None,
    *,
    sign_with: str | None = None,
    given: Path | None = None,
) -> Calibration:
    """Compare a judge with people on answers that both rated, and keep it in the ledger.

    Answers that the judge has not scored yet are scored now; no arm is called. The same labels
    again append nothing but a signature.

    Args:
        name: as in ``judge_of``.
        labels: a file of labels, see ``evals.labels``.
        workspace: with the study's trials.
        request: how to.
        say: told in a sentence what is being done.
        sign_with: name of one's own key, for policies under which decisions are signed: under the
            calibration, and under the draw that its labels are of where nobody signed that.
        given: another trust file than the workspace's.

    Raises:
        StudyError: faults of the study; labels were added after a decision that rests on labels.
        DataError: a fault of the labels, by place.
        NotEnoughData: no label of an answer that the judge could score.
        Refused: the tags of its items do not allow it; a key that may not sign for a person.
    """
    tell = say or (lambda _: None)
    made = judge_of(name)
    key = None if sign_with is None else load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    workspace.create()
    with (
        only_one(workspace, "run"),
        Store.open(workspace.home) as store,
        Ledger.open(workspace.home) as ledger,
    ):
        if key is not None:
            refuse_machines(ledger, f"sign the labels of {name}", [key], trust)
        plan = made.plan(workspace)
        known = subjects(made, plan, store)
        if not known:
            raise NotEnoughData(
                f"{made.opened.study.study}: there is no answer yet that could be labelled",
                hint="liftgate run STUDY first",
            )
        found = read_labels(labels, made.rubric, known)
        if not found.by_trial():
            raise NotEnoughData(
                f"{labels.name}: no row holds a label ({found.empty} are not filled in)",
                hint="fill in rater and value, then calibrate again",
            )
        bound_by = tags_of(made.opened, ledger.entries(), store)
        refuse_use(made.opened, bound_by, workspace, ledger, act="calibrate the judge of")
        _score_missing(made, plan, found, store, ledger, tell)
        entries = list(ledger.entries())
        draw = drawn_for(made.bound.name, made.opened.study.study, entries)
        body = _body(made, plan, found, draw, store, request)
        body["labels"]["file"] = sha256(labels.read_bytes())
        _refuse_second_look(made, body, entries)
        store.flush()
        entry, appended = _remember(ledger, body, entries)
        if key is not None:
            _vouch(ledger, entry, draw, key, trust)
    return Calibration(entry, appended)


def _score_missing(
    made: JudgeOf, plan: Plan, found: Labels, store: Store, ledger: Ledger, tell: Say
) -> None:
    """Let the judge score labelled answers that it has not scored; no arm is called."""
    items = {row.item for row in found.rows}
    some = tuple(item for item in plan.dataset.items if item.id in items)
    lacking = replace(
        plan, dataset=Dataset(plan.dataset.name, some), scorers=(made.bound,), passes=(), pauses=()
    )
    captured = manifest(packages=[], seeds={}, concurrency={}, folder=made.parts.root)
    executed = asyncio.run(execute(lacking, store, manifest=captured, say=tell, scores_only=True))
    record_finished(store, ledger)
    if executed.scored:
        tell(f"The judge scored {executed.scored:,} answers ({executed.asked:,} calls)")


def _body(
    made: JudgeOf,
    plan: Plan,
    found: Labels,
    draw: Entry | None,
    store: Store,
    request: Request,
) -> dict[str, Any]:
    rows = select(plan, store)
    values = {key: combined(some, request.combine) for key, some in found.by_trial().items()}
    known = counted(made, values, Said.of(made, rows, store))
    chances = {} if draw is None else chances_of(draw, store)
    rated, lacking = _rated(made, rows, known, chances, store)
    if not rated.item:
        raise NotEnoughData(
            "the judge has no score of any labelled answer",
            hint="liftgate run STUDY scores its answers; failed scores say why in the report",
        )
    differing = draw is not None and bool(draw.body.get("differing"))
    outside = len({row.item for row in found.rows} - set(chances)) if chances else 0
    rubric = made.rubric
    scale = counted_scale(made)
    kind = rubric.scale.kind
    metric = made.bound.name
    signals = signals_of(rows, {metric: columns_of(made.bound)}, store)[metric]
    options: dict[str, Any] = {"level": request.level, "seed": request.seed}
    half = request.half_width or HALF_WIDTH * (made.span[1] - made.span[0])
    return {
        "liftgate": 1,
        "judge": made.bound.fingerprint,
        "study": made.opened.study.study,
        "metric": made.bound.name,
        "identity": dict(made.judge.identity),
        "rubric": {"name": rubric.name, "version": rubric.version, "digest": rubric.digest},
        "labels": {
            "answers": len(known) if isinstance(made.judge, OfVerdicts) else len(values),
            "items": len({row.item for row in found.rows}),
            "raters": len(found.raters),
            "abstained": sum(row.value is None for row in found.rows),
            "empty": found.empty,
            "combine": request.combine,
            "drawn": None if draw is None else draw.sequence,
            "outside_draw": outside,
            "digest": store.put_json({"trials": known, "rows": plain(found.rows)}),
        },
        "judged": {"answers": len(rated.item), "without_score": lacking},
        "agreement": judge_errors.agreement(rated, scale, kind, **options),
        "raters": _among_raters(found, made, options),
        "errors": judge_errors.errors(rated, scale, level=request.level),
        "bias": {
            **judge_errors.biases(rated, made.span, level=request.level),
            **order(made, plan, store),
        },
        "worth": {
            arm.name: worth_of(
                made.bound.name,
                made.parts.dataset.items,
                (arm.fingerprint, made.parts.baseline.fingerprint),
                Known(
                    rows,
                    known,
                    chances,
                    signals,
                    same=same_answers(made, rows, store)
                    if differing or not needs_all(made)
                    else {},
                    differing=differing,
                    ratings=_ratings(made, found, request),
                    compared=made.bound.of_pairs,
                ),
                Wanted(half, request.level),
            )
            for arm in made.parts.candidates
        },
        "level": request.level,
        "warnings": _warnings(draw, outside, rated, differing=differing),
    }


def _ratings(made: JudgeOf, found: Labels, request: Request) -> dict[str, dict[str, float]]:
    """Return trial -> person -> rating, where a label is nothing but the mean of these."""
    turned = isinstance(made.judge, OfVerdicts) or made.judge.settings.positive is not None
    if request.combine != "mean" or turned or made.bound.of_pairs:
        return {}
    ratings: dict[str, dict[str, float]] = {}
    for row in found.rows:
        if row.value is not None:
            ratings.setdefault(row.trial, {})[row.rater] = row.value
    return ratings


def _rated(
    made: JudgeOf,
    rows: Sequence[Observation],
    values: Mapping[str, float],
    chances: Mapping[str, float],
    store: Store,
) -> tuple[Rated, int]:
    names = {arm.fingerprint: arm.name for arm in made.parts.arms}
    items = {item.id: item for item in made.parts.dataset.items}
    judged: dict[str, tuple[Observation, float]] = {}
    lacking: set[str] = set()
    for row in rows:
        score = row.scores.get(made.bound.name)
        if row.trial.key not in values or row.trial.failure is not None:
            continue
        if score is None or score.value is None:
            lacking.add(row.trial.key)
        else:
            judged.setdefault(row.trial.key, (row, score.value))
    kept = [row for row, _ in judged.values()]
    slices = made.opened.study.dataset.slices
    drawn = bool(chances) and all(row.item in chances for row in kept)
    rated = Rated(
        judge=np.array([value for _, value in judged.values()], dtype=float),
        label=np.array([values[row.trial.key] for row in kept], dtype=float),
        item=[row.item for row in kept],
        arm=[names[row.arm] for row in kept],
        length=np.array(_lengths(made, rows, kept, store), dtype=float),
        slices={s: [items[row.item].slices.get(s, "(none)") for row in kept] for s in slices},
        chance=np.array([chances[row.item] for row in kept], dtype=float) if drawn else None,
    )
    return rated, len(lacking)


def _lengths(
    made: JudgeOf, rows: Sequence[Observation], kept: Sequence[Observation], store: Store
) -> list[int]:
    """Return the answers' lengths; of pairs by how much the candidate's is longer."""
    if not made.bound.of_pairs:
        return [_length(row, store) for row in kept]
    base = {
        (row.item, row.repeat): row
        for row in rows
        if row.arm == made.parts.baseline.fingerprint and row.trial.failure is None
    }
    return [_length(row, store) - _length(base[row.item, row.repeat], store) for row in kept]


def _length(row: Observation, store: Store) -> int:
    output = store.output(str(row.trial.output_digest))
    return len(output if isinstance(output, str) else str(output))


def _among_raters(found: Labels, made: JudgeOf, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return how far people agree among themselves, which no judge can be asked to exceed."""
    raters = {rater: number for number, rater in enumerate(found.raters)}
    trials = {key: number for number, key in enumerate(sorted(found.by_trial()))}
    if len(raters) < 2:
        return {"reason": "one rater: people's own agreement is not known"}
    table = np.full((len(trials), len(raters)), np.nan)
    for row in found.rows:
        if row.value is not None:
            table[trials[row.trial], raters[row.rater]] = row.value
    scale = made.rubric.scale
    return judge_errors.report(table, scale, scale.kind, **options)


def _warnings(draw: Entry | None, outside: int, rated: Rated, *, differing: bool) -> list[str]:
    notes = []
    if draw is None:
        notes.append(
            "these answers were not drawn by liftgate: what is found holds for them, and no claim "
            "can rest on their labels"
        )
    if outside:
        notes.append(f"{outside} labelled items are not among those drawn; claims do not use them")
    if differing:
        notes.append(
            "items were drawn where the arms' answers differ: agreement, errors and bias are those "
            "of such items"
        )
    if len(set(rated.item)) < len(rated.item):
        notes.append(
            "intervals of agreement take answers for independent, also several of one item"
        )
    if rated.chance is not None and bool((rated.chance != rated.chance[0]).any()):
        notes.append("agreement, sensitivity and specificity are not weighted by the chances")
    return notes


def _refuse_second_look(made: JudgeOf, body: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """Refuse other labels once a decision has rested on some: that would be a second look.

    Raises:
        StudyError: a decision of this study rests on labels of this metric already.
    """
    study, metric = made.opened.study.study, made.bound.name
    known = [e for e in entries if e.kind == CALIBRATED and e.body["study"] == study]
    if any(e.body["labels"]["digest"] == body["labels"]["digest"] for e in known):
        return
    for entry in entries:
        if entry.kind != "decision" or entry.body["study"] != study:
            continue
        about = entry.body.get("judges", {}).get(metric)
        if about is not None and not about["refusal"]:
            raise StudyError(
                f"{made.opened.study.file}: the decision of ledger entry {entry.sequence} rests on "
                f"labels of {metric}; other labels would be a second look at the same question",
                hint="decide a new study on new items, or use these labels for its planning only",
            )


def _vouch(ledger: Ledger, entry: Entry, draw: Entry | None, key: Key, trust: Trust) -> None:
    """Sign a calibration, and the draw that its labels are of unless somebody signed that."""
    body = entry.body
    said = {part: body[part] for part in ("study", "metric", "judge")}
    labels = str(body["labels"]["digest"])
    consent.give(ledger, entry, consent.CALIBRATION, {**said, "labels": labels}, [key], trust)
    if draw is None:
        return
    known = consent.given(list(ledger.entries()), trust)
    if not any(one.about == draw.sequence and one.by for one in known):
        sign_draw(ledger, draw, key, trust)


def _remember(
    ledger: Ledger, body: Mapping[str, Any], entries: Sequence[Entry]
) -> tuple[Entry, bool]:
    mine = [e for e in entries if e.kind == CALIBRATED and e.body["judge"] == body["judge"]]
    if mine and digest(mine[-1].body) == digest(body):
        return mine[-1], False
    refs = {"judge": str(body["judge"]), "labels": str(body["labels"]["digest"])}
    return ledger.append(CALIBRATED, body, refs=refs), True
