"""Makes stats_agreement.json; never run by the tests, which read the committed values.

python -m venv peers
peers/bin/pip install krippendorff==0.9.0 scikit-learn==1.9.1 statsmodels==0.15.0
peers/bin/pip install --no-deps irrCAC==0.4.4
peers/bin/python tests/reference/stats_agreement.py tests/reference/stats_agreement.json
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from sklearn.metrics import cohen_kappa_score

LEVELS = ("nominal", "ordinal", "interval")


def tables():
    rng = np.random.default_rng(7)
    for items, raters, categories, missing in (
        (12, 2, 2, 0.0),
        (40, 3, 3, 0.0),
        (60, 5, 4, 0.3),
        (200, 4, 7, 0.5),
        (80, 2, 5, 0.1),
    ):
        truth = rng.integers(0, categories, items)
        own = rng.integers(0, categories, (items, raters))
        given = np.where(rng.random((items, raters)) < 0.6, truth[:, None], own).astype(float)
        given[rng.random((items, raters)) < missing] = np.nan
        yield given


def listed(table):
    return [[None if np.isnan(x) else int(x) for x in row] for row in table]


def gwet_digits(frame, which):
    """Categories are named: with pandas 3 the package takes a missing rating for one."""
    found = CAC(frame, categories=sorted(np.unique(frame.stack().dropna())), digits=15)
    return float(getattr(found, which)()["est"]["coefficient_value"])


def case(table):
    frame = pd.DataFrame(table)
    both = ~np.isnan(table[:, :2]).any(axis=1)
    return {
        "ratings": listed(table),
        "alpha": {
            level: float(krippendorff.alpha(table.T, level_of_measurement=level))
            for level in LEVELS
        },
        "fleiss": gwet_digits(frame, "fleiss"),
        "ac1": gwet_digits(frame, "gwet"),
        "cohen": float(cohen_kappa_score(table[both, 0], table[both, 1])),
    }


if __name__ == "__main__":
    packages = ("krippendorff", "irrCAC", "scikit-learn", "numpy", "pandas")
    found = {
        "made_by": "tests/reference/stats_agreement.py",
        "versions": {name: version(name) for name in packages},
        "tables": [case(table) for table in tables()],
    }
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n")
