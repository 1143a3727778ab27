"""Several tries of one task: at least one of k succeeds (pass@k), or all k do (pass^k).

From c successes in n ≥ k tries of a task, unbiased for that task whatever its chance p of success:

    pass@k: 1 − C(n−c, k) / C(n, k)    for 1 − (1 − p)^k   (Chen et al. 2021, arXiv 2107.03374)
    pass^k: C(c, k) / C(n, k)          for p^k             (Yao et al. 2024, arXiv 2406.12045)

The plug-ins 1 − (1 − c/n)^k and (c/n)^k are biased. The set's number is the mean over tasks, so a
task is the unit: its tries never make the sample larger. Tasks may differ in n.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError, NotEnoughData
from liftgate.stats import inputs
from liftgate.stats.estimate import Estimate
from liftgate.stats.inputs import Floats
from liftgate.stats.kinds import Alternative, Joined, ScoreKind
from liftgate.stats.paired import paired_difference
from liftgate.stats.single import mean

_RANGE = (0.0, 1.0)


def of_tries(
    successes: ArrayLike, tries: ArrayLike, k: int, *, joined: Joined | str = Joined.ANY
) -> Floats:
    """Return each task's unbiased estimate; shape (tasks,), between 0 and 1.

    Args:
        successes: shape (tasks,), how many of a task's tries succeeded.
        tries: shape (tasks,), or one number for all.
        k: how many tries the question is about.
        joined: ``any`` of k succeeds (pass@k) or ``all`` k do (pass^k).

    Raises:
        NotEnoughData: no tasks, or a task with fewer than k tries.
        DataError: counts that are no whole numbers, more successes than tries, k below 1, or an
            unknown ``joined``.
    """
    k = _whole(k)
    if joined not in set(Joined):
        raise DataError(f"joined: got {joined!r}, expected one of: {', '.join(Joined)}")
    done = _counts("successes", successes)
    made = _counts("tries", tries, size=done.size)
    if (done > made).any():
        place = int(np.flatnonzero(done > made)[0])
        raise DataError(
            f"successes: got {done[place]:g} of {made[place]:g} tries at position {place}, "
            "expected at most as many as tries"
        )
    if (made < k).any():
        place = int(np.flatnonzero(made < k)[0])
        raise NotEnoughData(
            f"tries: got {made[place]:g} at position {place}, expected at least k = {k} of each "
            "task",
            hint="Try each task as often, or ask about a smaller k.",
        )
    if joined == Joined.ALL:
        return _chance_all(done, made, k)
    return 1.0 - _chance_all(made - done, made, k)


def pass_rate(
    successes: ArrayLike,
    tries: ArrayLike,
    k: int,
    *,
    joined: Joined | str = Joined.ANY,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float | None = None,
) -> Estimate:
    """Estimate one arm's pass@k or pass^k, the mean over tasks, with an interval over tasks.

    Args:
        successes: as in ``of_tries``.
        tries: as in ``of_tries``.
        k: as in ``of_tries``.
        joined: as in ``of_tries``.
        cluster: shape (tasks,), a label for each task; tasks of one label are not independent.
        level: two-sided confidence of (low, high); 0.9 gives the one-sided 5 % limits.
        alternative: of the p-value; both limits are always given.
        null: the limit, strictly inside 0 … 1; None: an interval without a test.

    Raises:
        NotEnoughData: as ``of_tries``, or as ``mean`` of graded scores.
        DataError: as ``of_tries``, or an option that makes no sense.
    """
    return mean(
        of_tries(successes, tries, k, joined=joined),
        kind=ScoreKind.GRADED,
        score_range=_RANGE,
        cluster=cluster,
        level=level,
        alternative=alternative,
        null=null,
    )


def pass_rate_difference(
    candidate_successes: ArrayLike,
    candidate_tries: ArrayLike,
    baseline_successes: ArrayLike,
    baseline_tries: ArrayLike,
    k: int,
    *,
    joined: Joined | str = Joined.ANY,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    alternative: Alternative | str = Alternative.TWO_SIDED,
    null: float = 0.0,
) -> Estimate:
    """Estimate candidate − baseline of pass@k or pass^k, paired task by task.

    Args:
        candidate_successes: as in ``of_tries``.
        candidate_tries: as in ``of_tries``; the arms need not have tried equally often.
        baseline_successes: of the same tasks, in the same order.
        baseline_tries: as ``candidate_tries``.
        k: as in ``of_tries``.
        joined: as in ``of_tries``.
        cluster: as in ``pass_rate``.
        level: as in ``pass_rate``.
        alternative: as in ``pass_rate``.
        null: tested difference in (−1, 1).

    Raises:
        NotEnoughData: as ``of_tries`` for either arm, or as ``paired_difference``.
        DataError: as ``of_tries``, or arms of different lengths.
    """
    return paired_difference(
        of_tries(candidate_successes, candidate_tries, k, joined=joined),
        of_tries(baseline_successes, baseline_tries, k, joined=joined),
        kind=ScoreKind.GRADED,
        score_range=_RANGE,
        cluster=cluster,
        level=level,
        alternative=alternative,
        null=null,
    )


def _chance_all(good: Floats, tries: Floats, k: int) -> Floats:
    """Return C(good, k) / C(tries, k): the chance that k drawn without replacement are all good."""
    found = np.ones_like(good)
    for drawn in range(k):
        found *= np.maximum(good - drawn, 0.0) / (tries - drawn)
    return found


def _whole(k: object) -> int:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise DataError(f"k: got {k!r}, expected a whole number of at least 1")
    return int(k)


def _counts(name: str, given: ArrayLike, size: int | None = None) -> Floats:
    array = np.asarray(given)
    if size is not None and array.ndim == 0:
        array = np.full(size, array)
    counts = inputs.scores(name, array)
    if size is not None and counts.size != size:
        raise DataError(f"{name}: got {counts.size} values for {size} tasks, expected one for each")
    wrong = (counts < 0) | (counts != np.floor(counts))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{name}: got {counts[place]:g} at position {place}, expected a whole number from 0 on"
        )
    return counts
