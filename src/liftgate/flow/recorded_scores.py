"""One metric of two recorded arms as arrays: a million trials without a record for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.canon import digest
from liftgate.errors import DataError
from liftgate.evals.plan import BoundArm, BoundScorer, Plan
from liftgate.gates.pairs import Floats, clusters_of, joined_tries, kind_of
from liftgate.records import Failure, Item, Outcome, Pairing, Pairs, Scale, Tries
from liftgate.store import Counting, Store, microseconds
from liftgate.study.design import Study


@dataclass(frozen=True, eq=False)
class KeptItems:
    """A decision's items without their inputs, in the order of their ids."""

    items: tuple[Item, ...]
    inputs: tuple[bytes, ...]
    """Of each item, the digest of its input; shape (n,)."""
    targets: tuple[bytes, ...]
    """Of each item, the digest of its target."""
    rows: tuple[tuple[str, str, str], ...]
    """Of each item: its id, the digests of its input and of its facts, by which it is found."""
    erased: int
    """Items whose facts were erased."""

    def whole(self, at: int, store: Store) -> Item:
        """Return an item with its input and its target.

        Raises:
            DataError: its input was erased.
        """
        name, asked, about = self.rows[at]
        parts: Any = store.output(asked)
        facts: Any = store.output(about)
        return Item(name, parts, **facts)

    def some(self, places: Sequence[int]) -> KeptItems:
        """Return some of the items."""
        return KeptItems(
            tuple(self.items[at] for at in places),
            tuple(self.inputs[at] for at in places),
            tuple(self.targets[at] for at in places),
            tuple(self.rows[at] for at in places),
            self.erased,
        )


def kept_items(digest_: str, store: Store) -> KeptItems:
    """Read a dataset's ids and facts; facts that many items share are read once.

    Raises:
        DataError: its index was never kept, or was erased, or all facts were.
        BrokenChain: a blob is not what its digest names.
    """
    index: Any = store.output(digest_)
    facts: dict[str, tuple[dict[str, Any], bytes] | None] = {}
    items, inputs, targets, rows, erased = [], [], [], [], 0
    for item, asked, about in index:
        if about not in facts:
            facts[about] = _facts(about, store)
        found = facts[about]
        if found is None:
            erased += 1
            continue
        items.append(Item(item, {}, **found[0]))
        inputs.append(bytes.fromhex(asked[7:]))
        targets.append(found[1])
        rows.append((item, asked, about))
    if not items:
        raise DataError("dataset: the facts of every item of it were erased")
    return KeptItems(tuple(items), tuple(inputs), tuple(targets), tuple(rows), erased)


def _facts(about: str, store: Store) -> tuple[dict[str, Any], bytes] | None:
    if store.blob_state(about) != "kept":
        return None
    found: Any = store.output(about)
    target = digest({"target": found["target"]})
    return {**found, "target": None}, bytes.fromhex(target[7:])


def score_matrix(
    arm: BoundArm, scorer: BoundScorer, plan: Plan, study: Study, kept: KeptItems, store: Store
) -> Floats:
    """Return an arm's scores, shape (items, repeats); NaN: missing.

    The trials that count are those that ``select`` counts, and a failure scores what the study
    declares, as in ``align``.

    Raises:
        DataError: an item's input is needed and was erased.
        BrokenChain: a file or a blob is not what was recorded.
    """
    inputs, targets = kept.inputs, kept.targets
    if arm.reads is not None:
        read = [kept.whole(at, store).as_read(arm.reads) for at in range(len(kept.items))]
        inputs = tuple(bytes.fromhex(item.input_digest[7:]) for item in read)
        targets = tuple(bytes.fromhex(item.target_digest[7:]) for item in read)
    scores = np.full((len(kept.items), plan.repeats), np.nan)
    places: dict[bytes, list[int] | int] = {}
    for at, asked in enumerate(inputs):
        before = places.setdefault(asked, at)
        if before != at:
            places[asked] = [*(before if isinstance(before, list) else [before]), at]
    value_of = scored_as(study, scorer.scale)
    for some in store.counted(_counting(arm, scorer, plan)):
        for _, asked, repeat, failure, target, outcome, value in some:
            place = places.get(asked)
            if place is None or repeat >= plan.repeats:
                continue
            for at in place if isinstance(place, list) else (place,):
                if failure is not None or target == targets[at]:
                    scores[at, repeat] = value_of(failure, outcome, value)
    return scores


def _counting(arm: BoundArm, scorer: BoundScorer, plan: Plan) -> Counting:
    after = arm.admissible_after
    return Counting(
        {arm.arm.fingerprint: None if after is None else microseconds(after)},
        scorer.fingerprint,
        plan.outcomes.timeout_s,
        {kind.value: plan.outcomes.allowed(kind) for kind in Failure},
    )


Value = Callable[[str | None, str | None, float | None], float]


def scored_as(study: Study, scale: Scale) -> Value:
    """Return what a counted trial scores, by how it failed or what its scorer said."""

    def number(said: object) -> float:
        if isinstance(said, str):
            return np.nan if scale.worst is None else scale.worst
        return float(said)  # type: ignore[arg-type]

    failed = {kind.value: number(getattr(study.outcomes, kind.value).score) for kind in Failure}
    abstained = study.outcomes.abstained
    declined = np.nan if isinstance(abstained, str) else number(abstained.score)

    def value_of(failure: str | None, outcome: str | None, value: float | None) -> float:
        if failure is not None:
            return failed[failure]
        if outcome == Outcome.UNPARSABLE.value:
            return failed[Failure.UNPARSABLE.value]
        if outcome == Outcome.ABSTAINED.value:
            return declined
        return np.nan if value is None else value

    return value_of


def pairs_of_matrices(
    items: Sequence[Item],
    baseline: Floats,
    candidate: Floats,
    *,
    metric: str,
    scale: Scale,
    tries: Tries | None,
) -> Pairs:
    """Return the pairs of two arms: as ``align`` makes them, without bounds.

    Args:
        items: their facts.
        baseline: shape (items, repeats).
        candidate: shape (items, repeats).
        metric: what they are scores on.
        scale: of the scores.
        tries: what is asked of the repeats; None: their mean.
    """
    before, after = joined_tries(baseline, tries), joined_tries(candidate, tries)
    lost = [np.isnan(side) for side in (before, after)]
    repeats = baseline.shape[1]
    return Pairs(
        metric=metric,
        items=tuple(item.id for item in items),
        candidate=after,
        baseline=before,
        cluster=clusters_of(items),
        scale=Scale(kind_of(scale, repeats), scale.low, scale.high, scale.higher_is_better),
        slices=_slices(items),
        pairing=Pairing(
            paired=int((~lost[0] & ~lost[1]).sum()),
            missing_baseline=int(lost[0].sum()),
            missing_candidate=int(lost[1].sum()),
            repeats_baseline=repeats,
            repeats_candidate=repeats,
        ),
        weight=_weights(items),
    )


def _slices(items: Sequence[Item]) -> Mapping[str, NDArray[np.object_]]:
    names = sorted({name for item in items for name in item.slices})
    return {
        name: np.array([item.slices.get(name) for item in items], dtype=np.object_)
        for name in names
    }


def _weights(items: Sequence[Item]) -> Floats | None:
    weights = np.array([item.weight for item in items], dtype=np.float64)
    return None if bool(np.all(weights == 1.0)) else weights
