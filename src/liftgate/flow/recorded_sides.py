"""Two arms of a decided study opened for looking: scores as arrays, texts when an item is opened.

Nothing is shown of a study that was not looked at: what may be seen is what its decision rests on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from liftgate.canon import plain
from liftgate.documents.page import clip
from liftgate.documents.sections import readable
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.evals.plan import BoundScorer, Plan, ordered
from liftgate.evals.select import select
from liftgate.failures.batch import DRAWN
from liftgate.flow.flip_look import SIDES, Doors, Integers, Rated, Told, coded, gain_of
from liftgate.flow.ledger import recorded_files
from liftgate.flow.recorded import locked_at, plan_of
from liftgate.flow.recorded_scores import KeptItems, kept_items, pairs_of_matrices, score_matrix
from liftgate.flow.unseen import refuse_unseen
from liftgate.gates.pairs import Floats
from liftgate.ledger import Ledger
from liftgate.protocols import RowTexts
from liftgate.records import Dataset, Entry, Observation, Pairs, Role, Score
from liftgate.store import Seen, Store, Workspace
from liftgate.study.design import Study
from liftgate.study.lock import DECISION

DOORS = Doors(
    "/comparison",
    "/comparison.json",
    "/comparison/item",
    "/comparison/item.json",
    "/comparison/codes.csv",
    None,
)
_KEPT = 8
"""Items whose rows are kept, so that a page and what belongs to it read them once."""


@dataclass(eq=False)
class RecordedSides:
    """A candidate and the baseline of one decision."""

    workspace: Workspace
    entry: int
    study: Study
    plan: Plan
    arms: tuple[str, str]
    """Names of the baseline and of the candidate."""
    kept: KeptItems
    store: Store
    """Holds the rows of the runs that were recorded before the decision, and no others."""
    rated: Store
    """Holds those, too, that people rated since."""
    sentence: str
    notes: Sequence[str]
    alpha: float
    doors: Doors = DOORS
    estimates: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    _pairs: dict[str, Pairs] = field(default_factory=dict)
    _scores: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)
    _labels: dict[str, tuple[tuple[str, ...], Integers]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bound = {one.arm.name: one for one in self.plan.arms}
        self.bound = bound[self.arms[0]], bound[self.arms[1]]
        self.names = self.arms
        self.digests = self.bound[0].arm.fingerprint, self.bound[1].arm.fingerprint
        self.about = (("study", self.study.study), ("entry", str(self.entry)),
                      ("candidate", self.arms[1]))  # fmt: skip
        self.scorers = {one.name: one for one in _scorers(self.plan, self.study)}
        self.items = self.kept.names
        self.place = {item: at for at, item in enumerate(self.items)}
        self.texts = _Texts(self)
        self._turn = threading.Lock()

    @property
    def metrics(self) -> Sequence[str]:
        """The metrics of single answers, the primary one first."""
        return tuple(self.scorers)

    @property
    def how_to_code(self) -> str:
        """The command that draws failures by lot."""
        return (
            f"liftgate failures draw STUDY.yaml --arm {self.arms[1]} --n 50 --seed 1 "
            "--out failures.jsonl"
        )

    def pairs(self, metric: str) -> Pairs:
        """Return a metric's pairs, read when first asked for.

        Raises:
            UnknownName: it is not compared.
            BrokenChain: a file or a blob is not what was recorded.
        """
        if metric not in self.scorers:
            raise UnknownName("compared metric", metric, self.scorers)
        with self._turn:
            if metric not in self._pairs:
                self._pairs[metric] = self._read(self.scorers[metric])
            return self._pairs[metric]

    def _read(self, scorer: BoundScorer) -> Pairs:
        before, after = (
            score_matrix(arm, scorer, self.plan, self.study, self.kept, self.store)
            for arm in self.bound
        )
        self._scores[scorer.name] = before, after
        return pairs_of_matrices(
            self.kept.items,
            before,
            after,
            metric=scorer.name,
            scale=scorer.scale,
            tries=self.study.scorers[scorer.name].tries,
        )

    def labels(self, name: str) -> tuple[tuple[str, ...], Integers]:
        """Return a slice's values, sorted, and for each item the place of its value; shape (n,)."""
        if name not in self._labels:
            found = [item.slices.get(name) for item in self.kept.items]
            self._labels[name] = coded(np.array(found, dtype=np.object_))
        return self._labels[name]

    def gain(self, metric: str) -> Floats:
        """Return candidate − baseline, larger is better; shape (n,), NaN where a score lacks."""
        return gain_of(self.pairs(metric))

    def tries(self, metric: str, side: int, at: int) -> tuple[float | None, ...]:
        """Return the scores of an item's repeats on one side."""
        self.pairs(metric)
        row = self._scores[metric][side][at]
        return tuple(None if np.isnan(score) else float(score) for score in row)

    def drawn(self, item: str) -> Sequence[Mapping[str, Any]]:
        """Return the batches in which this item of the candidate was drawn to be coded."""
        with Ledger.open(self.workspace.home, read_only=True) as ledger:
            entries = list(ledger.entries(kind=DRAWN))
        return [
            {"entry": entry.sequence, "batch": clip(str(entry.body["batch"]), 80)}
            for entry in entries
            if (entry.body["study"], entry.body["arm"]) == (self.study.study, self.arms[1])
            and item in entry.body["items"]
        ][-5:]


class _Texts:
    """What was asked, answered, scored and said of one item at a time."""

    has_texts = (True, True)
    searched = "names of items"

    def __init__(self, sides: RecordedSides) -> None:
        self._sides = sides
        self._turn = threading.Lock()
        self._rows: OrderedDict[str, tuple[Observation, ...]] = OrderedDict()

    def of(self, side: int, item: str) -> tuple[Told, ...]:
        """Return the rows of an item on one side, by their repeat."""
        sides = self._sides
        whole = sides.kept.whole(sides.place[item], sides.store).as_read(sides.bound[side].reads)
        target = "" if whole.target is None else readable(whole.target)
        return tuple(
            Told(
                str(row.repeat + 1) if sides.plan.repeats > 1 else "",
                RowTexts(
                    input=readable(whole.input),
                    target=target,
                    output=self._output(row),
                    reasons=self._reasons(row),
                ),
                self._trace(row.trial.trace_digest),
            )
            for row in self._rows_of(item)
            if row.arm == sides.digests[side]
        )

    def items_with(self, text: str) -> frozenset[str]:  # noqa: ARG002 - as the door has it
        """Return nothing: texts lie in the store, each behind its digest; names are searched."""
        return frozenset()

    def rated(self, item: str) -> tuple[Rated, ...] | None:
        """Return what people said of an item's answers in batches that are closed."""
        rows = {row.trial.key: row for row in self._rows_of(item)}
        sides = dict(zip(self._sides.digests, SIDES, strict=True))
        return tuple(
            Rated(
                side=sides[row.arm],
                repeat=str(row.repeat + 1) if self._sides.plan.repeats > 1 else "",
                rater=score.scorer.split(":")[1],
                value=score.value,
                reason=self._said(score),
                of_pair=score.other_key is not None,
            )
            for score in self._sides.rated.ratings(list(rows))
            if (row := rows[score.trial_key]).arm in sides
        )

    def _rows_of(self, item: str) -> tuple[Observation, ...]:
        with self._turn:
            if item not in self._rows:
                sides = self._sides
                whole = sides.kept.whole(sides.place[item], sides.store)
                plan = replace(
                    sides.plan,
                    dataset=Dataset(sides.plan.dataset.name, (whole,)),
                    scorers=sides.plan.single,
                    pauses=(),
                )
                self._rows[item] = select(plan, sides.store, few=True)
                if len(self._rows) > _KEPT:
                    self._rows.popitem(last=False)
            return self._rows[item]

    def _output(self, row: Observation) -> str:
        trial = row.trial
        if trial.failure is not None or trial.output_digest is None:
            return ""
        state = self._sides.store.blob_state(trial.output_digest)
        if state != "kept":
            return f"[{state}]"
        return readable(self._sides.store.output(trial.output_digest))

    def _reasons(self, row: Observation) -> dict[str, str]:
        """Return how the system failed, and what each scorer and judge said."""
        told = {name: self._said(score) for name, score in row.scores.items()}
        found = {name: text for name, text in told.items() if text}
        if row.trial.failure is not None:
            found["failed"] = f"{row.trial.failure.value}: {row.trial.message}"
        return found

    def _said(self, score: Score) -> str:
        """Return why a score is what it is: its reason, a rater's comment, or the judge's votes."""
        digest = score.detail_digest
        if score.reason or digest is None or self._sides.store.blob_state(digest) != "kept":
            return score.reason
        detail = self._sides.store.output(digest)
        if not isinstance(detail, dict):
            return ""
        whys = [vote.get("why") for vote in detail.get("votes") or () if isinstance(vote, dict)]
        return "\n".join(dict.fromkeys(str(why) for why in (detail.get("comment"), *whys) if why))

    def _trace(self, digest: str | None) -> Mapping[str, Any] | None:
        if digest is None:
            return None
        try:
            found: Mapping[str, Any] = plain(self._sides.store.trace(digest))
        except LiftgateError:
            return None  # erased: what it answered is shown without it
        return found


def open_recorded(
    workspace: Workspace,
    entries: Sequence[Entry],
    locks: Sequence[int],
    entry: int,
    candidate: str | None,
    *,
    items: dict[str, KeptItems],
    seen: Seen | None = None,
) -> RecordedSides:
    """Open a candidate and the baseline of a decision.

    Args:
        workspace: with the ledger and the rows.
        entries: of the ledger, verified.
        locks: the entries of the study's lock and amendments.
        entry: of the decision.
        candidate: its name; None: the first one.
        items: of data sets that were read before; what is read is added.
        seen: what was seen of the files of runs.

    Raises:
        UnknownName: no such decision or candidate.
        NotAllowed: the study was not looked at yet.
        DataError: the data set was not kept with the decision, or was erased.
        BrokenChain: an entry, a file or a blob is not what was recorded.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        decision = ledger.entry(entry)
        if decision.kind != DECISION:
            raise UnknownName("decision", str(entry), ())
        before = [ledger.entry(number) for number in locks if number < entry]
    body = decision.body
    refuse_unseen(body)
    locked = locked_at(body, before, entry)
    study = Study(**locked.model)
    arms = {one["name"]: Role(one["role"]) for one in body["arms"]}
    candidates = [name for name, role in arms.items() if role is Role.CANDIDATE]
    if candidate is not None and candidate not in candidates:
        raise UnknownName("candidate", candidate, candidates)
    chosen = candidate or candidates[0]
    baseline = next(name for name, role in arms.items() if role is Role.BASELINE)
    store, rated = (
        Store.open(workspace.home, read_only=True, seen=seen).only(
            recorded_files(one for one in entries if one.sequence < end)
        )
        for end in (entry, len(entries) + 1)
    )
    for name, recorded in body["rows"]["files"].items():
        # A run's own description of its files is no witness: the ledger is.
        store.seen.check(workspace.runs / name, recorded)
    digest = body["dataset"]["digest"]
    if digest not in items:
        items[digest] = kept_items(digest, store)
    kept, notes = _seen(items[digest], body, study)
    plan = plan_of(body, locked, study, Dataset(body["dataset"]["name"], (kept.items[0],)))
    words = {one["candidate"]: one["sentence"] for one in body["decisions"]}
    left_out = [one.name for one in plan.pairwise]
    if left_out:
        notes += (f"Judged in pairs, so not shown here: {', '.join(left_out)}.",)
    return RecordedSides(
        workspace, entry, study, plan, (baseline, chosen), kept, store, rated,
        sentence=clip(str(words[chosen]), 2_000), notes=notes, alpha=float(body["alpha"]),
    )  # fmt: skip


def _seen(
    kept: KeptItems, body: Mapping[str, Any], study: Study
) -> tuple[KeptItems, tuple[str, ...]]:
    """Return the items that the decision rests on: with several looks, those of the last one."""
    notes: tuple[str, ...] = ()
    if kept.erased:
        notes = (f"{kept.erased:,} items were erased and are not listed.",)
    looks = body.get("looks")
    if looks is None or looks["items"] >= len(kept.items) + kept.erased:
        return kept, notes
    if kept.erased:
        raise DataError("items were erased: which ones the look was at cannot be told any more")
    among = {item.id for item in ordered(tuple(kept.items), study.seed)[: looks["items"]]}
    places = [at for at, item in enumerate(kept.items) if item.id in among]
    said = f"The {looks['items']:,} of {len(kept.items):,} items of look {looks['taken']}."
    return kept.some(places), (*notes, said)


def _scorers(plan: Plan, study: Study) -> Sequence[BoundScorer]:
    first = study.claims()[0].metric
    return sorted(plan.single, key=lambda one: one.name != first)
