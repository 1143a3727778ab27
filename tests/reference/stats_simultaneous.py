"""Makes stats_simultaneous.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install statsmodels==0.15.0
peers/bin/python tests/reference/stats_simultaneous.py tests/reference/stats_simultaneous.json

Each limit by statsmodels' proportion_confint (method beta) at Bonferroni's level, and again without
any distribution function: the binomial tail summed in exact rational arithmetic, the limit found by
halving.
"""

import json
import sys
from fractions import Fraction
from importlib.metadata import version
from math import comb
from pathlib import Path

from statsmodels.stats.proportion import proportion_confint

CASES = [(0, 50, 63), (1, 50, 63), (7, 50, 63), (25, 50, 9), (50, 50, 9), (3, 12, 4), (40, 400, 20)]
LEVEL = 0.95


def tail(n, ones, share):
    """The probability of at least so many ones."""
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(ones, n + 1))


def lower(n, ones, alpha):
    if ones == 0:
        return 0.0
    low, high = Fraction(0), Fraction(ones, n)
    for _ in range(40):
        middle = (low + high) / 2
        middle = Fraction(round(middle * 2**50), 2**50)
        low, high = (middle, high) if tail(n, ones, middle) < alpha else (low, middle)
    return float(low)


def case(ones, n, comparisons):
    alpha = (1 - LEVEL) / comparisons
    peer = proportion_confint(ones, n, alpha=alpha, method="beta")
    exact = [
        lower(n, ones, Fraction(alpha) / 2),
        1 - lower(n, n - ones, Fraction(alpha) / 2),
    ]
    return {
        "ones": ones,
        "n": n,
        "comparisons": comparisons,
        "level": LEVEL,
        "statsmodels": [float(end) for end in peer],
        "summed": exact if n <= 50 else None,
    }


values = {
    "generator": "stats_simultaneous.py",
    "statsmodels": version("statsmodels"),
    "cases": [case(*one) for one in CASES],
}
Path(sys.argv[1]).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
