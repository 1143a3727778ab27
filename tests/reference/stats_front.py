"""Makes stats_front.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install paretoset==1.2.5 scipy==1.17.1
peers/bin/python tests/reference/stats_front.py tests/reference/stats_front.json

Which means are not dominated by paretoset; the one-sided p-values of each pair and objective by
scipy's paired t-test, put together here by the two tests' definitions, loop by loop.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy
from paretoset import paretoset
from scipy import stats

rng = np.random.default_rng(20261127)
rows = []
for case in range(12):
    systems, objectives, n = 2 + case % 3, 1 + case % 4, 40
    levels = rng.normal(0, 0.3, (objectives, systems, 1))
    scores = (
        levels + rng.normal(0, 1, (objectives, 1, n)) + rng.normal(0, 0.7, (objectives, systems, n))
    )
    scores = np.round(scores, 3)

    def p(k, i, j, scores=scores):
        """Of "i is not better than j" in objective k."""
        return float(stats.ttest_rel(scores[k, i], scores[k, j], alternative="greater").pvalue)

    front, beaten = [], []
    for i in range(systems):
        rivals = [j for j in range(systems) if j != i]
        front.append(
            max(min(1.0, objectives * min(p(k, i, j) for k in range(objectives))) for j in rivals)
        )
        beaten.append(
            min(
                1.0,
                len(rivals) * min(max(p(k, j, i) for k in range(objectives)) for j in rivals),
            )
        )
    tests = sorted(
        [(v, "front", i) for i, v in enumerate(front)]
        + [(v, "beaten", i) for i, v in enumerate(beaten)]
    )
    adjusted, largest = {}, 0.0
    for rank, (value, kind, i) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - rank) * value))
        adjusted[kind, i] = largest
    rows.append(
        {
            "scores": scores.tolist(),
            "undominated": paretoset(scores.mean(axis=2).T, sense=["max"] * objectives).tolist(),
            "p_front": [adjusted["front", i] for i in range(systems)],
            "p_dominated": [adjusted["beaten", i] for i in range(systems)],
        }
    )

made = {
    "made_by": "tests/reference/stats_front.py",
    "paretoset": version("paretoset"),
    "scipy": scipy.__version__,
}
Path(sys.argv[1]).write_text(json.dumps({**made, "rows": rows}) + "\n", encoding="utf-8")
