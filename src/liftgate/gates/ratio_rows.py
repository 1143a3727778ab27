"""From counted trials to the two sides of a ratio: every try's amounts, or what they could be.

A ratio is no mean over items, so that missing amounts and failures cannot enter as scores do: what
is worst above the line depends on what stands below it. Each try therefore keeps the least and the
most of both, and a question fills them in for the one end of the ratio that it is worst at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.pairs import Floats, clusters_of
from liftgate.gates.sequence import UNLABELLED
from liftgate.records import Item, Observation, Outcome, Ratio, Scale, ScoreKind

Ends = tuple[float, float]
"""The least and the most that an amount can be; equal where it is known."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Amount:
    """How one side of the line is read of a try.

    Args:
        key: ``of`` or ``per``, for messages.
        name: the metric's.
        read: what is known of a try, or None.
        ends: what it can be where nothing is known; infinite without an end.
    """

    key: str
    name: str
    read: Callable[[Observation], Ends | None]
    ends: Ends


@dataclass(frozen=True, eq=False)
class Tries:
    """One arm's amounts; each of shape (items, repeats)."""

    of_low: Floats
    of_high: Floats
    per_low: Floats
    per_high: Floats
    failed: Mask
    """Whether the system failed: an outcome, which counts against its arm whatever is asked."""

    @property
    def known(self) -> Mask:
        """Whether both amounts of a try are known."""
        return np.asarray((self.of_low == self.of_high) & (self.per_low == self.per_high))

    def take(self, mask: Mask) -> Tries:
        """Return the tries of some items: ``mask`` has shape (items,)."""
        return Tries(
            self.of_low[mask],
            self.of_high[mask],
            self.per_low[mask],
            self.per_high[mask],
            self.failed[mask],
        )


@dataclass(frozen=True, eq=False)
class RatioPairs:
    """Both arms' amounts of one ratio over the same items."""

    ratio: Ratio
    items: tuple[str, ...]
    candidate: Tries
    baseline: Tries
    cluster: NDArray[np.int64] | None
    """Shape (items,); None: every item is its own."""
    scale: Scale
    """Of the ratio: ends where it has a range, and which way is better."""
    slices: Mapping[str, NDArray[Any]]
    weight: Floats | None = None

    def take(self, mask: Mask) -> RatioPairs:
        """Return some items: ``mask`` has shape (items,)."""
        return replace(
            self,
            items=tuple(item for item, keep in zip(self.items, mask, strict=True) if keep),
            candidate=self.candidate.take(mask),
            baseline=self.baseline.take(mask),
            cluster=None if self.cluster is None else self.cluster[mask],
            slices={name: values[mask] for name, values in self.slices.items()},
            weight=None if self.weight is None else self.weight[mask],
        )

    def labels(self, name: str) -> list[str]:
        """Return each item's value of a slice. Raises DataError for a slice that they lack."""
        if name not in self.slices:
            known = ", ".join(sorted(self.slices)) or "none"
            raise DataError(f"{self.ratio.name}: the items have no slice {name!r}; known: {known}")
        return [UNLABELLED if label is None else str(label) for label in self.slices[name]]

    @property
    def units(self) -> int:
        """Return the number of independent units."""
        return len(self.items) if self.cluster is None else int(np.unique(self.cluster).size)


def tries_of(
    items: Sequence[Item],
    observations: Iterable[Observation],
    arm: str,
    amounts: tuple[Amount, Amount],
    *,
    repeats: int,
    failed: Callable[[Observation], bool],
    read_as: str | None = None,
) -> Tries:
    """Return one arm's amounts, in the order of ``items``.

    Args:
        items: the dataset.
        observations: counted trials; those of other arms are passed over.
        arm: its fingerprint.
        amounts: above and below the line.
        repeats: planned tries of each item.
        failed: whether a try is a failure of the system as far as the ratio is concerned.
        read_as: which version of every item the arm is asked; None: the item as it is.

    Raises:
        DataError: a trial of an unknown item, or two for one item and repeat.
    """
    shape = (len(items), repeats)
    over, under = amounts
    low, high = np.full(shape, over.ends[0]), np.full(shape, over.ends[1])
    least, most = np.full(shape, under.ends[0]), np.full(shape, under.ends[1])
    fails, seen = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    place = {item.id: at for at, item in enumerate(items)}
    for row in observations:
        if row.arm != arm:
            continue
        if row.item not in place or row.repeat >= repeats:
            raise DataError(f"{over.name}: a trial of {row.item!r} #{row.repeat}, not planned")
        at = place[row.item], row.repeat
        if seen[at]:
            raise DataError(f"{over.name}: item {row.item!r} has two counted trials of one repeat")
        if row.trial.input_digest != items[at[0]].as_read(read_as).input_digest:
            continue  # It answered another input: nothing is known of this one.
        seen[at] = True
        fails[at] = failed(row)
        low[at], high[at] = over.read(row) or over.ends
        least[at], most[at] = under.read(row) or under.ends
    return Tries(low, high, least, most, fails)


def ratio_pairs(
    ratio: Ratio, scale: Scale, items: Sequence[Item], candidate: Tries, baseline: Tries
) -> RatioPairs:
    """Return both arms' amounts with what the items are."""
    weight = np.array([item.weight for item in items], dtype=np.float64)
    names = sorted({name for item in items for name in item.slices})
    return RatioPairs(
        ratio=ratio,
        items=tuple(item.id for item in items),
        candidate=candidate,
        baseline=baseline,
        cluster=clusters_of(items),
        scale=scale,
        slices={
            name: np.array([item.slices.get(name) for item in items], dtype=np.object_)
            for name in names
        },
        weight=None if bool((weight == 1.0).all()) else weight,
    )


def scored(
    metric: str, key: str, scale: Scale, most: float | None, abstained: float | None
) -> Amount:
    """Return how a metric's score is read.

    Args:
        metric: the score's name.
        key: ``of`` or ``per``.
        scale: of the scores.
        most: the declared end, where the scale has none; None: none is declared.
        abstained: what an abstention scores; None: it is missing.
    """

    def read(row: Observation) -> Ends | None:
        score = row.scores.get(metric)
        if row.failure(metric) is not None or score is None:
            return None
        value = abstained if score.outcome is Outcome.ABSTAINED else score.value
        return None if value is None else (value, value)

    low = -np.inf if scale.low is None else scale.low
    end = most if scale.high is None else scale.high
    return Amount(key, metric, read, (low, np.inf if end is None else end))


def taken(name: str, key: str, most: float | None) -> Amount:
    """Return how an amount is read that the engine took: of a failed call, too."""

    def read(row: Observation) -> Ends | None:
        value = getattr(row.trial, name)
        return None if value is None else (float(value), float(value))

    return Amount(key, name, read, (0.0, np.inf if most is None else most))


def ratio_scale(ratio: Ratio, of: Scale | None, *, statements: bool) -> Scale:
    """Return the scale of a ratio.

    Args:
        ratio: as the study says.
        of: the scale of what stands above the line; None: the engine takes it, lower is better.
        statements: whether it is divided by statements: then it has that scale's own range.
    """
    better = of is not None and of.higher_is_better
    span = ratio.span
    if statements and of is not None and of.low is not None and of.high is not None:
        span = (of.low, of.high)
    if span is None:
        return Scale(ScoreKind.UNBOUNDED, higher_is_better=better)
    return Scale(ScoreKind.GRADED, *span, higher_is_better=better)


def sums(pairs: RatioPairs, side: str, *, up: bool, failed_up: bool) -> tuple[Floats, Floats]:
    """Return what each item adds above and below the line, its tries averaged; see ``filled``."""
    above, below = filled(pairs, side, up=up, failed_up=failed_up)
    return above.mean(axis=1), below.mean(axis=1)


def filled(pairs: RatioPairs, side: str, *, up: bool, failed_up: bool) -> tuple[Floats, Floats]:
    """Return what each try adds above and below the line.

    Args:
        pairs: of the ratio.
        side: ``candidate`` or ``baseline``.
        up: whether what is missing is filled in so that the ratio becomes as large as it can.
        failed_up: the same for tries in which the system failed.

    Returns:
        Two arrays of shape (items, repeats).

    Raises:
        NotEnoughData: an amount beyond what was declared, a try's ratio outside the declared
            range, or a missing amount without the end that it needs.
    """
    tries: Tries = getattr(pairs, side)
    _check_declared(pairs, side, tries)
    where = np.where(tries.failed, failed_up, up)
    with np.errstate(invalid="ignore"):
        above, below = (
            np.where(where, high, low)
            for high, low in zip(
                _filled(tries, pairs, up=True), _filled(tries, pairs, up=False), strict=True
            )
        )
    above = np.where(tries.known, tries.of_low, above)
    below = np.where(tries.known, tries.per_low, below)
    _check_ends(pairs, side, tries, above, below)
    return above, below


def _filled(tries: Tries, pairs: RatioPairs, *, up: bool) -> tuple[Floats, Floats]:
    """Return the amounts at which the ratio of the sums is largest, or smallest.

    A try pulls the ratio R by of − R·per, for any R within the range (low, high) of one try: up
    most strongly at the largest ``of`` and the smallest ``per`` that still has high·per ≥ of.
    """
    if pairs.scale.low is None or pairs.scale.high is None:
        if up:
            return tries.of_high, tries.per_low
        return tries.of_low, tries.per_high
    low, high = pairs.scale.low, pairs.scale.high
    if up:
        per = np.clip(tries.of_high / high, tries.per_low, tries.per_high)
        return np.minimum(tries.of_high, high * per), per
    if low == 0:
        return tries.of_low, tries.per_high
    per = np.clip(tries.of_low / low, tries.per_low, tries.per_high)
    return np.maximum(tries.of_low, low * per), per


def _check_declared(pairs: RatioPairs, side: str, tries: Tries) -> None:
    ratio, known = pairs.ratio, tries.known
    for key, most, values in (
        ("most", ratio.most, tries.of_low),
        ("most_per", ratio.most_per, tries.per_low),
    ):
        if most is not None and bool((known & (values > most)).any()):
            raise NotEnoughData(
                f"{ratio.name}: got {float(values[known].max()):g} in a try of the {side}, "
                f"expected at most the declared {key} of {most:g}",
                hint=f"declare a {key} that holds, in the next study",
            )
    low, high = pairs.scale.low, pairs.scale.high
    if low is None or high is None:
        return
    slack = 1e-9 * tries.per_low * high
    outside = (tries.of_low < low * tries.per_low - slack) | (
        tries.of_low > high * tries.per_low + slack
    )
    if bool((known & outside).any()):
        at = int(np.flatnonzero((known & outside).any(axis=1))[0])
        raise NotEnoughData(
            f"{ratio.name}: item {pairs.items[at]!r} of the {side} has a ratio outside the "
            f"declared range of {low:g} to {high:g}",
            hint="declare the range that one try's ratio really has, in the next study",
        )


def _check_ends(pairs: RatioPairs, side: str, tries: Tries, above: Floats, below: Floats) -> None:
    ratio, open_ = pairs.ratio, ~tries.known
    if bool((open_ & (tries.of_low < 0)).any()):
        raise NotEnoughData(
            f"{ratio.name}: {int(open_.sum())} amounts of the {side} are missing, and {ratio.of} "
            "may be negative, so that there is no worst to put in their place"
        )
    for key, name, values in (("most", ratio.of, above), ("most_per", ratio.per, below)):
        gaps = int((~np.isfinite(values)).sum())
        if gaps:
            raise NotEnoughData(
                f"{ratio.name}: {name} is not known of {gaps} tries of the {side}, and nothing "
                "says how large it can be",
                hint=f"declare it in the next study: ratios: {ratio.name}: {{{key}: …}}",
            )
