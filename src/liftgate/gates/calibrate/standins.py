"""A rule that stands in for a claim that cannot be tried: counted as passed, in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from liftgate.protocols import Evidence, Rule
from liftgate.records import Claim, Reading, Status, Verdict


@dataclass(frozen=True)
class _CountedAsPassed:
    """Rejects whatever it is shown, and shows no harm; the claim keeps its place in families."""

    status: ClassVar[Status] = Status.STATISTICAL
    over_slices: ClassVar[bool] = False

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:  # noqa: ARG002
        """Return the verdict."""
        measured = claim.is_measure
        return Verdict(
            claim=claim.id,
            candidate=candidate,
            status=Status.MEASURED if measured else self.status,
            rejected=True,
            reading=Reading.MET if measured else Reading.WITHIN_LIMIT,
            reason="counted as passed",
            p_value=None if measured else 0.0,
            harm_p=None if measured else 1.0,
        )


COUNTED_AS_PASSED: Rule = _CountedAsPassed()
