"""One row of the method table; the rows of a family of methods stand beside its tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    test: Callable[[Any], Family] | None
    """Builds the family of tests, from a ``Sample`` or what the claim needs instead; None: no
    method, the row is a refusal."""
    what: str
    """The method in one line."""
    refuses: str
    """When it declines to give a number."""
    mark: Mark
    reference: str
    domain: str = ""
    """Where its error was measured, and what was found."""


def refusal(units: UnitDesign, claim: ClaimShape, why: str) -> Method:
    """Return the row that says why a claim has no method over these units."""
    return Method(
        name="no method",
        kinds=tuple(ScoreKind),
        units=units,
        claim=claim,
        test=None,
        what="none",
        refuses=f"always: {why}",
        mark=Mark.EXACT,
        reference="",
    )
