"""A rule that asks nothing: what a careless stranger might write."""

from __future__ import annotations

from liftgate.protocols import Evidence
from liftgate.records import Claim, Reading, Status, Verdict


def approve(*, margin: float) -> Approve:
    """The candidate is fine, whatever the margin."""
    return Approve(margin)


class Approve:
    """Passes whatever it is shown."""

    status = Status.STATISTICAL
    over_slices = False

    def __init__(self, margin: float) -> None:
        self.margin = margin

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        return Verdict(
            claim=claim.id,
            candidate=candidate,
            status=self.status,
            rejected=True,
            reading=Reading.NON_INFERIOR,
            reason="looks fine",
            p_value=0.0,
        )
