"""Makes stats_exact.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install numpy==2.4.6 scipy==1.17.1
peers/bin/python tests/reference/stats_exact.py tests/reference/stats_exact.json

By brute force, without a formula in common with the package: the nuisance of the statistic by
numerical root finding, every table listed, its probability by scipy's multinomial, the supremum by
a dense grid and a local search. The confidence set of the discordance by scipy's binomtest.
"""

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import optimize, stats

GRID = 2000
MISSED = 1e-6


def restricted(n, b, c, null):
    """The likeliest discordance under a difference, from the score equation."""
    low, high = abs(null), 1.0
    same = n - b - c

    def slope(x):
        return b / (x + null) + c / (x - null) - same / (1 - x)

    # The slope falls: concave likelihood.
    near = 1e-12 * (high - low)
    if slope(low + near) <= 0:
        return low
    return high if slope(high - near) > 0 else optimize.brentq(slope, low + near, high - near)


def statistic(n, b, c, null):
    distance = b - c - n * null
    variance = n * (restricted(n, b, c, null) - null**2)
    if variance <= 1e-12:
        return 0.0 if abs(distance) < 1e-12 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def one_null(n, gained, lost, null):
    """The p-value of one null, over the confidence set widened by a grid step on either side."""
    tables = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    here = statistic(n, gained, lost, null)
    # 1e-6: near the ends of the discordance the root is known no better.
    extreme = [t for t in tables if statistic(n, *t, null) >= here - 1e-6]
    rows = np.array([(b, c, n - b - c) for b, c in extreme])
    ends = stats.binomtest(gained + lost, n).proportion_ci(1 - MISSED, method="exact")
    low = max(abs(null), ends.low - 1 / GRID)
    high = min(1.0, ends.high + 1 / GRID)
    if low > high:
        return MISSED

    def chance(x):
        p = np.clip(np.column_stack([(x + null) / 2, (x - null) / 2, 1 - x]), 0, 1)
        p /= p.sum(axis=1, keepdims=True)
        return stats.multinomial.pmf(rows[:, None, :], n, p[None, :, :]).sum(axis=0)

    grid = np.linspace(low, high, 2001)
    values = chance(grid)
    k = int(np.argmax(values))
    finer = np.linspace(grid[max(k - 1, 0)], grid[min(k + 1, 2000)], 2001)
    return min(1.0, float(max(values.max(), chance(finer).max())) + MISSED)


def lower_limit(n, gained, lost, alpha):
    """The first kept grid value, looking at every one from below."""
    for i in range(1 - GRID, GRID):
        if one_null(n, gained, lost, i / GRID) > alpha:
            return -1.0 if i == 1 - GRID else (i - 1) / GRID
    return 1.0


def betting(values, null):
    """The mean capital of the plug-in over listed orders, item by item, in plain Python."""
    n = len(values)
    raw = np.random.PCG64(20240131).random_raw(50 * n).reshape(50, n)
    capitals = []
    for keys in raw.tolist():
        total, spread, capital = 0.5, 0.25, 1.0
        for i, place in enumerate(sorted(range(n), key=keys.__getitem__), start=1):
            x = values[place]
            bet = min(math.sqrt(2 * math.log(20) * i / (n * spread)), 0.75 / null)
            capital *= 1 + bet * (x - null)
            total += x
            spread += (x - total / (i + 1)) ** 2
        capitals.append(capital)
    return math.fsum(capitals) / 50


def main(path):
    rng = np.random.default_rng(20261126)
    tables = [(6, 3, 1), (10, 7, 0), (12, 5, 2), (15, 2, 5), (20, 6, 1), (28, 9, 2)]
    nulls = (-0.3, -0.1, -0.05, 0.0, 0.1)
    graded = np.round(rng.beta(2, 3, 24), 3).tolist()
    out = {
        "generator": {
            "file": "tests/reference/stats_exact.py",
            "python": sys.version.split()[0],
            **{name: version(name) for name in ("scipy", "numpy")},
        },
        "paired_exact": [
            {"table": t, "null": null, "p": one_null(*t, null)} for t in tables for null in nulls
        ],
        "paired_exact_low": [
            {"table": t, "alpha": alpha, "low": lower_limit(*t, alpha)}
            for t, alpha in (((6, 4, 0), 0.05), ((7, 3, 1), 0.1))
        ],
        "clopper_pearson": [
            {
                "n": n,
                "ones": x,
                "level": level,
                "ends": list(stats.binomtest(x, n).proportion_ci(level, method="exact")),
                "p": float(stats.binomtest(x, n, 0.3, alternative="greater").pvalue),
            }
            for n, x in ((10, 0), (10, 3), (87, 80), (1000, 1000), (1, 1), (400, 131))
            for level in (0.9, 0.95)
        ],
        "betting": {
            "values": graded,
            "capitals": [
                {"null": null, "capital": betting(graded, null)} for null in (0.05, 0.2, 0.3)
            ],
        },
    }
    text = json.dumps(out, separators=(",", ":"), allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
