"""Planned looks at a paired comparison: stop early without paying for it in error.

The design is locked before the candidate runs: the order of the items, after how many of them one
looks, the error. Each look uses the fixed-n row of the method table on all items so far
(``looks``), compared with an O'Brien–Fleming-type spending boundary (``spending``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs, table
from liftgate.stats.course import track_estimate
from liftgate.stats.estimate import Estimate
from liftgate.stats.history import adjust, covariates
from liftgate.stats.inputs import Codes, Floats, Sample
from liftgate.stats.inversion import Family
from liftgate.stats.kinds import Alternative, ClaimShape, ScoreKind, UnitDesign
from liftgate.stats.looks import LookRule, LookStatus, LookTrack
from liftgate.stats.method import Method
from liftgate.stats.spending import check_fractions

_LEAST_STEP = 1e-3
"""An estimated information fraction rises by at least this share."""


class PlannedLooks:
    """A paired difference tested at planned looks.

    Without covariates the information fraction of a look is known at the lock: for single items
    their share, for clusters ``cluster_fractions``. With covariates it is estimated at each look
    (``history``), which makes the error rate asymptotic, as the methods themselves are.

    Args:
        looks: how many items in all at each look, in the locked order, increasing; the last is
            the number of planned items. Looks fall on whole clusters.
        kind: binary, graded (``score_range`` is required) or unbounded.
        score_range: ends of the scores, declared before the data.
        cluster: shape (planned items,): a label for each item in the locked order; the items of a
            cluster stand together. None: single items. Repeats are averaged inside the item
            before they come here.
        covariate: shape (planned items,) or (planned items, k): what is known of every planned
            item before the candidate answers, such as the scores of the baseline and of earlier
            systems, in the locked order.
        fractions: shape (looks,): information fractions of the lock, where they are not those
            above; not together with ``covariate``.
        alpha: one-sided error over all looks, at most 0.3173.
        null: tested difference.
        alternative: greater or less.
        harm_alpha: one-sided error of the other direction over all looks; None: ``alpha``.
        harm_null: tested value of the other direction; None: ``null``.
        guarantee: only exact methods, each look's p-value against what it may spend (union bound).

    Raises:
        DataError: looks that do not increase or split a cluster, or an argument out of its range.
        NotEnoughData: no method serves the claim, or none is exact where ``guarantee`` is asked.
    """

    def __init__(
        self,
        looks: Sequence[int],
        *,
        kind: ScoreKind | str,
        score_range: Sequence[float] | None = None,
        cluster: ArrayLike | None = None,
        covariate: ArrayLike | None = None,
        fractions: Sequence[float] | None = None,
        alpha: float = 0.05,
        null: float = 0.0,
        alternative: Alternative | str = Alternative.GREATER,
        harm_alpha: float | None = None,
        harm_null: float | None = None,
        guarantee: bool = False,
    ) -> None:
        self.looks = _check_looks(looks)
        """Items in all at each look."""
        self._kind = inputs.check_kind(kind)
        self._span = inputs.score_span(self._kind, score_range)
        self._width = None if self._span is None else self._span[1] - self._span[0]
        planned = self.looks[-1]
        self._codes = inputs.cluster_codes(cluster, planned)
        self._table = covariates(covariate, planned)
        if self._codes is not None:
            _check_whole(self._codes, self.looks)
        self._fractions = self._locked_fractions(fractions)
        units = UnitDesign.SINGLE if self._codes is None else UnitDesign.CLUSTERED
        self._row = table.choose(self._kind, units, ClaimShape.DIFFERENCE, guarantee=guarantee)
        if guarantee and self._table is not None:
            raise NotEnoughData(
                "covariate: got one where a guarantee is asked, expected one of the two: what is "
                "fitted has no proven level"
            )
        # A binary difference less its prediction is no longer binary.
        interim = ScoreKind.GRADED if self._kind is ScoreKind.BINARY else self._kind
        self._interim_row = table.choose(interim, units, ClaimShape.DIFFERENCE)
        bounds = None if self._width is None else (-self._width, self._width)
        for name, value in (("null", null), ("harm_null", harm_null)):
            if value is not None:
                inputs.check_null(name, value, bounds)
        rule = LookRule(
            alpha=alpha,
            null=null,
            alternative=Alternative(alternative),
            harm_alpha=harm_alpha,
            harm_null=harm_null,
            union=guarantee,
        )
        self._track = LookTrack(rule, len(self.looks))
        self._values: Floats = np.empty(0)
        self._declined: list[str] = []

    @property
    def status(self) -> LookStatus:
        """Continue, rejected, harm or ended; a rejected claim stays rejected."""
        return self._track.status

    @property
    def look(self) -> int:
        """Looks taken so far."""
        return self._track.look

    @property
    def next_look(self) -> int | None:
        """Items in all at the next look; None: all looks are taken."""
        return self.looks[self.look] if self.look < len(self.looks) else None

    @property
    def harm_p_value(self) -> float | None:
        """Anytime p-value of the other direction against ``harm_null``; None before a look."""
        return self._track.harm.p_value if self.look else None

    @property
    def fractions(self) -> tuple[float, ...]:
        """Information fractions of the looks taken."""
        return tuple(self._track.claim.fractions)

    @property
    def boundaries(self) -> tuple[float, ...]:
        """Boundaries of z for the claim at the looks taken."""
        return tuple(self._track.claim.boundaries)

    def update(self, candidate: ArrayLike, baseline: ArrayLike) -> LookStatus:
        """Add the next items in the locked order, up to the next look, and take it.

        After a decision further looks may be taken (other claims may need them); they change the
        limits, never the verdict.

        Args:
            candidate: shape (items of this look,).
            baseline: shape (items of this look,), the same items.

        Raises:
            DataError: another number of items than lead to the next look, all looks taken, or
                scores that are not what the lock says.
        """
        if self.next_look is None:
            raise DataError(
                f"candidate: got items after the last of {len(self.looks)} planned looks",
                hint="Extending needs a design with unlimited looks.",
            )
        ours, theirs = inputs.pair(candidate, baseline, self._kind, self._span)
        expected = self.next_look - self._values.size
        if ours.size != expected:
            raise DataError(
                f"candidate: got {ours.size} items, expected {expected}, which lead to the next "
                f"planned look at {self.next_look} items",
                hint="Looks are taken where the lock says, on the longest complete prefix.",
            )
        self._values = np.concatenate([self._values, ours - theirs])
        sample, row, fraction = self._prefix()
        self._track.add(self._family(row, sample), fraction)
        return self.status

    @property
    def estimate(self) -> Estimate:
        """The estimate by now: repeated confidence limits and the anytime p-value.

        Once decided, ``value`` is median-unbiased under the stage-wise ordering; a warning names
        the plain estimate too.

        Raises:
            NotEnoughData: no look was taken, or the method declined at all looks so far.
        """
        return track_estimate(self._track, self._row, self._declined)

    def _prefix(self) -> tuple[Sample, Method, float]:
        n = self._values.size
        codes = None if self._codes is None else self._codes[:n]
        values, fraction, row = self._values, self._fractions[self.look], self._row
        if self._table is not None and n < self.looks[-1]:
            adjusted = adjust(values, self._table, codes)
            values, row = adjusted.values, self._interim_row
            fraction = self._rising(adjusted.fraction)
        sample = Sample(
            values=values,
            codes=codes,
            bounds=None if self._width is None else (-self._width, self._width),
            pseudo=None if self._width is None else self._width / 2,
        )
        return sample, row, fraction

    def _rising(self, fraction: float) -> float:
        """Return an estimated fraction, kept above the last one and clear of the end."""
        last = self.fractions[-1] if self.fractions else 0.0
        left = len(self.looks) - self.look - 1
        return min(max(fraction, last + _LEAST_STEP), 1 - left * _LEAST_STEP)

    def _family(self, row: Method, sample: Sample) -> Family | None:
        try:
            return table.build(row, sample)
        except NotEnoughData as error:
            self._declined.append(f"look {self.look + 1} of {len(self.looks)}: {error}")
            return None

    def _locked_fractions(self, fractions: Sequence[float] | None) -> Floats:
        if fractions is None:
            if self._codes is None:
                return check_fractions(np.array(self.looks) / self.looks[-1])
            return cluster_fractions(self._codes, self.looks)
        if self._table is not None:
            raise DataError(
                "fractions: got them together with covariate, expected one of the two",
                hint="With covariates the information is estimated at each look.",
            )
        found = check_fractions(fractions)
        if found.size != len(self.looks) or found[-1] != 1:
            raise DataError(
                f"fractions: got {found.size} up to {found[-1]:g}, expected one for each of "
                f"{len(self.looks)} looks, the last 1"
            )
        return found


def cluster_fractions(cluster: ArrayLike, looks: Sequence[int]) -> Floats:
    """Return information fractions for looks at whole clusters in the locked order.

    Under the null the sum of the differences so far gains an independent part with each cluster,
    so that it is a Brownian motion on the scale of its own variance: t_l = Σ v_g up to l / Σ v_g
    over all. For clusters that move as one, v_g = n_g², the worst that they can do, which is used
    here: a large cluster then weighs most. (The ratio of effective sizes N_l² / Σ n_g² is the
    precision of the mean, but its increments are not independent unless sizes are equal.) For
    equal sizes this is the share of the items.

    Args:
        cluster: shape (planned items,): a label for each item.
        looks: items in all at each look.

    Raises:
        DataError: looks that do not increase or split a cluster.
    """
    ends = _check_looks(looks)
    codes = np.unique(np.asarray(cluster), return_inverse=True)[1].astype(np.int64)
    if codes.size != ends[-1]:
        raise DataError(
            f"cluster: got {codes.size} labels, expected {ends[-1]}, one for each planned item"
        )
    _check_whole(codes, ends)
    sizes = np.bincount(codes)
    # Each item carries its cluster's size: over a whole cluster they sum to its square.
    weights = np.cumsum(sizes[codes].astype(np.float64))
    return check_fractions(weights[np.array(ends) - 1] / weights[-1])


def _check_looks(looks: Sequence[int]) -> tuple[int, ...]:
    ends = tuple(int(end) for end in looks)
    if not ends or list(ends) != list(looks) or min(np.diff(ends, prepend=0)) < 1:
        raise DataError(
            f"looks: got {list(looks)}, expected whole numbers of items that increase, from 1 on"
        )
    return ends


def _check_whole(codes: Codes, looks: Sequence[int]) -> None:
    for end in looks[:-1]:
        if np.intersect1d(codes[:end], codes[end:]).size:
            raise DataError(
                f"looks: got one after {end} items, inside a cluster, expected whole clusters",
                hint="Keep the items of a cluster together in the locked order and look after one.",
            )
