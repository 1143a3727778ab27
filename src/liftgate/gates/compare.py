"""What two aligned tables say about one metric: verdicts, flips, and how many items would tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liftgate import plugins, stats
from liftgate.errors import DataError, NotEnoughData
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.pairs import Floats, complete, in_slice, slice_values
from liftgate.protocols import Rule
from liftgate.records import (
    CandidateAnswer,
    Change,
    Claim,
    Comparison,
    Estimate,
    Json,
    Margin,
    MetricComparison,
    Moves,
    Needed,
    Pairs,
    Part,
    Population,
    Reading,
    Requirement,
    Scale,
    ScoreKind,
    SliceComparison,
    Verdict,
    Want,
)
from liftgate.rules.wording import telling

CANDIDATE = "candidate"
POWER = 0.8
LEVEL = 0.95
_EXAMPLES = 5
_MOST_ITEMS = 10_000_000
"""More items than this is no advice."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is asked of one metric."""

    alpha: float
    """One-sided."""
    margin: Margin | None = None
    failure_score: float | None = None
    scale_guessed: bool = True
    require: Want | None = None
    notes: tuple[str, ...] = ()


def judged(pairs: Pairs, ask: Ask) -> MetricComparison:
    """Answer one metric.

    The verdict rests on the items with both scores. Where a score is missing the worst case is
    judged beside it; what is required is judged on the worst case alone.

    Raises:
        DataError: a margin as wide as the scale, which nothing could exceed.
    """
    _check_margin(pairs.metric, ask.margin, pairs.scale)
    kept = replace(complete(pairs), bounds=None)
    shown = PairsEvidence(kept, alpha=ask.alpha)
    deciding = PairsEvidence(pairs, alpha=ask.alpha)
    claim, rule = _claim(pairs.metric, ask.margin)
    verdict = replace(rule.judge(claim, CANDIDATE, shown), descriptive=shown.descriptive())
    incomplete = len(kept.items) < len(pairs.items)
    return MetricComparison(
        metric=pairs.metric,
        scale=pairs.scale,
        scale_guessed=ask.scale_guessed,
        margin=ask.margin,
        failure_score=_failure_score(pairs, ask.failure_score),
        verdict=verdict,
        worst_case=rule.judge(claim, CANDIDATE, deciding) if incomplete else None,
        requirement=_required(pairs.metric, ask, deciding),
        baseline=side_mean(kept, kept.baseline),
        candidate=side_mean(kept, kept.candidate),
        pairing=pairs.pairing,
        moves=moves(kept),
        needed=needed(verdict, ask.margin, pairs.scale, ask.alpha),
        detectable=detectable(verdict, ask.alpha),
        slices=by_slice(kept, ask.alpha),
        notes=ask.notes,
    )


def _claim(metric: str, margin: Margin | None) -> tuple[Claim, Rule]:
    """Return the claim that is asked about: not worse by the margin, or else better."""
    name = "superior" if margin is None else "non_inferior"
    params: dict[str, Json] = {"by": 0.0} if margin is None else {"margin": _as_param(margin)}
    rule: Rule = plugins.load("rules", name)(**params)
    claim = Claim(
        id=metric,
        part=Part.PRIMARY,
        metric=metric,
        rule=name,
        params=params,
        population=Population.NEW_ITEMS,
    )
    return claim, rule


def _check_margin(metric: str, margin: Margin | None, scale: Scale) -> None:
    if margin is None or margin.relative or scale.low is None or scale.high is None:
        return
    width = scale.high - scale.low
    if margin.value >= width:
        raise DataError(
            f"{metric}: got a margin of {margin.text}, expected less than {width:g}, the width of "
            f"its range {scale.low:g} to {scale.high:g}",
            hint="a margin is in the units of the score: 2 points of a score from 0 to 1 are 0.02",
        )


def _as_param(margin: Margin) -> Json:
    return margin.text if margin.relative else margin.value


def _required(metric: str, ask: Ask, evidence: PairsEvidence) -> Verdict | None:
    if ask.require is None:
        return None
    claim, rule = _claim(metric, ask.margin if ask.require is Want.NOT_WORSE else None)
    return rule.judge(claim, CANDIDATE, evidence)


def _failure_score(pairs: Pairs, declared: float | None) -> float | None:
    failed = pairs.pairing.failed_baseline + pairs.pairing.failed_candidate
    if not failed:
        return None
    return pairs.scale.worst if declared is None else declared


def requirement(
    metrics: Sequence[MetricComparison], want: Want, alpha: float
) -> tuple[Requirement, int]:
    """Join the metrics: met when every one is shown, harm corrected over the metrics (Holm).

    Returns:
        The requirement's answer and the exit code: 0 met, 1 harm shown, 4 otherwise.
    """
    verdicts = [m.requirement for m in metrics if m.requirement is not None]
    met = bool(verdicts) and all(verdict.rejected for verdict in verdicts)
    tested = {v.claim: v.harm_p for v in verdicts if v.harm_p is not None}
    adjusted = stats.holm(list(tested.values()))
    harmed = tuple(claim for claim, p in zip(tested, adjusted, strict=True) if p <= alpha)
    code = 0 if met else 1 if harmed else 4
    return Requirement(want=want, met=met, harmed=harmed), code


def across(
    comparisons: Sequence[Comparison], alpha: float
) -> tuple[tuple[CandidateAnswer, ...], int]:
    """Correct what was required of several candidates for their number.

    A candidate's p-value is the largest of its metrics, because all must be shown
    (intersection-union, Berger 1982); over the candidates Holm's correction keeps the chance that
    any of them passes wrongly at alpha, so the best of those that passed may be taken.

    Returns:
        An answer for each candidate and the exit code: 0 when any is met, 1 when harm is shown for
        all, 4 otherwise.
    """
    found = [max((_p_of(m.requirement) for m in c.metrics), default=1.0) for c in comparisons]
    answers = tuple(
        CandidateAnswer(
            candidate=comparison.candidate.name,
            p_value=p,
            adjusted=adjusted,
            met=comparison.requirement is not None
            and comparison.requirement.met
            and adjusted <= alpha,
            harmed=() if comparison.requirement is None else comparison.requirement.harmed,
        )
        for comparison, p, adjusted in zip(comparisons, found, stats.holm(found), strict=True)
    )
    if any(answer.met for answer in answers):
        return answers, 0
    return answers, 1 if all(answer.harmed for answer in answers) else 4


def _p_of(verdict: Verdict | None) -> float:
    return 1.0 if verdict is None or verdict.p_value is None else verdict.p_value


def moves(pairs: Pairs) -> Moves:
    """Count in which direction the items moved, and name the largest moves; no score is missing."""
    sign = 1.0 if pairs.scale.higher_is_better else -1.0
    gain = sign * (pairs.candidate - pairs.baseline)
    binary = pairs.scale.kind is ScoreKind.BINARY
    same = gain == 0
    right = pairs.candidate == pairs.scale.best
    return Moves(
        gained=int((gain > 0).sum()),
        lost=int((gain < 0).sum()),
        same=int(same.sum()),
        both_right=int((same & right).sum()) if binary else None,
        both_wrong=int((same & ~right).sum()) if binary else None,
        gains=_changes(pairs, -gain),
        losses=_changes(pairs, gain),
    )


def _changes(pairs: Pairs, loss: Floats) -> tuple[Change, ...]:
    """Name the items with the most negative values; equal ones in the order of their ids."""
    order = np.argsort(loss, kind="stable")[:_EXAMPLES]
    return tuple(
        Change(
            item=pairs.items[at],
            baseline=float(pairs.baseline[at]),
            candidate=float(pairs.candidate[at]),
        )
        for at in order.tolist()
        if loss[at] < 0
    )


def side_mean(pairs: Pairs, values: Floats) -> Estimate | None:
    """Return one side's mean with its 95 % interval, or None when the method declines."""
    try:
        return stats.mean(
            values,
            kind=pairs.scale.kind,
            score_range=_ends(pairs.scale),
            cluster=pairs.cluster,
            weight=pairs.weight,
            level=LEVEL,
        )
    except NotEnoughData:
        return None


def _ends(scale: Scale) -> tuple[float, float] | None:
    return None if scale.low is None or scale.high is None else (scale.low, scale.high)


def by_slice(pairs: Pairs, alpha: float) -> tuple[SliceComparison, ...]:
    """Return the 95 % interval in each value of each slice; exploratory."""
    return tuple(
        _one_slice(in_slice(pairs, name, value), name, value, alpha)
        for name in pairs.slices
        for value in slice_values(pairs, name)
    )


def _one_slice(pairs: Pairs, name: str, value: str, alpha: float) -> SliceComparison:
    evidence = PairsEvidence(pairs, alpha=alpha)
    estimate, reason = evidence.descriptive(), ""
    if estimate is None:
        reason = "too few" + _refusal(evidence)
    return SliceComparison(
        slice=name, value=value, items=len(pairs.items), estimate=estimate, reason=reason
    )


def _refusal(evidence: PairsEvidence) -> str:
    try:
        evidence.difference()
    except NotEnoughData as error:
        return f": {error}"
    return ""


def detectable(verdict: Verdict, alpha: float) -> float | None:
    """Return the difference that as many items would tell with 80 % power, or None."""
    if verdict.estimate is None or verdict.estimate.se is None:
        return None
    return stats.detectable(verdict.estimate, alpha=alpha, power=POWER)


def needed(
    verdict: Verdict, margin: Margin | None, scale: Scale, alpha: float
) -> tuple[Needed, ...]:
    """Say how many items in all would tell, when these cannot.

    What the true difference is, these items only suggest; the question says what is assumed.
    """
    limits = verdict.estimate
    if limits is None or verdict.reading is not Reading.INCONCLUSIVE:
        return ()
    if margin is None:
        if limits.value == 0:
            return ()
        way = "better" if limits.value > 0 else "worse"
        question = f"that it is {way}, if the true difference is the one seen here"
        return (_needed(limits, question, limits.value, 0.0, alpha),)
    told = telling(scale)
    size = f"{margin.text} of the baseline" if margin.relative else told.named(margin.value)
    question = f"that it is not worse by {size} or more, if there is no true difference"
    equal = 0.0 if verdict.planned is None else verdict.planned
    return (_needed(limits, question, equal, limits.null, alpha),)


def _needed(estimate: Estimate, question: str, effect: float, null: float, alpha: float) -> Needed:
    units = stats.units_needed(estimate, effect=effect, null=null, alpha=alpha, power=POWER)
    items = None if units is None else round(units * estimate.n / estimate.clusters)
    return Needed(
        question=question,
        effect=effect,
        null=null,
        items=None if items is None or items > _MOST_ITEMS else items,
    )
