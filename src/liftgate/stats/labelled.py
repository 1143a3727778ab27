"""Human labels of some of the locked items, and what judges say of all of them, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.inputs import Codes, Floats, Range, array_of, labels, scores
from liftgate.stats.kinds import ScoreKind

FEWEST_LABELS = 50
"""Labelled items below which nothing is estimated: coverage was measured from 50 on."""
FEWEST_LABELLED_CLUSTERS = 20
_SURPRISE = 5.0
_BLOCK = 1_000
"""Scores that are added one by one."""


@dataclass(frozen=True, eq=False)
class Same:
    """Items beside the labelled ones whose difference is 0 without a label."""

    items: int
    """How many; 0: every difference of the others is known."""
    codes: Codes | None
    """Clusters of the labelled items and, after them, of these; None: every item is its own."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labels with what is known of their items and of all others.

    Args:
        values: shape (n,), labels, or differences of the two arms' labels.
        table: shape (n, k), judge scores and covariates of the labelled items less their means over
            all items, in standard deviations.
        weak: how many columns of the table, the last ones, are features.
        codes: shape (n,), cluster of each labelled item; None: every item is its own.
        share: shape (n,), chance with which each labelled item was drawn.
        whole: whether clusters were labelled as a whole.
        weighted: whether the chances differ.
        items: locked items in all, N; with ``same`` those that are not among it.
        notes: what a reader must know.
        same: items beside these to which both arms gave the same answer; None: not asked.
    """

    values: Floats
    table: Floats
    weak: int
    codes: Codes | None
    share: Floats
    whole: bool
    weighted: bool
    items: int
    notes: tuple[str, ...] = ()
    same: Same | None = None

    @property
    def reach(self) -> float:
        """Share of all items that the labels speak of, q."""
        return 1.0 if self.same is None else self.items / (self.items + self.same.items)

    def chance_of_cluster(self) -> Floats:
        """Return the chance with which each labelled cluster was drawn, shape (clusters,)."""
        assert self.codes is not None
        return np.asarray(np.bincount(self.codes, weights=self.share) / np.bincount(self.codes))


def labelled_items(
    values: Floats,
    labelled: ArrayLike,
    *,
    judge: ArrayLike | None,
    covariate: ArrayLike | None,
    features: ArrayLike | None = None,
    item: ArrayLike | None,
    cluster: ArrayLike | None,
    probability: ArrayLike | None,
) -> Labelled:
    """Return checked labels with the covariates of their items.

    Args:
        values: shape (n,), finite.
        labelled: shape (n,), the item of each label: a name in ``item``, or a position.
        judge: shape (N,) or (N, judges), scores of all locked items.
        covariate: shape (N,) or (N, k), what else is known of all of them.
        features: shape (N, k), many weak covariates of all of them.
        item: shape (N,), names of the locked items; None: they are 0 … N − 1.
        cluster: shape (N,), a label for each locked item; None: single items.
        probability: shape (n,), chance with which each labelled item was drawn; None: all alike.

    Raises:
        NotEnoughData: fewer than 50 labels, or fewer than 20 labelled clusters.
        DataError: labels of unknown items or of one item twice, judge scores that are missing,
            lengths that differ, chances outside (0, 1].
    """
    _check_enough(values.size, "labels", FEWEST_LABELS)
    columns = [*_columns("judge", judge), *_columns("covariate", covariate)]
    weak = _columns("features", features)
    if not columns and not weak:
        raise DataError(
            "judge: got neither judge scores nor covariates, expected at least one of them",
            hint="Labels alone need no judge: use stats.mean or stats.paired_difference.",
        )
    total = (*columns, *weak)[0].size if item is None else int(np.shape(item)[0])
    for name, some in (("judge", columns), ("features", weak)):
        sizes = {column.size for column in some} - {total}
        if sizes:
            raise DataError(
                f"{name}: got {sorted(sizes)} rows, expected one for each of {total} locked items, "
                "labelled or not"
            )
    places = places_of(labelled, values.size, item, total)
    share, weighted, notes = _chances(probability, values.size, total)
    codes, whole = _clusters(cluster, places, total)
    if codes is not None:
        _check_enough(int(codes.max()) + 1, "labelled clusters", FEWEST_LABELLED_CLUSTERS)
    strong = _standardised("judge", columns, places)
    many = _standardised("features", weak, places)
    known = [*strong, *many]
    return Labelled(
        values=values,
        table=np.column_stack(known) if known else np.zeros((values.size, 0)),
        weak=len(many),
        codes=codes,
        share=share,
        whole=whole,
        weighted=weighted,
        items=total,
        notes=notes,
    )


def label_values(name: str, given: ArrayLike, kind: ScoreKind, span: Range | None) -> Floats:
    """Return labels; raises NotEnoughData without any, DataError outside kind or range."""
    if np.size(given) == 0:
        raise NotEnoughData(
            f"{name}: got no human labels, expected at least {FEWEST_LABELS}: judge scores alone "
            "say nothing of the judge's error",
            hint="Draw items at random from the locked ones and have people label both arms.",
        )
    values = scores(name, given)
    inputs.check_values(name, values, kind, span)
    return values


def kind_and_span(
    kind: ScoreKind | str | None, score_range: Sequence[float] | None, *values: ArrayLike
) -> tuple[ScoreKind, Range | None]:
    """Return the kind of the labels and their range. Raises DataError as ``check_kind``."""
    found = inputs.check_kind(kind, score_range, *values)
    return found, inputs.score_span(found, score_range)


def _check_enough(got: int, what: str, fewest: int) -> None:
    if got < fewest:
        raise NotEnoughData(
            f"got {got} {what}, expected at least {fewest} for an estimate from judge and labels",
            hint="Collect more labels, or estimate from the labels alone.",
        )


def _columns(name: str, given: ArrayLike | None) -> list[Floats]:
    """Return the columns, each of shape (N,), without copying what is already numbers."""
    if given is None:
        return []
    try:
        table = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: got values that are not numbers ({error})") from error
    if table.ndim not in (1, 2) or table.size == 0:
        raise DataError(f"{name}: got shape {table.shape}, expected one row for each locked item")
    return [table] if table.ndim == 1 else list(table.T)


def _standardised(name: str, columns: list[Floats], places: Codes) -> list[Floats]:
    """Return the columns of the labelled items, each of shape (n,), without the constant ones."""
    found = []
    for column in columns:
        mean = _mean(column)
        if not math.isfinite(mean):
            raise DataError(
                f"{name}: got a number that is not finite at position "
                f"{int(np.flatnonzero(~np.isfinite(column))[0])}, expected numbers for all locked "
                "items",
                hint="Where a judge abstained, give a declared score and a covariate that is 1 "
                "there and 0 elsewhere.",
            )
        here = column[places]
        spread = float(here.std())
        if spread > 1e-12 * max(1.0, float(np.abs(here).max())):
            found.append((here - mean) / spread)
    return found


def _mean(column: Floats) -> float:
    """Return the mean of many numbers, block by block.

    Sums of blocks lose as few digits as numpy's sum in pairs, in two thirds of its time. A matrix
    product would take less still, but BLAS waits for its threads where they are busy elsewhere.
    """
    whole = column.size - column.size % _BLOCK
    blocks = np.einsum("ij->i", column[:whole].reshape(-1, _BLOCK))
    return float(blocks.sum() + column[whole:].sum()) / column.size


def places_of(
    labelled: ArrayLike, n: int, item: ArrayLike | None, total: int, name: str = "labelled"
) -> Codes:
    """Return the position of each label's item among the locked ones.

    Raises:
        DataError: labels of unknown items or of one item twice, names without names of the items.
    """
    names = array_of(name, labelled)
    if names.ndim != 1 or names.size != n:
        raise DataError(f"{name}: got shape {names.shape}, expected the item of each of {n} labels")
    if item is None:
        if names.dtype.kind not in "iu":
            raise DataError(
                f"{name}: got names, expected positions 0 … "
                f"{total - 1} where the locked items have no names",
                hint="Pass the names of the locked items as item.",
            )
        places = names.astype(np.int64)
        unknown = (places < 0) | (places >= total)
    else:
        known = array_of("item", item)
        place = {one: at for at, one in enumerate(known.tolist())}
        if len(place) != known.size:
            raise DataError("item: got a name twice, expected each locked item once")
        places = np.array([place.get(one, -1) for one in names.tolist()], dtype=np.int64)
        unknown = places < 0
    if unknown.any():
        raise DataError(
            f"{name}: got a label of {str(names[int(np.argmax(unknown))])!r} "
            f"({int(unknown.sum())} in all), which is not one of the locked items",
            hint="Labels count only for items that the lock knows.",
        )
    ordered = np.sort(places)
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if again.size:
        twice = names[int(np.argmax(places == ordered[again[0]]))]
        raise DataError(
            f"{name}: got several labels of {str(twice)!r}, expected one for each item",
            hint="Combine the raters of an item first, by a rule that was declared.",
        )
    return places


def _chances(
    probability: ArrayLike | None, n: int, total: int
) -> tuple[Floats, bool, tuple[str, ...]]:
    alike = np.full(n, n / total)
    if probability is None:
        return alike, False, ()
    chance = scores("probability", probability)
    if chance.size != n:
        raise DataError(
            f"probability: got {chance.size} numbers, expected one for each of {n} labels"
        )
    if (chance <= 0).any() or (chance > 1).any():
        raise DataError(
            "probability: got a number outside (0, 1], expected the chance with which each "
            "labelled item was drawn"
        )
    weight = 1 / chance
    error = float(np.sqrt(np.sum(weight**2 * (1 - chance))))
    gap = float(weight.sum()) - total
    notes: tuple[str, ...] = ()
    if abs(gap) > _SURPRISE * error + 1:
        notes = (
            f"the stored chances stand for {weight.sum():.0f} items, but {total} are locked: "
            "labels were not drawn as stored, or some are missing",
        )
    if bool((chance == chance[0]).all()):
        return alike, False, notes
    return chance, True, notes


def _clusters(cluster: ArrayLike | None, places: Codes, total: int) -> tuple[Codes | None, bool]:
    """Return the labelled items' clusters, and whether each is labelled as a whole."""
    if cluster is None:
        return None, True
    found, codes = labels("cluster", cluster, total)
    if found.size == total:
        return None, True
    ours = codes[places]
    names, short = np.unique(ours, return_inverse=True)
    if names.size == ours.size and not (np.bincount(codes)[names] > 1).any():
        return None, True
    whole = bool((np.bincount(codes)[names] == np.bincount(short)).all())
    return short.astype(np.int64), whole
