"""Makes stats_betting.json; never run by the tests, which read the committed values.

Every capital is written out item by item, without liftgate: for new items in 60-digit decimals, for
a fixed set in plain loops. The ridge prediction comes from least squares with the penalties as
further rows (Hoerl & Kennard 1970, Technometrics 12), solved by numpy's lstsq.

python -m venv peers && peers/bin/pip install numpy==2.4.6
peers/bin/python tests/reference/stats_betting.py tests/reference/stats_betting.json
"""

import json
import math
import random
import sys
from decimal import Decimal, getcontext
from importlib.metadata import version
from pathlib import Path

import numpy as np

getcontext().prec = 60
STAKES = [Decimal("0.01") * (Decimal("95") ** (Decimal(k) / 15)) for k in range(16)]
ROOTS = [c.sqrt() for c in STAKES]
WEIGHTS = [root / sum(ROOTS) for root in ROOTS]


def largest(values, null, low, high, sizes, cap):
    """The largest mixed capital against "mean <= null", and the last one."""
    capitals, best, last = list(WEIGHTS), Decimal(1), Decimal(1)
    for total, n in zip(values, sizes, strict=True):
        share = (Decimal(total) - n * low) / (null - low)
        capitals = [
            kept * (1 - c * n / cap + c * share / cap)
            for kept, c in zip(capitals, STAKES, strict=True)
        ]
        last = sum(capitals)
        best = max(best, last)
    return best, last


def limit(values, low, high, sizes, cap, threshold):
    """The lower limit, by bisection of the exact test."""
    rejected, kept = Decimal(low), Decimal(high)
    for _ in range(80):
        middle = (rejected + kept) / 2
        if largest(values, middle, low, high, sizes, cap)[0] >= threshold:
            rejected = middle
        else:
            kept = middle
    return float(rejected)


def new_items():
    draw = random.Random(7)
    cases = []
    for n, up, down, cap in [(40, 30, 5, 1), (150, 20, 10, 1), (90, 40, 20, 4), (200, 3, 1, 1)]:
        candidate, baseline, cluster = [], [], []
        label = 0
        while len(candidate) < n:
            moved = draw.randint(0, 99)
            for _ in range(draw.randint(1, cap)):
                same = draw.randint(0, 1)
                candidate.append(1 if moved < up else 0 if moved > 99 - down else same)
                baseline.append(0 if moved < up else 1 if moved > 99 - down else same)
                cluster.append(label)
            label += 1
        values, sizes = [0] * (max(cluster) + 1), [0] * (max(cluster) + 1)
        for place, label in enumerate(cluster):
            values[label] += candidate[place] - baseline[place]
            sizes[label] += 1
        tests = []
        for null in ("0", "-0.03"):
            best, last = largest(values, Decimal(null), -1, 1, sizes, cap)
            tests.append({"null": float(null), "p": float(1 / best), "log_last": float(last.ln())})
        cases.append(
            {
                "candidate": candidate,
                "baseline": baseline,
                "cluster": cluster if cap > 1 else None,
                "largest_cluster": cap if cap > 1 else None,
                "tests": tests,
                "low": limit(values, -1, 1, sizes, cap, 40),
                "high": -limit([-v for v in values], -1, 1, sizes, cap, 40),
            }
        )
    return cases


# --- a fixed set ---------------------------------------------------------------------------------


def prior(systems):
    """Mean over the systems, stretched by the first one's slope on the others; and features."""
    k = systems.shape[1]
    means = np.array([sum(row) / k for row in systems])
    others = [sum(row[1:]) / (k - 1) for row in systems]
    slope = min(1.5, max(0.1, np.polyfit(others, systems[:, 0], 1)[0]))
    spread = slope * (means - means.mean())
    double = systems - systems.mean(axis=0) - means[:, None] + means.mean()
    values, vectors = np.linalg.eigh(double @ double.T)
    best = np.argsort(values)[::-1][: min(4, k - 1)]
    factors = vectors[:, best] * np.sqrt(values[best]) / math.sqrt(k - 1)
    weights = 1 / np.maximum(means * (1 - means), 0.02)
    return means.mean() + spread, np.column_stack([spread, factors]), weights / weights.mean()


def ridge(start, features, weights, seen):
    """Prediction for all items from the first len(seen)."""
    n, k = len(seen), features.shape[1]
    if n == 0:
        return np.clip(start, 0, 1)
    roots = np.sqrt(weights[:n])
    rows = np.column_stack([np.ones(n), features[:n]]) * roots[:, None]
    penalties = np.column_stack([np.zeros(k), np.eye(k)])
    found = np.linalg.lstsq(
        np.vstack([rows, penalties]),
        np.concatenate([(seen - start[:n]) * roots, np.zeros(k)]),
        rcond=None,
    )[0]
    return np.clip(start + found[0] + features @ found[1:], 0, 1)


def set_peak(candidate, baseline, systems, used, difference, sign):
    """The largest capital against "difference <= value" (sign 1) or ">=" (sign -1)."""
    n = len(baseline)
    start, features, weights = prior(systems)
    reach = np.geomspace(min(2 / math.sqrt(n), 0.5), 1, 5)
    capitals, best = list(SHARES), 1.0
    total = sum(baseline) + n * difference
    squares, variance = 0.0, max(float(np.var(baseline)), 0.01)
    guess = ridge(start, features, weights, [])
    for t in range(used):
        if t and t % 25 == 0:
            guess = ridge(start, features, weights, np.array(candidate[:t]))
            variance = (20 * max(float(np.var(baseline)), 0.01) + squares) / (20 + t)
        left, rest = n - t, guess[t:]
        past = sum(candidate[:t])
        x = candidate[t] - guess[t] + sum(rest) / left
        low, high = sum(rest) / left - max(rest), sum(rest) / left + max(1 - rest)
        least = 0.05 * (high - low)
        nominal = min(high, max(low, (sum(baseline) - past) / left))
        fair = (total - past) / left
        room = nominal - low if sign > 0 else high - nominal
        won, most = (x - low, fair - low) if sign > 0 else (high - x, high - fair)
        for k, s in enumerate(reach):
            stake = min(0.95, s * n / left / math.sqrt(variance) * max(room, least))
            capitals[k] *= 1 - stake + stake * won / most
        best = max(best, sum(capitals))
        after = total - sum(candidate[: t + 1])
        if after < -1e-9 or after > left - 1 + 1e-9:
            return math.inf if (after < 0) == (sign > 0) else best
        squares += (candidate[t] - guess[t]) ** 2
    return best


def fixed_sets():
    draw = np.random.default_rng(11)
    cases = []
    for n, systems, used in [(60, 3, 45), (90, 6, 60)]:
        ease = draw.beta(1, 1, n)
        table = np.round(np.clip(ease[:, None] + draw.normal(0, 0.3, (n, systems + 1)), 0, 1), 3)
        candidate = np.round(np.clip(ease + 0.1 + draw.normal(0, 0.3, n), 0, 1), 3)
        data = (candidate, table[:, 0], table, used)
        cases.append(
            {
                "candidate": candidate.tolist(),
                "baseline": table[:, 0].tolist(),
                "history": table[:, 1:].tolist(),
                "used": used,
                "log_peaks": [
                    {"difference": d, "sign": s, "value": math.log(set_peak(*data, d, s))}
                    for d in (0.0, -0.1, 0.15)
                    for s in (1, -1)
                ],
            }
        )
    return cases


SHARES = [4 ** (k / 4) for k in range(5)]
SHARES = [share / sum(SHARES) for share in SHARES]

if __name__ == "__main__":
    made = {
        "made_by": {"script": Path(__file__).name, "numpy": version("numpy")},
        "new_items": new_items(),
        "fixed_sets": fixed_sets(),
    }
    Path(sys.argv[1]).write_text(json.dumps(made) + "\n")
