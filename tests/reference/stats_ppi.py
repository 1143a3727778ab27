"""Makes stats_ppi.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install ppi-python==0.2.3 scikit-learn==1.9.1
peers/bin/python tests/reference/stats_ppi.py tests/reference/stats_ppi.json

The estimate from first principles: scikit-learn's Ridge in each fold, its penalty by generalised
cross-validation with a written-down hat matrix, everything else item by item. Beside it the
estimate and interval of ppi-python, which fits nothing in folds and takes its labelled items for
none of the unlabelled ones: near for many items, not equal.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from sklearn.linear_model import Ridge

PENALTIES = np.geomspace(0.01, 100.0, 13)
SCALES = (0.0, 0.1, 0.3, 1.0)


def gcv(rows, target, penalty, inflation=1.0):
    n = len(target)
    centred = rows - rows.mean(axis=0)
    inner = np.linalg.inv(centred.T @ centred + penalty * np.eye(rows.shape[1]))
    hat = centred @ inner @ centred.T + 1 / n
    rest = target - hat @ target
    return float(rest @ rest) / (1 - inflation * np.trace(hat) / n) ** 2


def cross_fitted(label, table, groups, weak=0):
    away = np.empty(len(label))
    for fold in range(10):
        out = groups % 10 == fold
        if out.any():
            tried = []
            for scale in SCALES if weak else (1.0,):
                scaled = table.copy()
                scaled[:, table.shape[1] - weak :] *= scale
                for p in PENALTIES * (~out).sum():
                    score = gcv(scaled[~out], label[~out], p, 1.4 if weak else 1.0)
                    tried.append((score, p, scale))
            _, best, scale = min(tried)
            scaled = table.copy()
            scaled[:, table.shape[1] - weak :] *= scale
            fit = Ridge(alpha=best).fit(scaled[~out], label[~out])
            away[out] = scaled[out] @ fit.coef_
    return away


def estimate(label, drawn, judges, chance=None, weak=0):
    n, total = len(label), len(judges)
    here = judges[drawn]
    table = (here - judges.mean(axis=0)) / here.std(axis=0)
    groups = np.arange(n)
    away = cross_fitted(label, table, groups, weak)
    pi = np.full(n, n / total) if chance is None else chance
    weight = 1 / pi
    fitted = np.ones(n) if chance is None else weight**2 * (1 - pi)
    moved = away - np.sum(fitted * away) / fitted.sum()
    lam = np.sum(fitted * (label - np.sum(fitted * label) / fitted.sum()) * moved)
    lam = min(max(lam / np.sum(fitted * moved**2), 0), 1)
    rest = label - lam * away
    value = sum(w * e for w, e in zip(weight, rest, strict=True)) / weight.sum()
    mean = np.sum(weight * label) / weight.sum()
    whole = sum(p * (w * (y - mean)) ** 2 for p, w, y in zip(pi, weight, label, strict=True))
    added = sum((1 - p) * (w * (e - value)) ** 2 for p, w, e in zip(pi, weight, rest, strict=True))
    whole, added = whole / weight.sum() ** 2, added / weight.sum() ** 2 * (n - 1) / (n - 2)
    return {"value": float(value), "slope": float(lam), "variance": float(whole + added)}


def cases():
    rng = np.random.default_rng(11)
    for n, total, judges, weighted in (
        (50, 300, 1, False),
        (120, 800, 3, False),
        (0, 600, 2, True),
    ):
        label = rng.normal(size=total)
        table = np.column_stack([label * a + rng.normal(size=total) for a in (1, 0.5, 0)[:judges]])
        table = np.round(table, 3)
        label = np.round(label, 3)
        chance = None
        drawn = rng.permutation(total)[:n]
        if weighted:
            all_chances = np.clip(0.1 + 0.2 * np.abs(table[:, 0]), 0, 0.9)
            drawn = np.flatnonzero(rng.random(total) < all_chances)
            chance = all_chances[drawn]
        yield {
            "label": label[drawn].tolist(),
            "drawn": drawn.tolist(),
            "judges": table.tolist(),
            "chance": None if chance is None else chance.tolist(),
            **estimate(label[drawn], drawn, table, chance),
        }


def featured():
    """One strong judge and twelve weak columns: of which three tell something, and none."""
    rng = np.random.default_rng(13)
    for telling in (3, 0):
        label = np.round(rng.normal(size=400), 3)
        judge = np.round(label + rng.normal(size=400), 3)
        features = rng.normal(size=(400, 12))
        features[:, :telling] += label[:, None]
        features = np.round(features, 3)
        drawn = rng.permutation(400)[:90]
        both = np.column_stack([judge, features])
        yield {
            "label": label[drawn].tolist(),
            "drawn": drawn.tolist(),
            "judges": judge.tolist(),
            "features": features.tolist(),
            **estimate(label[drawn], drawn, both, weak=12),
        }


def beside():
    """Labels among the items whose answers differ; all other differences are 0, item by item."""
    rng = np.random.default_rng(14)
    for total, share, n in ((600, 0.3, 60), (400, 0.6, 90)):
        differs = rng.random(total) < share
        label = np.where(differs, np.round(0.4 + rng.normal(size=total), 3), 0.0)
        judges = np.where(differs, np.round(label + rng.normal(size=total), 3), 0.0)
        places = np.flatnonzero(differs)
        some = np.sort(rng.permutation(places.size)[:n])
        among = estimate(label[places[some]], some, judges[places][:, None])
        reach, times = places.size / total, places.size / n
        drawn = label[places[some]]
        mean = reach * drawn.mean()
        whole = sum(times * (y - mean) ** 2 for y in drawn) + (total - places.size) * mean**2
        own = sum(times * (y - drawn.mean()) ** 2 for y in drawn) / places.size**2
        added = among["variance"] - own
        yield {
            "label": drawn.tolist(),
            "drawn": places[some].tolist(),
            "judges": judges.tolist(),
            "same": np.flatnonzero(~differs).tolist(),
            "value": reach * among["value"],
            "slope": among["slope"],
            "variance": whole / total**2 + reach**2 * added,
        }


def peer():
    """The tests make the same data from the same seed, and check the sums."""
    rng = np.random.default_rng(12)
    label = rng.normal(size=40_000)
    judge = label + rng.normal(size=40_000)
    y, f, u = label[:1000], judge[:1000], judge[1000:]
    low, high = ppi_mean_ci(y, f, u, alpha=0.05)
    return {
        "value": float(np.squeeze(ppi_mean_pointestimate(y, f, u))),
        "low": float(np.squeeze(low)),
        "high": float(np.squeeze(high)),
        "sums": [float(y.sum()), float(f.sum()), float(u.sum())],
    }


if __name__ == "__main__":
    packages = ("ppi-python", "scikit-learn", "numpy")
    Path(sys.argv[1]).write_text(
        json.dumps(
            {
                "made_by": "tests/reference/stats_ppi.py",
                "versions": {name: version(name) for name in packages},
                "exact": list(cases()),
                "featured": list(featured()),
                "beside": list(beside()),
                "peer": peer(),
            }
        )
        + "\n"
    )
