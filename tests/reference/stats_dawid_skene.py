"""Makes stats_dawid_skene.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install numpy pandas scikit-learn attrs
peers/bin/pip install --no-deps crowd-kit==1.4.2
peers/bin/python tests/reference/stats_dawid_skene.py tests/reference/stats_dawid_skene.json

Only crowd-kit's aggregation by classification is loaded: its package imports transformers.
"""

import json
import sys
import types
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import pandas as pd

HOME = Path(str(distribution("crowd-kit").locate_file("crowdkit")))
for name in ("crowdkit", "crowdkit.aggregation"):
    module = types.ModuleType(name)
    module.__path__ = [str(HOME.joinpath(*name.split(".")[1:]))]
    sys.modules[name] = module

from crowdkit.aggregation.classification.dawid_skene import DawidSkene  # noqa: E402

ITEMS, RATERS, CATEGORIES, EACH, ROUNDS = 60, 7, 3, 4, 25


def main():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, CATEGORIES, ITEMS)
    skill = rng.uniform(0.3, 0.95, RATERS)
    item = np.repeat(np.arange(ITEMS), EACH)
    rater = np.concatenate([rng.choice(RATERS, EACH, replace=False) for _ in range(ITEMS)])
    guess = rng.integers(0, CATEGORIES, item.size)
    rating = np.where(rng.random(item.size) < skill[rater], truth[item], guess)
    frame = pd.DataFrame({"task": item, "worker": rater, "label": rating})
    fitted = DawidSkene(n_iter=ROUNDS, tol=-1e9).fit(frame)
    chances = fitted.probas_.sort_index()[list(range(CATEGORIES))]
    return {
        "made_by": "tests/reference/stats_dawid_skene.py",
        "versions": {name: version(name) for name in ("crowd-kit", "pandas", "numpy")},
        "rounds": ROUNDS,
        "item": item.tolist(),
        "rater": rater.tolist(),
        "rating": rating.tolist(),
        "chances": chances.to_numpy().tolist(),
        "loss": len(fitted.loss_history_),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(main()) + "\n")
