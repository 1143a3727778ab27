"""All tables of n pairs, weighed in many worlds at once: figures without Monte-Carlo error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from liftgate.stats.inputs import Floats

_CELLS = 4_000_000
_TINY = 1e-300


def tables(n: int) -> tuple[Floats, Floats]:
    """Return gained and lost pairs of every table of n pairs, each of shape (tables,)."""
    gained, lost = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0), indexing="ij")
    inside = gained + lost <= n
    return gained[inside], lost[inside]


def chances(n: int, picked: NDArray[np.bool_], gained_share: Floats, lost_share: Floats) -> Floats:
    """Return the probability of a set of tables in each world, shape (worlds,).

    Args:
        n: pairs.
        picked: shape (tables,), which of ``tables(n)``.
        gained_share: shape (worlds,): chance of a gained pair.
        lost_share: shape (worlds,): chance of a lost pair.
    """
    from scipy.special import gammaln

    gained, lost = (each[picked] for each in tables(n))
    if not gained.size:
        return np.zeros(gained_share.size)
    same = n - gained - lost
    ways = gammaln(n + 1) - gammaln(gained + 1) - gammaln(lost + 1) - gammaln(same + 1)
    counts = np.column_stack([gained, lost, same])
    rest = 1 - gained_share - lost_share
    logs = np.log(np.maximum(np.stack([gained_share, lost_share, rest]), _TINY))
    found = np.empty(gained_share.size)
    width = max(1, _CELLS // gained.size)
    for start in range(0, found.size, width):
        part = slice(start, start + width)
        found[part] = np.exp(ways[:, None] + counts @ logs[:, part]).sum(axis=0)
    return found


def each_chance(
    n: int, picked: NDArray[np.bool_], gained_share: Floats, lost_share: Floats
) -> Floats:
    """Return the probability of one set of tables for each world, shape (worlds,).

    Args:
        n: pairs.
        picked: shape (worlds, tables).
        gained_share: shape (worlds,).
        lost_share: shape (worlds,).
    """
    return np.array(
        [
            chances(n, chosen, gained_share[world : world + 1], lost_share[world : world + 1])[0]
            for world, chosen in enumerate(picked)
        ]
    )
