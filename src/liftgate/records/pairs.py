"""What a method eats: aligned arrays with the report of how they were aligned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from liftgate.records.evaluation import Scale
from liftgate.stats.kinds import Joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Tries:
    """What is asked of several repeats of an item, where it is not their mean."""

    k: int
    joined: Joined
    """``any``: at least one of k succeeds (pass@k); ``all``: all k do (pass^k)."""

    @property
    def text(self) -> str:
        """Return it as people write it: ``pass@3`` or ``pass^3``."""
        return f"pass{'@' if self.joined is Joined.ANY else '^'}{self.k}"


@dataclass(frozen=True)
class Pairing:
    """How two sides were aligned: nothing is dropped in silence."""

    paired: int
    only_baseline: tuple[str, ...] = ()
    only_candidate: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Items of one id whose content differs between the sides."""
    duplicated: tuple[str, ...] = ()
    failed_baseline: int = 0
    failed_candidate: int = 0
    abstained_baseline: int = 0
    abstained_candidate: int = 0
    missing_baseline: int = 0
    missing_candidate: int = 0
    repeats_baseline: int = 1
    repeats_candidate: int = 1


@dataclass(frozen=True, eq=False)
class Bounds:
    """The least and greatest mean over repeats that an item could have, missing repeats filled.

    Each array has shape (n,), in the score's own units, equals the score where nothing is missing,
    and is NaN where the scale has no end on that side.
    """

    candidate_low: NDArray[np.float64]
    candidate_high: NDArray[np.float64]
    baseline_low: NDArray[np.float64]
    baseline_high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Aligned arrays of one metric, one entry an item. NaN marks a missing score, and only here."""

    metric: str
    items: tuple[str, ...]
    candidate: NDArray[np.float64]
    """Shape (n,): mean over repeats, in the score's own units; NaN: missing."""
    baseline: NDArray[np.float64]
    cluster: NDArray[np.int64] | None
    """Shape (n,): cluster number of each item; None: every item is its own."""
    scale: Scale
    slices: Mapping[str, NDArray[np.object_]]
    pairing: Pairing
    weight: NDArray[np.float64] | None = None
    """Shape (n,): weights of the items; None: all alike."""
    bounds: Bounds | None = None
    """What missing scores could still be; None: an item with NaN could be anything on the scale."""
