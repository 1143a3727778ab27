"""What the decisions on all candidates say together: an exit code, and which one to take."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import DataError
from liftgate.records import Decision, DecisionWord


def exit_code(decisions: Sequence[Decision]) -> int:
    """Return 0 if any candidate ships, 1 if all hold, else 4."""
    words = {decision.word for decision in decisions}
    if DecisionWord.SHIP in words:
        return 0
    return 1 if words == {DecisionWord.HOLD} else 4


def recommended(decisions: Sequence[Decision], primary_id: str) -> str | None:
    """Return the shipped candidate with the highest lower limit on the primary, or None.

    Equal limits go to the candidate that the study names first.
    """
    shipped = [d for d in decisions if d.word is DecisionWord.SHIP]
    best = max(shipped, key=lambda d: _lower_limit(d, primary_id), default=None)
    return None if best is None else best.candidate


def _lower_limit(decision: Decision, primary_id: str) -> float:
    primary = next((v for v in decision.verdicts if v.claim == primary_id), None)
    if primary is None:
        known = ", ".join(v.claim for v in decision.verdicts)
        raise DataError(f"{decision.candidate} has no claim {primary_id!r}; its claims: {known}")
    if primary.estimate is None or primary.estimate.low is None:
        return float("-inf")
    return primary.estimate.low
