"""From the matched rows of two foreign tables to one metric's pairs, on a scale that is settled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from liftgate.errors import DataError
from liftgate.gates.foreign import Collected, Floats, Integers, Matched
from liftgate.gates.tries import check_scale, of_items
from liftgate.records import Bounds, Pairing, Pairs, Scale, ScoreKind, Tries


def scale_of(
    matched: Matched,
    metric: str,
    *,
    higher_is_better: bool,
    bounds: tuple[float, float] | None,
    failure_score: float | None,
) -> Scale:
    """Settle what values a metric can take: declared, else guessed over both sides.

    All scores 0 or 1 give binary, all within [0, 1] graded, all else is unbounded.

    Raises:
        DataError: no scores at all, or a score (or the failure score) outside the declared range.
    """
    sides = matched.baseline, matched.candidate
    values = np.concatenate([side.scores[metric][~side.failed_on(metric)] for side in sides])
    values = values[~np.isnan(values)]
    if not values.size:
        raise DataError(
            f"{metric}: no score on either side; expected numbers",
            hint="leave it out: name the other metrics with --metric COLUMN",
        )
    if failure_score is not None:
        values = np.append(values, failure_score)
    low, high = float(values.min()), float(values.max())
    if bounds is not None and (low < bounds[0] or high > bounds[1]):
        raise DataError(
            f"{metric}: scores from {low:g} to {high:g}, expected {bounds[0]:g} to {bounds[1]:g} "
            "as declared",
            hint=f"correct --range {metric}={bounds[0]:g}:{bounds[1]:g}, or the scores",
        )
    if bounds in {None, (0.0, 1.0)} and bool(np.isin(values, (0.0, 1.0)).all()):
        return Scale(ScoreKind.BINARY, 0.0, 1.0, higher_is_better)
    if bounds is None and low >= 0.0 and high <= 1.0:
        bounds = (0.0, 1.0)
    if bounds is None:
        return Scale(ScoreKind.UNBOUNDED, None, None, higher_is_better)
    return Scale(ScoreKind.GRADED, *bounds, higher_is_better)


def pairs_of(
    matched: Matched,
    metric: str,
    *,
    scale: Scale,
    failure_score: float | None,
    tries: Tries | None = None,
) -> Pairs:
    """Align one metric: repeats averaged inside the item, a failed row at its failure score.

    An item with a missing repeat is missing. Without a failure score and without a range, a failed
    row is missing too. With ``tries`` the score is not the mean over the repeats but the item's
    unbiased estimate of what is asked of them.

    Raises:
        NotEnoughData: an item with fewer repeats than ``tries`` asks about.
        DataError: ``tries`` of scores that are not right or wrong.
    """
    if tries is not None:
        check_scale(metric, tries, scale)
    worst = scale.worst if failure_score is None else failure_score
    before = _ItemScores(matched.baseline, metric, matched.at_baseline, worst, scale, tries)
    after = _ItemScores(matched.candidate, metric, matched.at_candidate, worst, scale, tries)
    if scale.kind is ScoreKind.BINARY and max(before.repeats, after.repeats) > 1:
        scale = replace(scale, kind=ScoreKind.GRADED)
    lost_before, lost_after = np.isnan(before.means), np.isnan(after.means)
    return Pairs(
        metric=metric,
        items=matched.items,
        candidate=after.means,
        baseline=before.means,
        cluster=matched.cluster,
        scale=scale,
        slices=matched.slices,
        pairing=Pairing(
            paired=int((~lost_before & ~lost_after).sum()),
            only_baseline=matched.only_baseline,
            only_candidate=matched.only_candidate,
            changed=matched.changed,
            failed_baseline=before.failed,
            failed_candidate=after.failed,
            missing_baseline=int(lost_before.sum()),
            missing_candidate=int(lost_after.sum()),
            repeats_baseline=before.repeats,
            repeats_candidate=after.repeats,
        ),
        bounds=Bounds(
            candidate_low=after.filled(scale.low),
            candidate_high=after.filled(scale.high),
            baseline_low=before.filled(scale.low),
            baseline_high=before.filled(scale.high),
        ),
    )


class _ItemScores:
    """One side's scores of the matched items, averaged over the rows of each item."""

    def __init__(
        self,
        side: Collected,
        metric: str,
        at: Integers,
        worst: float | None,
        scale: Scale,
        tries: Tries | None,
    ) -> None:
        self._side, self._at, self._scale, self._tries = side, at, scale, tries
        fallen = np.nan if worst is None else worst
        fails = side.failed_on(metric)
        self._rows = np.where(fails, fallen, side.scores[metric])
        self.means = self._mean(self._rows)
        failed = np.bincount(side.at, weights=fails, minlength=len(side.repeats))
        self.failed = int(failed[at].sum())
        self.repeats = int(side.repeats[at].max())

    def filled(self, end: float | None) -> Floats:
        """Return the means with every missing row at one end of the scale."""
        return self._mean(
            np.where(np.isnan(self._rows), np.nan if end is None else end, self._rows)
        )

    def _mean(self, rows: Floats) -> Floats:
        side = self._side
        # Sorted by value inside an item, so that a sum does not depend on the order of the rows.
        order = np.lexsort((rows, side.at))
        starts = np.concatenate(([0], np.cumsum(side.repeats)[:-1]))
        sums = np.add.reduceat(rows[order], starts)
        if self._tries is not None:
            return of_items(sums[self._at], side.repeats[self._at], self._tries)
        means = sums / side.repeats
        # Rounding in the mean of equal values must not leave the range.
        low, high = self._scale.low, self._scale.high
        found = means[self._at]
        return found if low is None or high is None else np.clip(found, low, high)
