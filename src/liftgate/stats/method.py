"""One row of the method table; the rows of a family of methods stand beside its tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from liftgate.stats.inversion import Family
from liftgate.stats.kinds import ClaimShape, Design, Mark, ScoreKind, UnitDesign

ONCE_OR_PLANNED = (Design.FIXED, Design.PLANNED_LOOKS)
EITHER = (False, True)


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
    guarantee: tuple[bool, ...] = (False,)
    """Whether it serves callers who ask for a proven level, those who do not, or both."""
    designs: tuple[Design, ...] = ONCE_OR_PLANNED
    """How often the data may be looked at; planned looks use a row of one look at each of them."""


def refusal(
    units: UnitDesign,
    claim: ClaimShape,
    why: str,
    *,
    kinds: tuple[ScoreKind, ...] = tuple(ScoreKind),
    guarantee: tuple[bool, ...] = EITHER,
    designs: tuple[Design, ...] = ONCE_OR_PLANNED,
) -> Method:
    """Return the row that says why a claim has no method over these units."""
    return Method(
        name="no method",
        kinds=kinds,
        units=units,
        claim=claim,
        test=None,
        what="none",
        refuses=f"always: {why}",
        mark=Mark.EXACT,
        guarantee=guarantee,
        designs=designs,
        reference="",
    )
