"""A rule: the gain is at least worth the trouble."""

from __future__ import annotations

from liftgate.errors import NotEnoughData
from liftgate.protocols import Evidence
from liftgate.records import Alternative, Claim, Reading, Status, Verdict


def worthwhile(*, gain: float) -> Worthwhile:
    """The candidate is better than the baseline by more than ``gain``."""
    return Worthwhile(gain)


class Worthwhile:
    """Rejects "the true gain is at most ``gain``", one-sided."""

    status = Status.STATISTICAL
    over_slices = False

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict."""
        try:
            found = evidence.difference(null=self.gain, alternative=Alternative.GREATER)
            harm = evidence.difference(null=0.0, alternative=Alternative.LESS)
        except NotEnoughData as error:
            return Verdict(
                claim=claim.id,
                candidate=candidate,
                status=self.status,
                rejected=False,
                reading=Reading.INADMISSIBLE,
                reason=str(error),
            )
        won = found.p_value is not None and found.p_value <= evidence.alpha
        return Verdict(
            claim=claim.id,
            candidate=candidate,
            status=self.status,
            rejected=won,
            reading=Reading.SUPERIOR if won else Reading.INCONCLUSIVE,
            reason=f"difference {found.value:+.3f}; more than {self.gain:+.3f} was needed",
            p_value=found.p_value,
            harm_p=harm.p_value,
            estimate=found,
        )
