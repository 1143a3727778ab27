"""The arithmetic of betting: what a gambler's capital says against a bounded mean.

Scores are scaled to 0 … 1 first. Against the null "mean ≤ m" a gambler stakes a fixed fraction c of
what may be staked without ever owing anything; unit t multiplies the capital by

    1 + c·(s_t / m − z_t)

where z_t = 1 and s_t is the score, or, for whole clusters of at most M items, z_t = items / M and
s_t = sum of the cluster's scores / M. Under the null no factor has a mean above 1, so the capital
is a non-negative supermartingale and by Ville's inequality (Ville 1939) reaches 1/alpha with
probability at most alpha, at whatever moment one looks. The capital here is a mixture over a fixed
grid of fractions with fixed weights, so it is an e-process too (Waudby-Smith & Ramdas 2024, JRSS-B
86, 1–27; Ramdas, Grünwald, Vovk & Shafer 2023, Statistical Science 38, 576–601).

No fraction depends on m. Hence every factor, every capital and its running maximum decrease in m:
a limit is found by bisection, and verdict, p-value and limits invert one test.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from liftgate.errors import DataError
from liftgate.stats.inputs import Codes, Floats

FRACTIONS: Floats = np.geomspace(0.01, 0.95, 16)
"""Stakes; neighbours differ by about a third, so that some stake is near the best one."""
WEIGHTS: Floats = np.sqrt(FRACTIONS) / np.sqrt(FRACTIONS).sum()
"""How the first capital of 1 is spread over the stakes; sums to 1 (docs/adr/0012)."""

_BLOCK_NATS = 250.0
"""How far, in nats, a product may move before it is taken into logarithms: far from overflow."""
_LONGEST_BLOCK = 64
_CHUNK_CELLS = 400_000
"""Products held at once; about 3 MB, which stays in a processor's cache."""
_SECTIONS = 4
_ROUNDS = 15
"""4 sections, 15 times: limits to 1e-9 of the range with the fewest passes over the items."""


def log_capital(
    shares: ArrayLike,
    null: ArrayLike,
    *,
    sizes: ArrayLike | None = None,
    looks: ArrayLike | None = None,
) -> Floats:
    """Return the natural logarithm of the capital against "mean ≤ null" at some looks.

    Against "mean ≥ null" pass ``sizes − shares`` (1 − shares for items) and ``1 − null``. In a
    fixed-length table of runs a unit with share 0 and size 0 changes nothing.

    Args:
        shares: shape (runs, n): scores scaled to 0 … 1 in the locked order; for clusters the sum
            of a cluster's scaled scores over the declared largest cluster, at most its size.
        null: tested mean, above 0 and at most 1: a number, or shape (runs,).
        sizes: shape (n,) or (runs, n): items of each cluster over the declared largest cluster,
            0 … 1; None: single items.
        looks: shape (looks,): after how many units to look, from 1, rising; None: after every one.

    Returns:
        Shape (runs, looks).

    Raises:
        DataError: shapes that do not fit, shares outside 0 … size, or a null outside (0, 1].
    """
    return log_mixture(_gains(shares, null, sizes), looks=looks)


def log_peak(
    shares: ArrayLike,
    null: ArrayLike,
    *,
    sizes: ArrayLike | None = None,
    looks: ArrayLike | None = None,
) -> Floats:
    """Return the logarithm of the largest capital so far, at some looks; at least 0.

    The maximum runs over every unit up to a look, not over the looks only, and begins with the
    first capital of 1. ``exp(−peak)`` is an anytime p-value. Arguments, shape and errors are those
    of ``log_capital``.
    """
    return log_mixture(_gains(shares, null, sizes), looks=looks, peak=True)


def log_mixture(
    gains: Floats,
    *,
    stakes: Floats = FRACTIONS,
    weights: Floats = WEIGHTS,
    looks: ArrayLike | None = None,
    peak: bool = False,
) -> Floats:
    """Return log Σ_k w_k Π_t (1 + c_kt·gain_t) at some looks.

    Args:
        gains: shape (runs, n): what a stake of 1 would win at each unit, at least −1.
        stakes: shape (stakes,) or (stakes, n): fractions strictly within 0 … 1.
        weights: shape (stakes,): above 0, with sum 1.
        looks: as in ``log_capital``.
        peak: return the running maximum, which begins at 0.

    Returns:
        Shape (runs, looks).

    Raises:
        DataError: looks that are not rising counts of units.
    """
    runs, n = gains.shape
    wanted = _checked_looks(looks, n)
    out = np.empty((runs, wanted.size))
    if not gains.size:
        return out
    by_unit = np.broadcast_to(stakes if stakes.ndim == 2 else stakes[:, None], (len(weights), n))
    length = _block_length(float(gains.max()), float(stakes.max()))
    rows = max(1, _CHUNK_CELLS // (len(weights) * min(length, n)))
    for first in range(0, runs, rows):
        path = _path(gains[first : first + rows], by_unit, weights, length)
        if peak:
            path = np.maximum(np.maximum.accumulate(path, axis=1), 0.0)
        out[first : first + rows] = path[:, wanted]
    return out


def _path(gains: Floats, stakes: Floats, weights: Floats, length: int) -> Floats:
    """Return log capital after every unit, shape (rows, n); products in blocks, sums of blocks."""
    path = np.empty_like(gains)
    logs = np.tile(np.log(weights), (gains.shape[0], 1))
    for start in range(0, gains.shape[1], length):
        block = gains[:, None, start : start + length]
        products = np.cumprod(1 + stakes[:, start : start + length] * block, axis=2)
        top = logs.max(axis=1, keepdims=True)
        mixed = np.matmul(np.exp(logs - top)[:, None, :], products)[:, 0, :]
        path[:, start : start + length] = top + np.log(mixed)
        logs += np.log(products[:, :, -1])
    return path


def _block_length(largest_gain: float, largest_stake: float) -> int:
    up = math.log1p(largest_stake * max(largest_gain, 0.0))
    down = -math.log1p(-largest_stake)
    return max(1, min(_LONGEST_BLOCK, int(_BLOCK_NATS / max(up, down))))


def largest_rejected(peak: Callable[[Floats], Floats], threshold: float) -> float:
    """Return the largest mean within 0 … 1 whose null is rejected, to 1e-9; 0 when none is.

    Args:
        peak: log of the largest capital against each of an array of means in (0, 1], shape as
            given; decreasing.
        threshold: log capital at which a null is rejected.
    """
    rejected, kept = 0.0, 1.0
    for _ in range(_ROUNDS):
        inner = np.linspace(rejected, kept, _SECTIONS + 1)[1:-1]
        count = int(np.sum(peak(inner) >= threshold))
        edges = np.concatenate([[rejected], inner, [kept]])
        rejected, kept = float(edges[count]), float(edges[count + 1])
    return rejected


def _gains(shares: ArrayLike, null: ArrayLike, sizes: ArrayLike | None) -> Floats:
    table = np.asarray(shares, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(f"shares: got shape {table.shape}, expected (runs, units)")
    units = np.ones(table.shape[1]) if sizes is None else np.asarray(sizes, dtype=np.float64)
    if units.shape not in {table.shape, table.shape[1:]}:
        raise DataError(
            f"sizes: got shape {units.shape}, expected {table.shape} or {table.shape[1:]}"
        )
    if not np.all((units >= 0) & (units <= 1)):
        raise DataError("sizes: got a value outside 0 … 1, expected items / largest cluster")
    if not np.all((table >= 0) & (table <= units * (1 + 1e-12))):
        raise DataError("shares: got a value outside 0 … 1 (its size, for a cluster) or NaN")
    means = np.asarray(null, dtype=np.float64)
    if means.shape not in {(), table.shape[:1]}:
        raise DataError(f"null: got shape {means.shape}, expected one mean, or one for each run")
    if not np.all((means > 0) & (means <= 1)):
        raise DataError(f"null: got {null!r}, expected means above 0 and at most 1")
    return table / (means if means.ndim == 0 else means[:, None]) - units


def _checked_looks(looks: ArrayLike | None, n: int) -> Codes:
    if looks is None:
        return np.arange(n)
    wanted = np.asarray(looks)
    good = wanted.ndim == 1 and wanted.size > 0 and wanted.dtype.kind in "iu"
    if not (good and wanted[0] >= 1 and wanted[-1] <= n and np.all(np.diff(wanted) > 0)):
        raise DataError(f"looks: got {looks!r}, expected rising counts of units within 1 … {n}")
    return wanted.astype(np.int64) - 1
