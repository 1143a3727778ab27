"""What one row of the method table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from liftgate.stats.inputs import Sample
from liftgate.stats.inversion import Family
from liftgate.stats.kinds import ClaimShape, Mark, ScoreKind, UnitDesign


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row."""

    name: str
    """What ``Estimate.method`` says."""
    kinds: tuple[ScoreKind, ...]
    units: UnitDesign
    claim: ClaimShape
    test: Callable[[Sample], Family] | None
    """Builds the family of tests; None: no method, the row is a refusal."""
    what: str
    """The method in one line."""
    refuses: str
    """When it declines to give a number."""
    mark: Mark
    reference: str
    domain: str = ""
    """Where its error was measured, and what was found."""
    guarantee: tuple[bool, ...] = (False,)
    """Whether it serves callers who ask for a proven level, those who do not, or both."""
