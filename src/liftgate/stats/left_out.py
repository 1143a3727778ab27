"""Metrics of a whole set, and what each becomes when one independent unit is left out.

Nothing is computed anew for each unit: counts, placements and bin sums are, once, and what a unit
adds to them is taken away again, in O(n log n) for all units together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.inputs import Codes, Floats


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A metric of the whole set and its values without each unit.

    Args:
        value: of the whole set.
        without: shape (units,): the metric when the unit is left out.
        bias: how far the metric may lie above the truth on average, where that is not small
            against its standard error; 0 for a metric that is smooth in its counts.
    """

    value: float
    without: Floats
    bias: float = 0.0


def macro_f1(truth: Codes, predicted: Codes, units: Codes) -> LeftOut:
    """Return the mean over the classes of F1 = 2·tp / (true + predicted).

    Args:
        truth: shape (n,), class of each item, 0 … classes − 1; each class occurs.
        predicted: shape (n,), the same numbers; −1: a class that is never true.
        units: shape (n,), unit of each item, 0 … units − 1.
    """
    classes, size = int(truth.max()) + 1, int(units.max()) + 1
    known = predicted >= 0
    hit = truth == predicted
    keys, place = np.unique(
        np.concatenate([units * classes + truth, (units * classes + predicted)[known]]),
        return_inverse=True,
    )
    weight = np.concatenate([hit.astype(np.float64), np.zeros(int(known.sum()))])
    hits_here = np.bincount(place, weights=weight, minlength=keys.size)
    seen_here = np.bincount(place, minlength=keys.size)
    which = keys % classes
    hits = np.bincount(which, weights=hits_here, minlength=classes)
    seen = np.bincount(which, weights=seen_here, minlength=classes)
    each = 2 * hits / seen
    change = 2 * (hits[which] - hits_here) / (seen[which] - seen_here) - each[which]
    without = each.mean() + np.bincount(keys // classes, weights=change, minlength=size) / classes
    return LeftOut(float(each.mean()), without)


def auroc(positive: NDArray[np.bool_], score: Floats, units: Codes) -> LeftOut:
    """Return the share of (positive, negative) pairs in which the positive scores higher.

    Ties count one half (Mann & Whitney 1947).

    Args:
        positive: shape (n,).
        score: shape (n,).
        units: shape (n,), unit of each item, 0 … units − 1.
    """
    size = int(units.max()) + 1
    everywhere = _placements(positive, score, np.zeros_like(units))
    wins = float(everywhere[positive].sum())
    lost = np.bincount(units, weights=everywhere, minlength=size)
    if size < units.size:
        inside = np.where(positive, _placements(positive, score, units), 0.0)
        # A pair inside the unit was taken away once for each of its two items.
        lost -= np.bincount(units, weights=inside, minlength=size)
    ours = np.bincount(units, weights=positive, minlength=size)
    theirs = np.bincount(units, weights=~positive, minlength=size)
    pairs = (ours.sum() - ours) * (theirs.sum() - theirs)
    return LeftOut(wins / float(ours.sum() * theirs.sum()), (wins - lost) / pairs)


def calibration_error(gap: Floats, bins: Codes, units: Codes) -> LeftOut:
    """Return the expected calibration error, Σ over bins of |Σ gap| / n.

    A bin's |Σ gap| is larger on average than |its mean|, by up to √(2/π) standard errors where the
    bin is calibrated; ``bias`` adds that up over the bins that are not clearly off (|z| < 2).

    Args:
        gap: shape (n,), confidence − correct.
        bins: shape (n,), bin of each item.
        units: shape (n,), unit of each item, 0 … units − 1.
    """
    count, size = int(bins.max()) + 1, int(units.max()) + 1
    keys, place = np.unique(units * count + bins, return_inverse=True)
    here = np.bincount(place, weights=gap, minlength=keys.size)
    which = keys % count
    sums = np.bincount(which, weights=here, minlength=count)
    total = float(np.abs(sums).sum())
    change = np.abs(sums[which] - here) - np.abs(sums[which])
    items = np.bincount(units, minlength=size)
    without = total + np.bincount(keys // count, weights=change, minlength=size)
    squares = np.bincount(which, weights=here**2, minlength=count)
    error = np.sqrt(np.maximum(squares - sums**2 / size, 0.0))
    bias = np.sqrt(2 / np.pi) * float(error[np.abs(sums) < 2 * error].sum())
    return LeftOut(total / gap.size, without / (gap.size - items), bias / gap.size)


def _placements(positive: NDArray[np.bool_], score: Floats, blocks: Codes) -> Floats:
    """Return, for each item, how many items of the other class in its block it ranks right with.

    A positive: the negatives below it; a negative: the positives above it; a tie is one half.
    """
    order = np.lexsort((score, blocks))
    ranked, block = score[order], blocks[order]
    fresh_block = np.append(True, block[1:] != block[:-1])
    group = np.cumsum(fresh_block | np.append(True, ranked[1:] != ranked[:-1])) - 1
    ours = np.bincount(group, weights=positive[order])
    theirs = np.bincount(group, weights=~positive[order])
    starts = group[fresh_block]
    block_of_group = np.cumsum(np.bincount(starts, minlength=ours.size)) - 1
    below = np.cumsum(theirs) - theirs
    below -= below[starts][block_of_group]
    passed = np.cumsum(ours) - ours
    passed -= passed[starts][block_of_group]
    above = np.add.reduceat(ours, starts)[block_of_group] - passed - ours
    found = np.empty_like(score)
    found[order] = np.where(positive[order], (below + theirs / 2)[group], (above + ours / 2)[group])
    return found
