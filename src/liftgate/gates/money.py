"""What answers cost: per item, per 1,000 items and per success, of each arm and the difference.

Nothing here decides. An item's cost is the mean over its repeats; one of which any call's cost is
unknown is left out and counted, never taken for 0. Cost per success is the ratio of the sums, not
the mean of ratios: what was paid for failures is part of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL
from liftgate.gates.pairs import Floats
from liftgate.records import Arm, Estimate, Observation, Pairs, Scale, ScoreKind, Trial

THOUSAND = 1000
NO_SUCCESS_METRIC = "no metric of the study is right or wrong, so that nothing is a success"
_UNKNOWN = "the cost of no item is known"
_WEIGHTS = "the items carry weights, for which a ratio of sums has no method here"

Body = dict[str, Any]


@dataclass(frozen=True)
class Success:
    """The metric whose best value is a success."""

    metric: str
    scale: Scale

    def share(self, scores: Floats) -> Floats:
        """Return, for each item, the share of its repeats that succeeded; NaN: missing."""
        worst, best = self.scale.worst, self.scale.best
        assert worst is not None
        assert best is not None
        return (scores - worst) / (best - worst)


def success_of(metrics: Sequence[str], scales: Mapping[str, Scale]) -> Success | None:
    """Return the first right-or-wrong metric as what a success is; None where there is none.

    Args:
        metrics: in order of their weight for the study, the primary's first.
        scales: of the study's metrics.
    """
    for metric in metrics:
        scale = scales.get(metric)
        if scale is not None and scale.kind is ScoreKind.BINARY:
            return Success(metric, scale)
    return None


def costs(
    pairs: Mapping[str, Pairs],
    observations: Iterable[Observation],
    arms: Sequence[Arm],
    success: Success | None,
) -> Body | None:
    """Return what each arm's answers cost, and the paired differences, with 95 % intervals.

    Args:
        pairs: candidate's name -> pairs of the success metric, or of any where there is none; they
            name the items.
        observations: counted trials, priced as far as prices are known.
        arms: the baseline first.
        success: what a success is.

    Returns:
        ``success`` (the metric, or None), ``arms`` and ``differences`` (candidate - baseline), each
        of ``per_item``, ``per_1000`` and ``per_success`` being ``value``, ``estimate`` (plain, or
        None with a ``reason``); None where no call's cost is known at all.
    """
    rows = list(observations)
    if all(row.trial.cost is None for row in rows):
        return None
    baseline, *candidates = arms
    sides = {
        arm.name: _side(pairs[arm.name], rows, arm, success, "candidate") for arm in candidates
    }
    first = _side(pairs[candidates[0].name], rows, baseline, success, "baseline")
    return {
        "success": None if success is None else success.metric,
        "arms": {baseline.name: _of(first), **{name: _of(side) for name, side in sides.items()}},
        "differences": {name: _between(side, first) for name, side in sides.items()},
    }


def saved(
    trials: Mapping[str, Sequence[Trial]], planned: int, currency: str | None = None
) -> Body | None:
    """Return what the calls that were not made would have cost, about: at each arm's mean cost.

    Args:
        trials: arm's name -> the calls that were made.
        planned: calls of each arm, were the study run to its end.
        currency: of the price table; None: the systems said the cost themselves.

    Returns:
        ``about``, ``calls`` and ``currency``; None where nothing was saved, or where the cost of
        one arm is not known at all.
    """
    left = {name: planned - len(made) for name, made in trials.items()}
    if not any(count > 0 for count in left.values()):
        return None
    amounts = []
    for name, made in trials.items():
        known = [trial.cost for trial in made if trial.cost is not None]
        if not known:
            return None
        amounts.append(max(left[name], 0) * fsum(known) / len(known))
    calls = sum(max(count, 0) for count in left.values())
    return {"about": fsum(amounts), "calls": calls, "currency": currency}


@dataclass(frozen=True, eq=False)
class _Side:
    """One arm on the items of its pairs; shape (n,) each."""

    cost: Floats
    """NaN: unknown."""
    success: Floats | None
    """NaN: missing."""
    cluster: Any
    weight: Floats | None

    def paid(self, *others: Floats) -> Any:
        known = ~np.isnan(self.cost)
        for other in others:
            known &= ~np.isnan(other)
        return known


def _side(
    pairs: Pairs, rows: Iterable[Observation], arm: Arm, success: Success | None, which: str
) -> _Side:
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.arm == arm.fingerprint:
            found[row.item].append(np.nan if row.trial.cost is None else row.trial.cost)
    cost = np.array([np.mean(found[item]) if item in found else np.nan for item in pairs.items])
    shares = None if success is None else success.share(getattr(pairs, which))
    return _Side(cost.astype(np.float64), shares, pairs.cluster, pairs.weight)


def _of(side: _Side) -> Body:
    known = side.paid()
    dropped = _dropped(known)
    value = float(np.mean(side.cost[known])) if known.any() and side.weight is None else None

    def mean() -> Estimate:
        if not known.any():
            raise NotEnoughData(_UNKNOWN)
        return stats.mean(
            side.cost[known],
            kind=ScoreKind.UNBOUNDED,
            cluster=_at(side.cluster, known),
            weight=_at(side.weight, known),
            level=DESCRIPTIVE_LEVEL,
        )

    return {**_per_item(mean, value, dropped), "per_success": _per_success(side)}


def _between(ours: _Side, theirs: _Side) -> Body:
    both = ours.paid(theirs.cost)
    dropped = _dropped(both)
    plainly = both.any() and ours.weight is None
    value = float(np.mean(ours.cost[both] - theirs.cost[both])) if plainly else None

    def difference() -> Estimate:
        if not both.any():
            raise NotEnoughData("there is no item whose cost is known for both arms")
        return stats.paired_difference(
            ours.cost[both],
            theirs.cost[both],
            kind=ScoreKind.UNBOUNDED,
            cluster=_at(ours.cluster, both),
            weight=_at(ours.weight, both),
            level=DESCRIPTIVE_LEVEL,
        )

    body = _per_item(difference, value, dropped)
    return {**body, "per_success": _success_difference(ours, theirs)}


def _per_item(estimate: Callable[[], Estimate], value: float | None, dropped: list[str]) -> Body:
    one = _number(estimate, dropped, value)
    found = one["estimate"]
    thousand = None if found is None else _times(found, THOUSAND)
    return {
        "per_item": one,
        "per_1000": {
            "value": None if one["value"] is None else one["value"] * THOUSAND,
            "estimate": thousand,
            "reason": one["reason"],
        },
    }


def _per_success(side: _Side) -> Body:
    shares = side.success
    if shares is None:
        return _none(NO_SUCCESS_METRIC)
    known = side.paid(shares)

    def ratio() -> Estimate:
        _check_ratio(side, known, shares)
        return stats.ratio(
            side.cost[known],
            shares[known],
            cluster=_at(side.cluster, known),
            level=DESCRIPTIVE_LEVEL,
        )

    return _number(ratio, _dropped(known), None)


def _success_difference(ours: _Side, theirs: _Side) -> Body:
    mine, other = ours.success, theirs.success
    if mine is None or other is None:
        return _none(NO_SUCCESS_METRIC)
    both = ours.paid(mine, theirs.cost, other)

    def difference() -> Estimate:
        _check_ratio(ours, both, mine)
        _check_ratio(theirs, both, other)
        return stats.ratio_difference(
            ours.cost[both],
            mine[both],
            theirs.cost[both],
            other[both],
            cluster=_at(ours.cluster, both),
            level=DESCRIPTIVE_LEVEL,
        )

    return _number(difference, _dropped(both), None)


def _check_ratio(side: _Side, known: Any, shares: Floats) -> None:
    if side.weight is not None:
        raise NotEnoughData(_WEIGHTS)
    if not known.any():
        raise NotEnoughData(_UNKNOWN)
    if not shares[known].any():
        raise NotEnoughData("there is no success")


def _number(estimate: Callable[[], Estimate], notes: list[str], value: float | None) -> Body:
    """Return a number with its interval, without a p-value: nothing is to be decided by it."""
    try:
        found = estimate()
    except NotEnoughData as error:
        return {"value": value, "estimate": None, "reason": str(error)}
    found = replace(found, p_value=None, warnings=(*found.warnings, *notes))
    return {"value": found.value, "estimate": plain(found), "reason": ""}


def _none(reason: str) -> Body:
    return {"value": None, "estimate": None, "reason": reason}


def _times(estimate: Mapping[str, Any], factor: int) -> Body:
    scaled = {
        name: None if estimate[name] is None else estimate[name] * factor
        for name in ("value", "low", "high", "se", "null")
    }
    return {**estimate, **scaled}


def _dropped(kept: Any) -> list[str]:
    count = int((~kept).sum())
    if not count:
        return []
    return [f"{count:,} of {len(kept):,} items left out: a cost or a score is not known"]


def _at(values: Any, mask: Any) -> Any:
    return None if values is None else values[mask]
