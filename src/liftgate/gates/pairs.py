"""From counted trials to pairs: one entry an item, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError
from liftgate.gates.sequence import UNLABELLED, cluster_numbers
from liftgate.gates.tries import check_scale, of_items
from liftgate.records import (
    Bounds,
    Failure,
    Item,
    Observation,
    Outcome,
    Pairing,
    Pairs,
    Scale,
    ScoreKind,
    Tries,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scoring:
    """How one metric's trials become numbers: the outcome rules of a study."""

    metric: str
    scale: Scale
    failure_scores: Mapping[Failure, float | None]
    """A failed trial's score in the metric's units; None: the worst of the scale."""
    abstained: float | None = None
    """What a scorer's abstention counts as; None: missing."""


@dataclass(eq=False)
class _Side:
    """One arm's scores: shape (items, repeats); NaN: missing."""

    scores: Floats
    seen: NDArray[np.bool_]
    """Shape (items, repeats): whether there is a counted trial."""
    failed: int = 0
    abstained: int = 0
    changed: set[str] = field(default_factory=set)


def align(  # noqa: PLR0913 - what a study says of one metric of two arms
    items: Sequence[Item],
    observations: Iterable[Observation],
    *,
    baseline: str,
    candidate: str,
    metric: str,
    scale: Scale,
    failure_scores: Mapping[Failure, float | None],
    abstained: float | None = None,
    repeats: int | None = None,
    reads: Mapping[str, str | None] | None = None,
    tries: Tries | None = None,
) -> Pairs:
    """Align the counted trials of two arms on one metric.

    There is one entry for each item, in the order of ``items``, its score the mean over repeats.
    An item is missing (NaN) on a side where any of its repeats has no score: the scorer failed or
    abstained, the trial was never run, or it answered another input than the item's.
    ``Pairs.bounds`` says what such an item could still be.
    With more than one repeat a binary score becomes graded: a mean of several is no longer 0 or 1.

    Args:
        items: the dataset.
        observations: those of other arms than these two are passed over.
        baseline: the baseline's fingerprint.
        candidate: the candidate's fingerprint.
        metric: the score's name in the observations.
        scale: the values that scores can take.
        failure_scores: what a failed trial scores; None: the scale's worst value, else missing.
        abstained: what an abstention scores, in the metric's units; None: missing.
        repeats: planned repeats of each item; None: as many as the observations of the two arms
            show.
        reads: an arm's fingerprint -> the version of every item that it is asked; others, and
            None: the items as they are.
        tries: what is asked of the repeats, in place of their mean; the score is then the item's
            unbiased estimate of it.

    Raises:
        NotEnoughData: fewer repeats than ``tries`` asks about.
        DataError: no items; a trial of an unknown item, or two for one item, arm and repeat; a
            score or a declared score that the scale does not contain; a failure without a rule.
    """
    if not items:
        raise DataError(f"{metric}: the dataset has no items; expected at least one")
    rows = [o for o in observations if o.arm in {baseline, candidate}]
    if tries is not None:
        check_scale(metric, tries, scale)
    count = _repeats(rows, repeats)
    scoring = Scoring(metric, scale, failure_scores, abstained)
    place = {item.id: number for number, item in enumerate(items)}
    asked = {arm: _as_read(items, (reads or {}).get(arm)) for arm in (baseline, candidate)}
    before = _side([o for o in rows if o.arm == baseline], asked[baseline], place, count, scoring)
    after = _side([o for o in rows if o.arm == candidate], asked[candidate], place, count, scoring)
    return Pairs(
        metric=metric,
        items=tuple(item.id for item in items),
        candidate=joined_tries(after.scores, tries),
        baseline=joined_tries(before.scores, tries),
        cluster=clusters_of(items),
        scale=replace(scale, kind=kind_of(scale, count)),
        slices=_slices(items),
        pairing=_pairing(items, before, after, count),
        weight=_weights(items),
        bounds=Bounds(
            candidate_low=_filled(after.scores, scale.low, tries),
            candidate_high=_filled(after.scores, scale.high, tries),
            baseline_low=_filled(before.scores, scale.low, tries),
            baseline_high=_filled(before.scores, scale.high, tries),
        ),
    )


def _as_read(items: Sequence[Item], version: str | None) -> Sequence[Item]:
    return items if version is None else [item.as_read(version) for item in items]


def take(pairs: Pairs, mask: NDArray[np.bool_]) -> Pairs:
    """Return the pairs of some items: ``mask`` has shape (n,)."""
    kept = {item for item, keep in zip(pairs.items, mask, strict=True) if keep}
    bounds = pairs.bounds
    part = replace(
        pairs,
        items=tuple(item for item in pairs.items if item in kept),
        candidate=pairs.candidate[mask],
        baseline=pairs.baseline[mask],
        cluster=None if pairs.cluster is None else pairs.cluster[mask],
        slices={name: values[mask] for name, values in pairs.slices.items()},
        weight=None if pairs.weight is None else pairs.weight[mask],
        bounds=None
        if bounds is None
        else Bounds(
            candidate_low=bounds.candidate_low[mask],
            candidate_high=bounds.candidate_high[mask],
            baseline_low=bounds.baseline_low[mask],
            baseline_high=bounds.baseline_high[mask],
        ),
    )
    both = ~(np.isnan(part.baseline) | np.isnan(part.candidate))
    pairing = replace(
        pairs.pairing,
        paired=int(both.sum()),
        only_baseline=tuple(i for i in pairs.pairing.only_baseline if i in kept),
        only_candidate=tuple(i for i in pairs.pairing.only_candidate if i in kept),
        missing_baseline=int(np.isnan(part.baseline).sum()),
        missing_candidate=int(np.isnan(part.candidate).sum()),
    )
    return replace(part, pairing=pairing)


def complete(pairs: Pairs) -> Pairs:
    """Return the items that have a score on both sides: for description, never for a decision."""
    return take(pairs, ~(np.isnan(pairs.candidate) | np.isnan(pairs.baseline)))


def slice_values(pairs: Pairs, name: str) -> tuple[str, ...]:
    """Return the values of a slice, sorted; items without one are called ``(none)``.

    Raises:
        DataError: the items carry no slice of that name.
    """
    return tuple(sorted(set(_labels(pairs, name))))


def in_slice(pairs: Pairs, name: str, value: str) -> Pairs:
    """Return the pairs of one value of a slice."""
    return take(pairs, np.array([label == value for label in _labels(pairs, name)], dtype=np.bool_))


def clusters(pairs: Pairs) -> int:
    """Return the number of independent units."""
    if pairs.cluster is None:
        return len(pairs.items)
    return int(np.unique(pairs.cluster).size)


def _labels(pairs: Pairs, name: str) -> list[str]:
    if name not in pairs.slices:
        known = ", ".join(sorted(pairs.slices)) or "none"
        raise DataError(f"{pairs.metric}: the items have no slice {name!r}; known: {known}")
    return [UNLABELLED if label is None else str(label) for label in pairs.slices[name]]


def _repeats(rows: Sequence[Observation], planned: int | None) -> int:
    seen = max((o.repeat for o in rows), default=0) + 1
    if planned is None:
        return seen
    if planned < 1 or seen > planned:
        raise DataError(
            f"repeats: got {planned} planned and repeat number {seen - 1}, "
            "expected numbers from 0 up to one less than planned"
        )
    return planned


def _side(
    rows: Iterable[Observation],
    items: Sequence[Item],
    place: Mapping[str, int],
    repeats: int,
    scoring: Scoring,
) -> _Side:
    shape = (len(items), repeats)
    side = _Side(np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_))
    for row in rows:
        if row.item not in place:
            raise DataError(f"{scoring.metric}: a trial of the item {row.item!r}, not in the set")
        at = place[row.item], row.repeat
        if side.seen[at]:
            raise DataError(
                f"{scoring.metric}: item {row.item!r} has two counted trials of repeat "
                f"{row.repeat} in one arm; expected one"
            )
        if row.trial.input_digest != items[at[0]].input_digest:
            side.changed.add(row.item)
            continue
        side.seen[at] = True
        side.scores[at] = _score(row, scoring, side)
    return side


def _score(row: Observation, scoring: Scoring, side: _Side) -> float:
    failure = row.failure(scoring.metric)
    if failure is not None:
        side.failed += 1
        return _failure_score(failure, scoring)
    score = row.scores.get(scoring.metric)
    if score is None or score.outcome is Outcome.FAILED:
        return np.nan
    if score.outcome is Outcome.ABSTAINED:
        side.abstained += 1
        return _abstention_score(scoring)
    return _checked(score.value, row, scoring)


def _failure_score(failure: Failure, scoring: Scoring) -> float:
    if failure not in scoring.failure_scores:
        raise DataError(
            f"{scoring.metric}: no rule says what a {failure.value} scores",
            hint=f"declare it: outcomes: {failure.value}: {{score: worst}}",
        )
    declared = scoring.failure_scores[failure]
    if declared is None:
        return np.nan if scoring.scale.worst is None else scoring.scale.worst
    return _within(declared, scoring, f"the score declared for a {failure.value}")


def _abstention_score(scoring: Scoring) -> float:
    if scoring.abstained is None:
        return np.nan
    return _within(scoring.abstained, scoring, "the score declared for an abstention")


def _checked(value: float | None, row: Observation, scoring: Scoring) -> float:
    if value is None:
        raise DataError(f"{scoring.metric}: item {row.item!r} has a score without a value")
    return _within(value, scoring, f"item {row.item!r}")


def _within(value: float, scoring: Scoring, place: str) -> float:
    scale = scoring.scale
    low = -np.inf if scale.low is None else scale.low
    high = np.inf if scale.high is None else scale.high
    inside = bool(np.isfinite(value)) and low <= value <= high
    if scale.kind is ScoreKind.BINARY and value not in {scale.low, scale.high}:
        inside = False
    if not inside:
        expected = f"{low:g} or {high:g}" if scale.kind is ScoreKind.BINARY else f"{low:g}…{high:g}"
        raise DataError(f"{scoring.metric}: {place}: got {value:g}, expected {expected}")
    return float(value)


def kind_of(scale: Scale, repeats: int) -> ScoreKind:
    """Return the kind of a mean over repeats: of right-or-wrong scores it is graded."""
    averaged = scale.kind is ScoreKind.BINARY and repeats > 1
    return ScoreKind.GRADED if averaged else scale.kind


def joined_tries(scores: Floats, tries: Tries | None) -> Floats:
    """Reduce shape (items, repeats) to shape (items,): a mean, or what is asked of the tries."""
    # NaN in one repeat makes the item NaN.
    if tries is None:
        return np.asarray(scores.mean(axis=1), dtype=np.float64)
    return of_items(scores.sum(axis=1), scores.shape[1], tries)


def _filled(scores: Floats, end: float | None, tries: Tries | None) -> Floats:
    return joined_tries(np.where(np.isnan(scores), np.nan if end is None else end, scores), tries)


def clusters_of(items: Sequence[Item]) -> NDArray[np.int64] | None:
    """Number the clusters in order of appearance; None when no item has one."""
    return None if all(item.cluster is None for item in items) else cluster_numbers(items)


def _slices(items: Sequence[Item]) -> dict[str, NDArray[Any]]:
    names = sorted({name for item in items for name in item.slices})
    return {
        name: np.array([item.slices.get(name) for item in items], dtype=np.object_)
        for name in names
    }


def _weights(items: Sequence[Item]) -> Floats | None:
    weights = np.array([item.weight for item in items], dtype=np.float64)
    return None if bool(np.all(weights == 1.0)) else weights


def _pairing(items: Sequence[Item], before: _Side, after: _Side, repeats: int) -> Pairing:
    ran_before, ran_after = _any(before.seen), _any(after.seen)
    lost_before, lost_after = _any(np.isnan(before.scores)), _any(np.isnan(after.scores))
    named = [item.id for item in items]
    return Pairing(
        paired=int((~lost_before & ~lost_after).sum()),
        only_baseline=_where(named, ran_before & ~ran_after),
        only_candidate=_where(named, ran_after & ~ran_before),
        changed=tuple(sorted(before.changed | after.changed)),
        failed_baseline=before.failed,
        failed_candidate=after.failed,
        abstained_baseline=before.abstained,
        abstained_candidate=after.abstained,
        missing_baseline=int(lost_before.sum()),
        missing_candidate=int(lost_after.sum()),
        repeats_baseline=repeats,
        repeats_candidate=repeats,
    )


def _any(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Reduce shape (items, repeats) to shape (items,)."""
    return np.asarray(cells.any(axis=1), dtype=np.bool_)


def _where(named: Sequence[str], mask: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(sorted(name for name, keep in zip(named, mask, strict=True) if keep))
