"""What a report shows beside the decision: means, slices, flips, largest moves, bound rows.

Nothing here decides. Everything is returned as plain JSON values in the shape of a decision's body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import digest_lines, plain
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL, PairsEvidence
from liftgate.gates.pairs import Floats, clusters, complete, in_slice, slice_values
from liftgate.gates.ratio_claims import RatioEvidence
from liftgate.gates.ratio_claims import complete as complete_ratio
from liftgate.gates.ratio_rows import RatioPairs
from liftgate.protocols import Evidence
from liftgate.records import (
    Estimate,
    Failure,
    Item,
    Json,
    Observation,
    Outcome,
    Pairs,
    Population,
    ScoreKind,
)

MOST_ROWS = 20
_DESCRIPTIVE_ALPHA = (1 - DESCRIPTIVE_LEVEL) / 2

Body = dict[str, Any]


def arm_means(
    pairs: Mapping[str, Mapping[str, Pairs]], *, baseline: str
) -> dict[str, dict[str, Any]]:
    """Return each arm's mean on each metric with its 95 % interval, missing scores left out.

    Args:
        pairs: candidate's name -> metric -> pairs.
        baseline: the baseline's name.

    Returns:
        Arm's name -> metric -> plain Estimate in the score's own units, or None where no interval
        is admissible.
    """
    means: dict[str, dict[str, Any]] = {}
    for candidate, metrics in pairs.items():
        for metric, one in metrics.items():
            mine = means.setdefault(baseline, {})
            if metric not in mine:
                mine[metric] = _plain(_mean(one, one.baseline))
            means.setdefault(candidate, {})[metric] = _plain(_mean(one, one.candidate))
    return means


def ratio_slices(pairs: RatioPairs, names: Sequence[str]) -> dict[str, list[Body]]:
    """Return the difference of a ratio in every slice, as ``slice_table`` does of a mean."""
    evidence = RatioEvidence(complete_ratio(pairs), alpha=_DESCRIPTIVE_ALPHA)
    return {
        name: [
            _row_of(value, len(part.pairs.items), part.clusters, part)
            for value, part in (
                (value, evidence.within(name, value))
                for value in sorted(set(evidence.pairs.labels(name)))
            )
        ]
        for name in names
    }


def slice_table(pairs: Pairs, names: Sequence[str]) -> dict[str, list[Body]]:
    """Return the difference in every slice: exploratory, corrected for nothing.

    Args:
        pairs: of the primary metric.
        names: the slices to show.

    Returns:
        Slice's name -> rows of ``slice``, ``n`` (items with a score on both sides), ``clusters``
        of these, ``estimate`` (plain, 95 %, missing scores left out) or None with a ``reason``.
    """
    kept = complete(pairs)
    return {
        name: [
            _slice_row(value, in_slice(kept, name, value)) for value in slice_values(pairs, name)
        ]
        for name in names
    }


def moves(
    pairs: Pairs,
    items: Sequence[Item],
    observations: Iterable[Observation],
    *,
    baseline: str,
    candidate: str,
    most: int = MOST_ROWS,
) -> Body:
    """Return how the items moved: flips of a right-or-wrong metric, the largest gains and losses.

    Args:
        pairs: of the metric to show.
        items: the dataset.
        observations: the counted trials of both arms, for the digests of their outputs.
        baseline: the baseline's fingerprint.
        candidate: the candidate's fingerprint.
        most: rows in each direction; equal moves in the order of the items' ids.

    Returns:
        ``metric``, ``flips`` (None unless every item is right or wrong), ``gains`` and ``losses``,
        as in a decision's body. ``delta`` is larger for the better; items with a missing score are
        not among them. Texts are given by digest, those of the first repeat.
    """
    kept = complete(pairs)
    facts = _Facts(
        items={item.id: item for item in items},
        outputs=_outputs(observations, {baseline, candidate}),
        baseline=baseline,
        candidate=candidate,
    )
    deltas = _oriented(kept)
    ranked = sorted(range(len(kept.items)), key=lambda at: (-deltas[at], kept.items[at]))
    gains = [at for at in ranked if deltas[at] > 0][:most]
    ranked.sort(key=lambda at: (deltas[at], kept.items[at]))
    losses = [at for at in ranked if deltas[at] < 0][:most]
    return {
        "metric": pairs.metric,
        "flips": _flips(kept),
        "gains": [_move(kept, at, float(deltas[at]), facts) for at in gains],
        "losses": [_move(kept, at, float(deltas[at]), facts) for at in losses],
    }


def bound_rows(
    observations: Iterable[Observation],
    metrics: Sequence[str],
    *,
    scored: Callable[[Failure, str], float | None] | None = None,
) -> Body:
    """Return the digest and the number of the rows that an analysis rests on.

    One row is ``[item, arm, repeat, metric, value, failure, reason]``: the arm's fingerprint, the
    scorer's value or null, how the system failed or null, why a score is missing or null. Any
    change of a number shown for an item changes the digest; the order of the rows does not.

    Args:
        observations: the counted trials of all arms.
        metrics: the study's metrics.
        scored: what a failure scores on a metric, so that the declared number is bound too; None:
            a failed trial's value is null.
    """
    rows = [
        _bound_row(row, metric, scored) for row in observations for metric in sorted(set(metrics))
    ]
    return {"digest": digest_lines(rows), "count": len(rows)}


@dataclass(frozen=True)
class _Facts:
    items: Mapping[str, Item]
    outputs: Mapping[tuple[str, str], str | None]
    """(item, arm) -> digest of the first repeat's output."""
    baseline: str
    candidate: str


def _mean(pairs: Pairs, values: Floats) -> Estimate | None:
    seen = ~np.isnan(values)
    scale = pairs.scale
    ends = None if scale.low is None or scale.high is None else (scale.low, scale.high)
    if pairs.weight is not None:
        return None
    try:
        return stats.mean(
            values[seen],
            kind=scale.kind,
            score_range=ends,
            cluster=None if pairs.cluster is None else pairs.cluster[seen],
            level=DESCRIPTIVE_LEVEL,
        )
    except NotEnoughData:
        return None


def _plain(estimate: Estimate | None) -> Any:
    return None if estimate is None else plain(estimate)


def _slice_row(value: str, pairs: Pairs) -> Body:
    evidence = PairsEvidence(pairs, alpha=_DESCRIPTIVE_ALPHA, population=Population.NEW_ITEMS)
    return _row_of(value, len(pairs.items), clusters(pairs), evidence)


def _row_of(value: str, n: int, units: int, evidence: Evidence) -> Body:
    estimate, reason = evidence.descriptive(), ""
    if estimate is None:
        reason = _refusal(evidence)
    return {
        "slice": value,
        "n": n,
        "clusters": units,
        "estimate": _plain(estimate),
        "reason": reason,
    }


def _refusal(evidence: Evidence) -> str:
    try:
        evidence.difference()
    except NotEnoughData as error:
        return str(error)
    raise DataError("a slice has an estimate and has none")  # pragma: no cover - same question


def _oriented(pairs: Pairs) -> Floats:
    difference = pairs.candidate - pairs.baseline
    return difference if pairs.scale.higher_is_better else -difference


def _flips(pairs: Pairs) -> dict[str, int] | None:
    if pairs.scale.kind is not ScoreKind.BINARY:
        return None
    before = pairs.baseline == pairs.scale.best
    after = pairs.candidate == pairs.scale.best
    return {
        "both": int((before & after).sum()),
        "gained": int((~before & after).sum()),
        "lost": int((before & ~after).sum()),
        "neither": int((~before & ~after).sum()),
    }


def _outputs(
    observations: Iterable[Observation], arms: set[str]
) -> dict[tuple[str, str], str | None]:
    rows = sorted((o for o in observations if o.arm in arms), key=lambda o: -o.repeat)
    return {(row.item, row.arm): row.trial.output_digest for row in rows}


def _move(pairs: Pairs, at: int, delta: float, facts: _Facts) -> Body:
    name = pairs.items[at]
    item = facts.items[name]
    return {
        "item": name,
        "baseline": float(pairs.baseline[at]),
        "candidate": float(pairs.candidate[at]),
        "delta": delta,
        "slices": dict(sorted(item.slices.items())),
        "input": item.input_digest,
        "target": None if item.target is None else item.target_digest,
        "baseline_output": facts.outputs.get((name, facts.baseline)),
        "candidate_output": facts.outputs.get((name, facts.candidate)),
    }


def _bound_row(
    row: Observation, metric: str, scored: Callable[[Failure, str], float | None] | None
) -> list[Json]:
    failure = row.failure(metric)
    score = row.scores.get(metric)
    value, reason = None, None
    if failure is not None:
        value = None if scored is None else scored(failure, metric)
    elif score is None:
        reason = "not scored"
    elif score.outcome is Outcome.VALUE:
        value = score.value
    else:
        reason = f"{score.outcome.value}: {score.reason}"
    named = None if failure is None else failure.value
    return [row.item, row.arm, row.repeat, metric, value, named, reason]
