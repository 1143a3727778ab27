"""``label draw``: which answers people label."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate import stats
from liftgate.canon import digest
from liftgate.errors import DataError, StudyError
from liftgate.evals.labels import subject
from liftgate.evals.pairwise import pairs_of
from liftgate.evals.plan import Plan, jobs, ordered
from liftgate.evals.select import look, select, unfinished
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.judge_of import JudgeOf, judge_of
from liftgate.flow.judges import DRAWN, drawn_for, sign_draw
from liftgate.flow.policies import refuse_machines
from liftgate.flow.same_answers import needs_all, refuse_needing_all, same_answers
from liftgate.flow.study import find
from liftgate.gates.pairs import Floats
from liftgate.ledger import Ledger
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.outputs import refuse_existing, write_new
from liftgate.protocols import OfVerdicts
from liftgate.records import Entry, Item, Observation
from liftgate.records.notebook import Card
from liftgate.stats.labelled import FEWEST_LABELS
from liftgate.store import Store, Workspace, only_one
from liftgate.study import lock

EVEN = 0.5
"""Share of an uneven draw that is even: no weight is more than twice that of an even draw."""
_LEAST = 0.5
"""Of the scale's range: how far a label may be from the judge where it sees no difference."""

_EMPTY = {"rater": None, "value": None, "abstained": None}


@dataclass(frozen=True)
class Batch(Card):
    """What was drawn."""

    entry: Entry
    path: Path
    rows: int
    """Answers to label."""
    alike: int = 0
    """Items to which every arm gave the same answer; 0 also where a claim needs labels of them."""

    def as_json(self) -> dict[str, Any]:
        """Return it with its ledger entry."""
        return {**self.entry.body, "entry": self.entry.sequence, "answers": self.rows}


def draw_labels(
    name: str,
    labels: int,
    out: Path,
    workspace: Workspace,
    *,
    uneven: bool = False,
    differing: bool = False,
    seed: int | None = None,
    sign_with: str | None = None,
    given: Path | None = None,
) -> Batch:
    """Draw locked items for labels, write their answers without arms, keep the chances.

    One draw for each study and metric: another one could be chosen by what it shows.

    Args:
        name: ``STUDY.yaml@METRIC``.
        labels: items to draw; every arm's answers to them are to be labelled.
        out: JSONL file to write, one row an answer, in random order.
        workspace: with the study's lock and trials.
        uneven: draw more often where the judge sees a difference; chances are stored either way.
        differing: draw only items to which some candidate answered otherwise than the baseline,
            and others when these are used up: where the answers are the same the difference is 0.
        seed: None: the study's.
        sign_with: name of one's own key, for policies under which decisions are signed.
        given: another trust file than the workspace's.

    Raises:
        StudyError: faults of the study; items were drawn before; it is not run to its end; with
            ``differing``, a claim that needs labels of all items, or no item whose answers differ.
        LockedError: the study is not locked, or differs from its lock.
        DataError: fewer labels than 50 or more than items; the file exists.
        Refused: a key that may not sign for a person.
    """
    made = judge_of(name)
    study, metric = made.opened.study, made.bound.name
    lock.verify(study, find(study, workspace), made.opened.body)
    items = ordered(made.parts.dataset.items, study.seed)
    if not FEWEST_LABELS <= labels <= len(items):
        raise DataError(
            f"labels: got {labels}, expected {FEWEST_LABELS} to {len(items)}, the locked items"
        )
    refuse_existing(out, hint="name another file; labels may be in it")
    if differing:
        refuse_needing_all(made)
    key = None if sign_with is None else load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    with (
        only_one(workspace, "run"),
        Store.open(workspace.home) as store,
        Ledger.open(workspace.home) as ledger,
    ):
        if key is not None:
            refuse_machines(ledger, f"sign the draw of {name}", [key], trust)
        before = drawn_for(metric, study.study, ledger.entries(DRAWN))
        if before is not None:
            raise StudyError(
                f"{study.file}: items were drawn for labels of {metric} in ledger entry "
                f"{before.sequence}; a second draw could be chosen by what it shows",
                hint="label those, or plan a new study",
            )
        plan = made.plan(workspace)
        lacking = unfinished(plan, store)
        if lacking:
            raise StudyError(
                f"{study.file}: {len(lacking):,} answers are not there yet; labels are drawn when "
                "all are",
                hint="liftgate run STUDY",
            )
        rows = select(plan, store)
        chosen = study.seed if seed is None else seed
        size = _sizes(made, items, rows) if uneven else np.zeros(len(items))
        same = same_answers(made, rows, store) if differing or not needs_all(made) else {}
        alike = frozenset.intersection(*same.values()) if same else frozenset()
        first = np.array([item.id not in alike for item in items])
        if differing and not first.any():
            raise StudyError(
                f"{study.file}: all arms answered all {len(items)} items alike, so that no label "
                "can tell a difference",
                hint="compare arms that answer differently",
            )
        chances = _chances(size, labels, first if differing else np.ones_like(first))
        places = _places(chances, chosen)
        drawn = {items[at].id: float(chances[at]) for at in places}
        found = _to_label(made, plan, drawn, store, chosen)
        # Items with one input share their answers: people see each of them once.
        once = {subject(row["trial"], row.get("other")): row for row in reversed(found)}
        written = sorted(once.values(), key=lambda row: digest([chosen, row["item"], row["trial"]]))
        body: dict[str, Any] = {
            "liftgate": 1,
            "study": study.study,
            "metric": metric,
            "rubric": made.rubric.digest,
            "items": len(items),
            "drawn": len(drawn),
            "uneven": uneven,
            "seed": chosen,
            **(_same_body(same, store) if differing else {}),
            "chances": store.put_json(sorted([item, chance] for item, chance in drawn.items())),
        }
        store.flush()
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in written)
        write_new(out, text, hint="name another file; labels may be in it")
        refs: dict[str, str] = {
            name: str(body[name]) for name in ("chances", "same") if name in body
        }
        entry = ledger.append(DRAWN, body, refs=refs)
        if key is not None:
            sign_draw(ledger, entry, key, trust)
    return Batch(entry, out, len(written), len(alike))


def _chances(size: Floats, labels: int, first: NDArray[np.bool_]) -> Floats:
    """Return each item's chance: of the first ones, and of the rest once these are used up."""
    found = np.zeros(size.size)
    count = int(first.sum())
    if labels < count or count == size.size:
        found[first] = stats.label_chances(size[first], labels, even=EVEN)
        return found
    found[first] = 1.0
    if labels > count:
        rest = size.size - count
        found[~first] = stats.label_chances(np.zeros(rest), labels - count)
    return found


def _places(chances: Floats, seed: int) -> NDArray[np.int64]:
    """Return the places of the drawn items; of chance 0 none is drawn."""
    some = np.flatnonzero(chances > 0)
    return some[stats.systematic_draw(chances[some], seed=seed)]


def _same_body(same: Mapping[str, frozenset[str]], store: Store) -> dict[str, Any]:
    listed = {arm: sorted(items) for arm, items in sorted(same.items())}
    return {"differing": True, "same": store.put_json(listed)}


def _sizes(made: JudgeOf, items: Sequence[Item], rows: Sequence[Observation]) -> Any:
    """Return how uncertain each item is: the largest difference that the judge sees, and a floor.

    Where it sees none, a label mostly agrees; where it has no score, anything may be.
    """
    low, high = made.span
    scores: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        score = row.scores.get(made.bound.name)
        if score is not None and score.value is not None:
            scores.setdefault(row.item, {}).setdefault(row.arm, []).append(score.value)
    base = made.parts.baseline.fingerprint
    sizes = []
    for item in items:
        means = {arm: float(np.mean(some)) for arm, some in scores.get(item.id, {}).items()}
        if made.bound.of_pairs and means:
            means[base] = (low + high) / 2
        others = [value for arm, value in means.items() if arm != base]
        if base not in means or not others:
            sizes.append(1.0)
            continue
        gap = max(abs(value - means[base]) for value in others)
        sizes.append(float(np.hypot(gap / (high - low), _LEAST)))
    return np.array(sizes)


def _to_label(
    made: JudgeOf, plan: Plan, drawn: Mapping[str, float], store: Store, seed: int
) -> list[dict[str, Any]]:
    """Return the rows to label: answers, pairs of them, or the parts that verdicts are about."""
    if made.bound.of_pairs:
        return _pairs(plan, drawn, store, seed)
    found = _answers(plan, drawn, store)
    if not isinstance(made.judge, OfVerdicts):
        return found
    items = {item.id: item for item in plan.dataset.items}
    one = {row["item"]: row for row in reversed(found)}
    return [_part(row, items[row["item"]], made) for row in one.values()]


def _part(row: Mapping[str, Any], item: Item, made: JudgeOf) -> dict[str, Any]:
    """Return a row without its verdict: people see the part that it is about."""
    source = made.judge.settings.source
    rest = {name: part for name, part in item.input.items() if name != source}
    return {**row, "input": rest, "answer": made.judge.part(item)}


def _answers(
    plan: Plan,
    drawn: Mapping[str, float],
    store: Store,
) -> list[dict[str, Any]]:
    """Return one row for each answer to a drawn item."""
    items = {item.id: item for item in plan.dataset.items}
    return [
        {
            "item": row.item,
            "trial": row.trial.key,
            "input": items[row.item].input,
            "answer": store.output(str(row.trial.output_digest)),
            **_EMPTY,
        }
        for row in select(plan, store)
        if row.item in drawn and row.trial.failure is None
    ]


def _pairs(
    plan: Plan,
    drawn: Mapping[str, float],
    store: Store,
    seed: int,
) -> list[dict[str, Any]]:
    """Return one row for each pair of answers to a drawn item, either one first, by lot."""
    found = []
    for pair in pairs_of(jobs(plan), look(plan, store).counted):
        if pair.item.id in drawn:
            lot = digest([seed, pair.item.id, pair.candidate.key])
            first, second = pair.orders[int(lot[-1], 16) % 2]
            found.append(
                {
                    "item": pair.item.id,
                    "trial": first.key,
                    "other": second.key,
                    "input": pair.item.input,
                    "answer": store.output(str(first.output_digest)),
                    "second": store.output(str(second.output_digest)),
                    **_EMPTY,
                }
            )
    return found
