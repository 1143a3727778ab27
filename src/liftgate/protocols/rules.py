"""What a rule may ask, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from liftgate.records import (
    Alternative,
    Claim,
    Design,
    Estimate,
    Population,
    Scale,
    Status,
    Verdict,
)


class Evidence(Protocol):
    """What a rule may ask about one claim, one candidate (and one slice).

    Missing scores enter every estimate as their worst value for the question asked: against the
    candidate for ``greater``, in its favour for ``less``.
    """

    @property
    def design(self) -> Design:
        """How often the study may look, as locked."""
        ...

    @property
    def population(self) -> Population:
        """What the study speaks about, as locked."""
        ...

    @property
    def alpha(self) -> float:
        """One-sided level of the study."""
        ...

    @property
    def scale(self) -> Scale | None:
        """The metric's scale, by which numbers are told; None: a measure in a unit of its own."""
        ...

    @property
    def clusters(self) -> int:
        """How many independent units there are: clusters of items, or separate passes."""
        ...

    def difference(
        self, *, null: float = 0.0, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """Candidate − baseline, oriented so that larger is better; limits at one-sided alpha.

        Raises:
            NotEnoughData: no admissible estimate; the reason is the verdict's.
        """
        ...

    def relative_difference(
        self, ratio: float, *, alternative: Alternative = Alternative.GREATER
    ) -> Estimate:
        """The contrast candidate − (1 − ratio) × baseline against 0 (a relative margin)."""
        ...

    def passes(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's per-pass quantity against a limit, by the sign test over passes."""
        ...

    def mean(self, *, limit: float, alternative: Alternative = Alternative.LESS) -> Estimate:
        """The candidate's own mean score against a limit, in the score's units."""
        ...

    def measured(self) -> float:
        """The candidate's exact measure. Raises NotEnoughData when it was not taken."""
        ...

    def slices(self) -> Mapping[str, Evidence]:
        """The same evidence restricted to each value of the claim's slice, sorted by name."""
        ...

    def descriptive(self) -> Estimate | None:
        """The 95 % interval of the difference with missing scores left out; never decides."""
        ...


class Rule(Protocol):
    """Turns estimates into the verdict of one claim. Pure: no I/O, no arithmetic of its own."""

    @property
    def status(self) -> Status:
        """How claims under this rule count; a verdict on a measure is ``measured`` regardless."""
        ...

    @property
    def over_slices(self) -> bool:
        """Whether the claim needs ``by_slice``."""
        ...

    def judge(self, claim: Claim, candidate: str, evidence: Evidence) -> Verdict:
        """Return the verdict; what cannot be estimated is inadmissible with the reason."""
        ...
