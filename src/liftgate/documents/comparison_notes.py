"""What a reader of a comparison must know beside its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from liftgate.importers.table.roles import lower_is_likely
from liftgate.protocols import ForeignTable
from liftgate.records import Pairs

LOWER = "lower is better (a + says that the candidate is lower)"
"""Beside the differences of a metric, which are turned so that larger is better."""


def notes(
    baseline: ForeignTable,
    candidate: ForeignTable,
    metrics: Sequence[str],
    lower: Sequence[str],
) -> tuple[str, ...]:
    """Return what was not compared, not checked or only presumed, one sentence each.

    Args:
        baseline: one side.
        candidate: the other.
        metrics: those that are compared.
        lower: those of them of which lower is better.
    """
    found = [
        _uncorrected(metrics),
        _alone("baseline", baseline, candidate),
        _alone("candidate", candidate, baseline),
        _direction(metrics, lower),
        _inputs(baseline, candidate),
    ]
    return tuple(note for note in found if note)


def log_notes(
    baseline: ForeignTable, candidate: ForeignTable, reworded: Sequence[str], paired: int
) -> tuple[str, ...]:
    """Return what two logs say about themselves that a reader must know.

    Args:
        baseline: one side.
        candidate: the other.
        reworded: paired items that were put to the systems in other words.
        paired: how many items were paired.
    """
    found = [*baseline.notes, *(note for note in candidate.notes if note not in baseline.notes)]
    if reworded:
        named = ", ".join(map(repr, reworded[:3]))
        more = ", …" if len(reworded) > 3 else ""
        found.append(
            f"The prompt differs in {len(reworded)} of {paired} paired items ({named}{more}); "
            "the items are the same. What is compared is a model together with its prompt."
        )
    differing = [
        f"{name} ({before} → {candidate.facts[name]})"
        for name, before in baseline.facts.items()
        if candidate.facts.get(name, before) != before
    ]
    if differing:
        found.append(f"The logs differ in: {', '.join(differing)}.")
    return tuple(found)


def check_words(checks: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return how the aggregates that a log states compare with what its rows give.

    Args:
        checks: plain ``Check`` bodies.
    """
    if not checks:
        return ()
    equal = [check for check in checks if check["equal"]]
    kinds = ", ".join(dict.fromkeys(check["quantity"] for check in equal))
    lines = [
        f"the log's own figures: {len(equal)} of {len(checks)} recomputed from its rows and equal "
        f"to 1e-9{f' ({kinds})' if kinds else ''}"
    ]
    lines += [f"  {_difference(check)}" for check in checks if not check["equal"]]
    return tuple(lines)


def _difference(check: Mapping[str, Any]) -> str:
    stated = "none" if check["stated"] is None else f"{check['stated']:.6g}"
    here = "" if check["recomputed"] is None else f", from its rows {check['recomputed']:.6g}"
    return f"{check['metric']}, {check['quantity']}: stated {stated}{here}: {check['why']}"


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


def _direction(metrics: Sequence[str], lower: Sequence[str]) -> str:
    doubtful = [m for m in metrics if lower_is_likely(m) and m not in lower]
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
