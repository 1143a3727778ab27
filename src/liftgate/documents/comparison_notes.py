"""What a reader of a comparison must know beside its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.importers.table.roles import lower_is_likely
from liftgate.protocols import ForeignTable
from liftgate.records import Pairs, Question


def notes(
    baseline: ForeignTable,
    candidate: ForeignTable,
    metrics: Sequence[str],
    question: Question,
) -> tuple[str, ...]:
    """Return what was not compared, not checked or only presumed, one sentence each."""
    found = [
        _uncorrected(metrics),
        _alone("baseline", baseline, candidate),
        _alone("candidate", candidate, baseline),
        _direction(metrics, question),
        _inputs(baseline, candidate),
    ]
    return tuple(note for note in found if note)


def metric_notes(pairs: Pairs) -> tuple[str, ...]:
    """Return what a reader must know about one metric."""
    pairing = pairs.pairing
    gone = pairing.missing_baseline + pairing.missing_candidate
    if not gone or pairs.scale.worst is not None:
        return ()
    return (
        "No range is known, so a missing score or a failure has no worst value to count as; "
        f"declare one: --range {pairs.metric}=LOW:HIGH",
    )


def _uncorrected(metrics: Sequence[str]) -> str:
    if len(metrics) < 2:
        return ""
    return (
        f"Each of the {len(metrics)} verdicts stands for itself, uncorrected for their number; "
        "--require asks for all of them."
    )


def _alone(name: str, side: ForeignTable, other: ForeignTable) -> str:
    alone = [metric for metric in side.columns.metrics if metric not in other.columns.metrics]
    return f"Only the {name} has {', '.join(map(repr, alone))}: not compared." if alone else ""


def _direction(metrics: Sequence[str], question: Question) -> str:
    doubtful = [m for m in metrics if lower_is_likely(m) and m not in question.lower_is_better]
    if not doubtful:
        return ""
    options = " ".join(f"--lower-is-better {metric}" for metric in doubtful)
    return f"Larger is taken to be better everywhere; if that is wrong: {options}"


def _inputs(baseline: ForeignTable, candidate: ForeignTable) -> str:
    column = baseline.columns.content
    if column is not None and column == candidate.columns.content:
        return ""
    return (
        "The tables share no input column, so an item that changed under its old id would not be "
        "seen."
    )
