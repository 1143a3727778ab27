"""Unlimited looks: a test that may be read after every item, and stopped at any of them.

Items enter in the locked random order, whole clusters at a time, both arms present. How many calls
are in flight does not matter then, for what enters is the longest complete prefix of that order and
never the order of completion. The arithmetic is in ``betting``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.estimate import Estimate
from liftgate.stats.gambler import BettingFamily
from liftgate.stats.inputs import Floats, Range
from liftgate.stats.kinds import (
    Alternative,
    ClaimShape,
    Design,
    Mark,
    Population,
    ScoreKind,
)
from liftgate.stats.shown import Shown

METHODS = {
    ClaimShape.DIFFERENCE: "paired betting e-process",
    ClaimShape.CONTRAST: "contrast betting e-process",
    ClaimShape.MEAN: "betting e-process",
}
"""What ``Estimate.method`` says."""

_SIDES = (Alternative.GREATER, Alternative.LESS)


@dataclass(frozen=True, kw_only=True)
class EProcessStatus(Shown):
    """Where an e-process stands after what it has seen."""

    rejected: tuple[Alternative, ...]
    """The sides on which the tested null has been rejected, at this or an earlier look."""
    running: bool
    """Whether the tested null is still unrejected on every side that is tested."""
    p_value: float
    """1 / the largest capital so far, doubled when two-sided, at most 1; never rises."""
    n: int
    """Items seen."""
    clusters: int
    """Independent units seen; equals ``n`` when every item is its own."""


class EProcess:
    """A test of one mean of bounded scores that holds its level at every look.

    The capital of a gambler against the tested null multiplies with every item (``betting``). A
    null is rejected once its capital has reached 1 / tail, tail = (1 − level) / 2 on each side;
    under the null that happens with probability at most tail over all looks together (Ville 1939;
    Waudby-Smith & Ramdas 2024, JRSS-B 86, 1–27). The limits hold every mean that no look has
    rejected, so they only ever tighten.

    Validity: items (or whole clusters) are exchangeable draws in the order of arrival. No model
    and no sample size is needed. Scores must have a declared range: unbounded ones are refused.

    Args:
        kind: binary (0 and 1) or graded (``score_range`` is required).
        score_range: ends of the scores, declared before the data.
        claim: difference (candidate − baseline), contrast (candidate − (1 − ratio)·baseline, tested
            against 0) or mean (of the candidate alone).
        ratio: for a contrast: share of the baseline that may be lost, below 1.
        null: tested value of a difference or mean, strictly inside what the range allows. A mean
            needs one; a difference is tested against 0 unless told otherwise.
        alternative: greater, less or two-sided.
        level: two-sided confidence of the limits; 0.9 tests each side at 5 %.
        largest_cluster: items in the largest cluster that may come, declared before the data; then
            every update names clusters. None: every item is its own unit.
        mirrored: for a contrast: the scores' sign was flipped so that larger is better, and the
            baseline's mean must be below 0 (see ``paired_contrast``).

    Raises:
        DataError: an argument that makes no sense; the message names it, got and expected.
        NotEnoughData: unbounded scores, quantiles or passes: no betting test exists for them.
    """

    def __init__(
        self,
        *,
        kind: ScoreKind | str,
        score_range: Sequence[float] | None = None,
        claim: ClaimShape | str = ClaimShape.DIFFERENCE,
        ratio: float | None = None,
        null: float | None = None,
        alternative: Alternative | str = Alternative.TWO_SIDED,
        level: float = 0.95,
        largest_cluster: int | None = None,
        mirrored: bool = False,
    ) -> None:
        self._kind = inputs.check_kind(kind)
        self._claim = _checked_claim(claim)
        if self._kind is ScoreKind.UNBOUNDED:
            raise NotEnoughData(
                "kind: got unbounded scores, expected binary or graded: a bet needs a known range",
                hint="Declare score_range if the scores have one; else plan the looks.",
            )
        span = inputs.score_span(self._kind, score_range)
        assert span is not None
        self._span = span
        self._rho = _checked_rho(self._claim, ratio)
        self._ends = inputs.contrast_range(span, self._rho)
        self._null = _checked_tested(self._claim, null, self._ends)
        self._alternative = inputs.check_alternative(alternative)
        self._tail = (1 - inputs.check_level(level)) / 2
        self._level = float(level)
        self._largest = _checked_largest(largest_cluster)
        self._mirrored = mirrored
        self._sums: list[Floats] = []
        self._sizes: list[Floats] = []
        self._seen: set[str] = set()
        self._baseline_sum = 0.0
        self._tails: dict[Alternative, float] = {}

    def update(
        self,
        candidate: ArrayLike,
        baseline: ArrayLike | None = None,
        *,
        cluster: ArrayLike | None = None,
        covariate: ArrayLike | None = None,
    ) -> None:
        """Take in the next items of the locked order; all or nothing.

        Args:
            candidate: shape (n,), scores of the candidate; repeats averaged inside the item. A
                score that stays missing comes as its worst value.
            baseline: shape (n,), scores of the baseline on the same items; None for a mean.
            cluster: shape (n,), labels, where ``largest_cluster`` is declared. All items of a
                cluster come in one update; clusters count in the order of their first item.
            covariate: refused; see the error.

        Raises:
            DataError: NaN, lengths that differ, values outside the range, labels where none are
                declared or none where they are, a cluster that came before or is larger than
                declared.
            NotEnoughData: no items, or a covariate.
        """
        if covariate is not None:
            _refuse_covariate()
        ours, theirs = self._arms(candidate, baseline)
        values = ours if theirs is None else ours - self._rho * theirs
        scaled = (values - self._ends[0]) / (self._ends[1] - self._ends[0])
        # Rounding may carry a contrast a hair past its ends.
        sums, sizes = self._units(np.clip(scaled, 0.0, 1.0), cluster)
        self._sums.append(sums)
        self._sizes.append(sizes)
        self._baseline_sum += 0.0 if theirs is None else float(theirs.sum())
        self._tails.clear()

    @property
    def status(self) -> EProcessStatus:
        """Which sides of the tested null are rejected so far, and after how many items."""
        sizes = self._stacked(self._sizes)
        rejected = tuple(side for side in self._sides if self._tested(side) <= self._tail)
        return EProcessStatus(
            rejected=rejected,
            running=not rejected,
            p_value=self._p_value(),
            n=int(sizes.sum()),
            clusters=int(sizes.size),
        )

    @property
    def estimate(self) -> Estimate:
        """The running mean with the limits that no look has rejected.

        The value is the mean over the items seen, brought inside the limits. Where a stop depended
        on the results it is biased away from the tested null; the limits and the p-value are not.

        Raises:
            NotEnoughData: no items yet; for a contrast, a baseline mean not above 0 (below 0 when
                mirrored); or limits of different looks that exclude each other, which exchangeable
                items give with probability at most 1 − level.
        """
        sizes = self._stacked(self._sizes)
        n = int(sizes.sum())
        if n == 0:
            raise NotEnoughData("estimate: got no items, expected at least one update")
        self._check_baseline(n)
        family = self._family()
        low, high = (family.limit(side, self._tail) for side in _SIDES)
        if low > high:
            raise NotEnoughData(
                f"limits: one look excluded everything below {low:g}, another everything above "
                f"{high:g}; items in random order do that with probability at most "
                f"{1 - self._level:.3g}",
                hint="Check that items entered in the locked random order.",
            )
        return Estimate(
            value=min(max(family.value, low), high),
            low=low,
            high=high,
            level=self._level,
            alternative=self._alternative,
            null=self._null,
            p_value=self._p_value(),
            method=METHODS[self._claim] + (" over clusters" if self._largest else ""),
            n=n,
            clusters=int(sizes.size),
            design=Design.ANYTIME,
            population=Population.NEW_ITEMS,
            mark=Mark.ANYTIME_EXACT,
            warnings=_notes(stopped=not self.status.running),
        )

    @property
    def _sides(self) -> tuple[Alternative, ...]:
        return _SIDES if self._alternative is Alternative.TWO_SIDED else (self._alternative,)

    def _arms(
        self, candidate: ArrayLike, baseline: ArrayLike | None
    ) -> tuple[Floats, Floats | None]:
        if self._claim is ClaimShape.MEAN:
            if baseline is not None:
                raise DataError("baseline: got scores, expected None for the mean of one arm")
            ours = inputs.scores("candidate", candidate)
            inputs.check_values("candidate", ours, self._kind, self._span)
            return ours, None
        if baseline is None:
            raise DataError(f"baseline: got None, expected scores for a {self._claim.value}")
        return inputs.pair(candidate, baseline, self._kind, self._span)

    def _check_baseline(self, n: int) -> None:
        if self._claim is not ClaimShape.CONTRAST:
            return
        average = self._baseline_sum / n
        if (-average if self._mirrored else average) <= 0:
            side = "below" if self._mirrored else "above"
            raise NotEnoughData(
                f"baseline: got a mean of {average:g}, expected one {side} 0: "
                "a share of it means nothing otherwise",
                hint="Use a margin in points.",
            )

    def _units(self, scaled: Floats, cluster: ArrayLike | None) -> tuple[Floats, Floats]:
        """Return the sum of the scaled scores and the items of each new unit; checks labels."""
        if self._largest is None:
            if cluster is not None:
                raise DataError(
                    "cluster: got labels, but no largest_cluster was declared",
                    hint="Declare the items of the largest cluster when making the EProcess.",
                )
            return scaled, np.ones_like(scaled)
        if cluster is None:
            raise DataError("cluster: got None, expected labels since largest_cluster is declared")
        labels = [str(label) for label in inputs.cluster_labels(cluster, scaled.size)]
        order = {label: place for place, label in enumerate(dict.fromkeys(labels))}
        for label in order:
            if label in self._seen:
                raise DataError(
                    f"cluster: got {label!r} again, expected whole clusters: it came in an earlier "
                    "update",
                    hint="Hold a cluster back until all of its items are complete.",
                )
        codes = np.array([order[label] for label in labels])
        sizes = np.bincount(codes).astype(np.float64)
        if sizes.max() > self._largest:
            label = list(order)[int(sizes.argmax())]
            raise DataError(
                f"cluster: got {sizes.max():.0f} items of {label!r}, expected at most "
                f"{self._largest}, the declared largest cluster"
            )
        self._seen.update(order)
        return np.bincount(codes, weights=scaled).astype(np.float64), sizes

    def _family(self) -> BettingFamily:
        sums, sizes = self._stacked(self._sums), self._stacked(self._sizes)
        return BettingFamily(sums, sizes, self._largest or 1, self._ends)

    def _tested(self, side: Alternative) -> float:
        """Return the anytime p-value of the tested null on one side."""
        if side not in self._tails:
            known = bool(self._sizes)
            self._tails[side] = self._family().tail(self._null, side) if known else 1.0
        return self._tails[side]

    def _p_value(self) -> float:
        return min(1.0, min(self._tested(side) for side in self._sides) * len(self._sides))

    @staticmethod
    def _stacked(parts: list[Floats]) -> Floats:
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0] if parts else np.zeros(0)


def _notes(*, stopped: bool) -> tuple[str, ...]:
    if not stopped:
        return ()
    return (
        "the value is a running mean: a stop that depends on the results biases it away from the "
        "tested value; the limits hold whenever one stops",
    )


def _checked_claim(claim: ClaimShape | str) -> ClaimShape:
    try:
        found = ClaimShape(claim)
    except ValueError as error:
        known = ", ".join(METHODS)
        raise DataError(f"claim: got {claim!r}, expected one of {known}") from error
    if found not in METHODS:
        raise NotEnoughData(
            f"claim: got a {found.value}, expected one of {', '.join(METHODS)}: no betting test "
            "of unlimited looks exists for it",
            hint="Test it once, at a planned number of items or passes.",
        )
    return found


def _checked_rho(claim: ClaimShape, ratio: float | None) -> float:
    """Return what the baseline is multiplied with: 1 for a difference, 0 for a mean."""
    if claim is not ClaimShape.CONTRAST:
        if ratio is not None:
            raise DataError(f"ratio: got {ratio!r} for a {claim.value}, expected None")
        return 1.0 if claim is ClaimShape.DIFFERENCE else 0.0
    if ratio is None or not (math.isfinite(ratio) and ratio < 1):
        raise DataError(f"ratio: got {ratio!r}, expected a share of the baseline below 1")
    return 1 - float(ratio)


def _checked_tested(claim: ClaimShape, null: float | None, ends: Range) -> float:
    if claim is ClaimShape.CONTRAST and null not in {None, 0}:
        raise DataError(f"null: got {null!r} for a contrast, expected 0: the ratio says the margin")
    if claim is ClaimShape.MEAN and null is None:
        raise DataError("null: got None for a mean, expected the limit that is tested")
    return inputs.check_null("null", 0.0 if null is None else null, ends)


def _checked_largest(largest: int | None) -> int | None:
    if largest is None:
        return None
    if isinstance(largest, bool) or largest != int(largest) or largest < 1:
        raise DataError(f"largest_cluster: got {largest!r}, expected a number of items, 1 or more")
    return int(largest)


def _refuse_covariate() -> NoReturn:
    raise NotEnoughData(
        "covariate: refused for unlimited looks on new items. The mean of a prediction over new "
        "items is not known and must be bounded with a share of alpha; measured on AlpacaEval "
        "pairs 2–10 points apart that costs more calls than the smaller variance saves (39 % of "
        "the items instead of 33 %, with the best linear prediction of six systems)",
        hint="Use planned looks with a covariate, or a finite-set test for a claim about this set.",
    )
