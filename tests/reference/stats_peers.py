"""Makes stats_peers.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install evalstats==0.3.3 statsmodels==0.15.0
peers/bin/python tests/reference/stats_peers.py tests/reference/stats_peers.json
"""

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from evalstats.core.resampling import tango_scc_paired_ci
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

TABLES = [
    (21, 1, 7),
    (161, 6, 16),
    (160, 40, 20),
    (44, 0, 1),
    (30, 0, 0),
    (50, 9, 0),
    (200, 3, 12),
    (1000, 55, 48),
    (12, 5, 5),
    (100, 100, 0),
]


def paired_interval(n, gained, lost, level):
    """The closed form of Yang, Sun & Hardin, as evalstats has it, without a correction."""
    candidate = np.array([1] * gained + [0] * (n - gained))
    baseline = np.array([0] * gained + [1] * lost + [0] * (n - gained - lost))
    return [float(end) for end in tango_scc_paired_ci(candidate, baseline, 1 - level, c=0.0)]


def paired_z(n, gained, lost, null):
    """The score test from first principles: the nuisance by numerical maximum likelihood."""

    def loss(q):
        p = (q + null, q, 1 - 2 * q - null)
        counts = (gained, lost, n - gained - lost)
        return -sum(
            k * math.log(share) if k else 0 for k, share in zip(counts, p, strict=True) if k
        )

    low, high = max(0.0, -null), (1 - null) / 2
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13})
    variance = n * (2 * found.x + null - null**2)
    return (gained - lost - n * null) / math.sqrt(variance)


def one_sided(values, null, h, lowest):
    """ "The mean is at most null": t with written-down pseudo items and half of a worst item.

    Hall's transformation is taken from its integral form, the skewness from scipy's moments.
    """
    n, mean = len(values), float(np.mean(values))
    both = np.append(values, [null - h, null + h])
    # Of these rows scipy's t is ours when the worst item is left out.
    plain = stats.ttest_1samp(both, null)
    assert math.isclose(plain.statistic, t_of(both, null, 0.0, n, mean), rel_tol=1e-12)
    t = t_of(both, null, 0.5 * (lowest - mean) ** 2, n, mean)
    shown = np.concatenate([values - mean, [-h, h], [lowest - mean]])
    cubes = np.sum((values - mean) ** 3) + (lowest - mean) ** 3
    skew = cubes / np.sum(shown**2) ** 1.5
    return float(min(stats.t.sf(hall(t, skew), plain.df), math.exp(-max(t, 0.0))))


def t_of(both, null, worst, n, mean):
    squares = np.sum((both - both.mean()) ** 2) + worst
    return n * (mean - null) / math.sqrt(squares * (n + 2) / (n + 1))


def hall(t, skew):
    """t + a t^2 + a^2 t^3 / 3 + b, as b plus the integral of (1 + a u)^2 from 0 to t."""
    a, b = skew / 3, skew / 6
    return b + quad(lambda u: (1 + a * u) ** 2, 0.0, t)[0]


def pseudo_items(values, null, h, lowest, highest):
    """The three p-values."""
    greater = one_sided(values, null, h, lowest)
    less = one_sided(-values, -null, h, -highest)
    return {"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}


def without_range(candidate, baseline):
    """scipy's paired t, never less cautious than Hall's transformation of it."""
    plain = stats.ttest_rel(candidate, baseline)
    d = candidate - baseline
    skew = float(stats.skew(d)) / math.sqrt(len(d))
    tails = [
        max(
            stats.t.sf(s * plain.statistic, plain.df),
            min(
                stats.t.sf(hall(s * plain.statistic, s * skew), plain.df),
                math.exp(-max(s * plain.statistic, 0.0)),
            ),
        )
        for s in (1, -1)
    ]
    return float(2 * min(tails))


def main(path):
    rng = np.random.default_rng(7)
    graded = np.round(rng.beta(0.4, 0.4, size=(2, 40)), 4)
    cost = np.round(rng.gamma(2.0, 1.0, size=(2, 25)), 4)
    ps = [0.01, 0.04, 0.03, 0.005, 0.6, 0.04]
    out = {
        "generator": {
            "file": "tests/reference/stats_peers.py",
            "python": sys.version.split()[0],
            **{name: version(name) for name in ("evalstats", "statsmodels", "scipy", "numpy")},
        },
        "paired_interval": [
            {"table": t, "level": level, "ends": paired_interval(*t, level)}
            for t in TABLES
            for level in (0.9, 0.95)
        ],
        "paired_z": [
            {"table": t, "null": null, "z": paired_z(*t, null)}
            for t in TABLES
            for null in (-0.2, -0.05, -0.01, 0.03, 0.1)
            if t[1] + t[2] > 0 and t[0] > t[1] + t[2]
        ],
        "mcnemar": [
            {
                "table": t,
                "p": float(mcnemar([[0, t[1]], [t[2], 0]], exact=False, correction=False).pvalue),
            }
            for t in TABLES
            if t[1] + t[2]
        ],
        "wilson": [
            {
                "n": n,
                "ones": x,
                "level": level,
                "ends": [
                    float(e) for e in proportion_confint(x, n, alpha=1 - level, method="wilson")
                ],
            }
            for n, x in ((10, 0), (10, 3), (87, 80), (1000, 1000), (1, 1))
            for level in (0.9, 0.95)
        ],
        "graded": {
            "candidate": graded[0].tolist(),
            "baseline": graded[1].tolist(),
            "difference": [
                {"null": null, "p": pseudo_items(graded[0] - graded[1], null, 0.5, -1, 1)}
                for null in (-0.3, -0.05, 0.0, 0.2)
            ],
            "contrast": [
                {
                    "ratio": r,
                    "p": pseudo_items(graded[0] - (1 - r) * graded[1], 0.0, (2 - r) / 4, r - 1, 1),
                }
                for r in (-0.2, 0.05, 0.3)
            ],
            "mean": [
                {"null": null, "p": pseudo_items(graded[0], null, 0.5, 0, 1)}
                for null in (0.3, 0.5, 0.8)
            ],
        },
        "unbounded": {
            "candidate": cost[0].tolist(),
            "baseline": cost[1].tolist(),
            "p": without_range(*cost),
            "t": float(stats.ttest_rel(*cost).pvalue),
        },
        "sign": [
            {
                "passes": n,
                "within": k,
                "p": float(stats.binomtest(k, n, alternative="greater").pvalue),
            }
            for n, k in ((2, 2), (7, 7), (7, 6), (12, 9))
        ],
        "quantile": [
            {
                "n": n,
                "q": q,
                "null": null,
                "p": float(
                    stats.quantile_test(
                        np.arange(1, n + 1.0), q=null, p=q, alternative="greater"
                    ).pvalue
                ),
                "ends": [
                    float(e)
                    for e in stats.quantile_test(
                        np.arange(1, n + 1.0), q=null, p=q
                    ).confidence_interval(0.95)
                ],
            }
            for n, q, null in (
                (30, 0.5, 10.5),
                (100, 0.9, 80.5),
                (200, 0.95, 185.5),
                (71, 0.95, 60.5),
                (72, 0.95, 60.5),
            )
        ],
        "holm": {"p": ps, "adjusted": multipletests(ps, method="holm")[1].tolist()},
    }
    out = json.loads(json.dumps(out), parse_constant=lambda _: None)
    text = json.dumps(out, separators=(",", ":"), allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
