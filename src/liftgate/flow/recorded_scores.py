"""One metric of two recorded arms as arrays: a million trials without a record for each."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from liftgate.canon import canonical, digest, parse, parse_each
from liftgate.errors import DataError
from liftgate.evals.plan import BoundArm, BoundScorer, Plan
from liftgate.gates.pairs import Floats, clusters_of, joined_tries, kind_of
from liftgate.records import Failure, Item, Outcome, Pairing, Pairs, Scale, Tries
from liftgate.store import Store, microseconds
from liftgate.store.columns import (
    FAILURES,
    OUTCOMES,
    Counting,
    Digests,
    digest_text,
    digests_of,
    sortable,
)
from liftgate.study.design import Study

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _Light(Sequence[Item]):
    """Items without inputs and targets, each made when it is looked at."""

    def __init__(
        self, names: Sequence[str], facts: Sequence[dict[str, Any]], which: NDArray[np.int32]
    ) -> None:
        self._names, self._facts, self._which = names, facts, which

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, at: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        return Item(self._names[at], _NOT_READ, **self._facts[self._which[at]])


@dataclass(frozen=True, eq=False)
class KeptItems:
    """A decision's items without their inputs, in the order of their ids."""

    names: tuple[str, ...]
    inputs: Digests
    """Of each item, the digest of its input; shape (n, 4)."""
    facts: tuple[dict[str, Any], ...]
    """The facts that items have, each once, without the target."""
    abouts: tuple[str, ...]
    """Their digests."""
    targets: Digests
    """Of each of the facts, the digest of the target."""
    which: NDArray[np.int32]
    """Of each item, the place of its facts; shape (n,)."""
    erased: int
    """Items that are left out, because they were erased."""

    @property
    def items(self) -> Sequence[Item]:
        """The items as far as they were read."""
        return _Light(self.names, self.facts, self.which)

    def whole(self, at: int, store: Store) -> Item:
        """Return an item with its input and its target.

        Raises:
            DataError: its input was erased.
        """
        parts: Any = store.output(digest_text(self.inputs[at]))
        facts: Any = store.output(self.abouts[self.which[at]])
        return Item(self.names[at], parts, **facts)

    def some(self, places: Sequence[int]) -> KeptItems:
        """Return some of the items."""
        return replace(
            self,
            names=tuple(self.names[at] for at in places),
            inputs=self.inputs[places],
            which=self.which[places],
        )

    def without(self, erased: Collection[str]) -> KeptItems:
        """Return the items whose inputs are not among values that were erased."""
        # What somebody else wrote into the ledger may be no digest: no input has it.
        named = sortable(
            digests_of([bytes.fromhex(one[7:]) for one in erased if _DIGEST.fullmatch(one)])
        )
        left = np.flatnonzero(~np.isin(sortable(self.inputs), named)).tolist()
        gone = len(self.names) - len(left)
        return replace(self.some(left), erased=self.erased + gone) if gone else self


def kept_items(digest_: str, store: Store) -> KeptItems:
    """Read a dataset's ids and facts; facts that many items share are read once.

    Raises:
        DataError: its index was never kept, or was erased, or all facts were.
        BrokenChain: a blob is not what its digest names.
    """
    index = parse_each(store.output_data(digest_))
    places: dict[str, int | None] = {}
    known: list[tuple[str, dict[str, Any], bytes]] = []
    names, inputs, which, erased = [], bytearray(), array("i"), 0
    for item, asked, about in index:
        if about not in places:
            found = _facts(about, store)
            places[about] = None if found is None else len(known)
            if found is not None:
                known.append((about, *found))
        at = places[about]
        if at is None:
            erased += 1
            continue
        names.append(item)
        inputs += bytes.fromhex(asked[7:])
        which.append(at)
    if not names:
        raise DataError("dataset: the facts of every item of it were erased")
    # Copied, for among what was read with them they would keep its memory.
    copied, names = canonical(names), []
    return KeptItems(
        tuple(parse(copied)),
        digests_of([bytes(inputs)]),
        tuple(facts for _, facts, _ in known),
        tuple(about for about, _, _ in known),
        digests_of([target for _, _, target in known]),
        np.frombuffer(which, dtype=np.int32),
        erased,
    )


_NOT_READ: dict[str, Any] = {}


def _facts(about: str, store: Store) -> tuple[dict[str, Any], bytes] | None:
    if store.blob_state(about) != "kept":
        return None
    found: Any = store.output(about)
    target = digest({"target": found["target"]})
    return {**found, "target": None}, bytes.fromhex(target[7:])


@dataclass(frozen=True, eq=False)
class Marked:
    """What became of each try of an arm by one scorer; every array has shape (items, repeats)."""

    value: Floats
    """What the scorer said; NaN: no value."""
    outcome: NDArray[np.int8]
    """0: not scored; else the place in ``OUTCOMES``, from 1."""
    failure: NDArray[np.int8]
    """0: the system did not fail; else the place in ``FAILURES``, from 1."""
    seen: NDArray[np.bool_]
    """Whether there is a trial that counts."""
    runs: frozenset[str]
    """Ids of the runs that hold these trials."""


def marks_of(
    arm: BoundArm, scorer: BoundScorer, plan: Plan, kept: KeptItems, store: Store
) -> Marked:
    """Return what became of an arm's tries.

    The trials that count are those that ``select`` counts.

    Raises:
        DataError: an item's input is needed and was erased.
        BrokenChain: a file or a blob is not what was recorded.
    """
    inputs, targets = kept.inputs, kept.targets[kept.which]
    if arm.reads is not None:
        read = [kept.whole(at, store).as_read(arm.reads) for at in range(len(kept.names))]
        inputs = digests_of([bytes.fromhex(item.input_digest[7:]) for item in read])
        targets = digests_of([bytes.fromhex(item.target_digest[7:]) for item in read])
    shape = len(kept.names), plan.repeats
    value = np.full(shape, np.nan)
    outcome, failure = np.zeros(shape, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    seen = np.zeros(shape, dtype=np.bool_)
    named = sortable(inputs)
    order = np.argsort(named, kind="stable")
    names, first, times = np.unique(named[order], return_index=True, return_counts=True)
    numbers: set[int] = set()
    for some in store.counted(_counting(arm, scorer, plan, names)):
        # Items that share an input share its trials.
        shared = times[some.place]
        row = np.repeat(np.arange(len(some.place)), shared)
        within = np.arange(len(row)) - np.repeat(np.cumsum(shared) - shared, shared)
        at = order[first[some.place[row]] + within]
        seen[at, some.repeat[row]] = True
        failure[at, some.repeat[row]] = some.failure[row]
        numbers.update(np.unique(some.run).tolist())
        mine = (some.outcome[row] > 0) & np.all(some.target[row] == targets[at], axis=1)
        row, at = row[mine], at[mine]
        outcome[at, some.repeat[row]] = some.outcome[row]
        value[at, some.repeat[row]] = some.value[row]
    ids = store.run_ids()
    return Marked(value, outcome, failure, seen, frozenset(ids[n - 1] for n in numbers if n > 0))


def score_matrix(
    arm: BoundArm, scorer: BoundScorer, plan: Plan, study: Study, kept: KeptItems, store: Store
) -> Floats:
    """Return an arm's scores, shape (items, repeats); NaN: missing.

    A failure scores what the study declares, as in ``align``.

    Raises:
        DataError: an item's input is needed and was erased.
        BrokenChain: a file or a blob is not what was recorded.
    """
    return _scored(study, scorer.scale, marks_of(arm, scorer, plan, kept, store))


def _counting(
    arm: BoundArm, scorer: BoundScorer, plan: Plan, inputs: NDArray[np.bytes_]
) -> Counting:
    after = arm.admissible_after
    return Counting(
        arm.arm.fingerprint,
        None if after is None else microseconds(after),
        scorer.fingerprint,
        plan.outcomes.timeout_s,
        {kind.value: plan.outcomes.allowed(kind) for kind in Failure},
        inputs,
        plan.repeats,
    )


Value = Callable[[str | None, str | None, float | None], float]


def _scored(study: Study, scale: Scale, found: Marked) -> Floats:
    """Return what tries score, as ``scored_as`` says of each."""
    value_of = scored_as(study, scale)
    failed = np.array([np.nan, *(value_of(kind.value, None, None) for kind in FAILURES)])
    said = np.array([np.nan, *(value_of(None, one.value, None) for one in OUTCOMES)])
    scored = np.where(
        found.outcome == 1 + OUTCOMES.index(Outcome.VALUE), found.value, said[found.outcome]
    )
    return np.asarray(np.where(found.failure > 0, failed[found.failure], scored))


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
