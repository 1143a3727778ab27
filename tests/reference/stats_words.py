"""Makes stats_words.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install scikit-learn==1.9.1
peers/bin/python tests/reference/stats_words.py tests/reference/stats_words.json

Counts by scikit-learn's CountVectorizer, weights written down here, components by its PCA with the
full singular value decomposition. The texts are drawn from a small vocabulary by a seed.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer

TOPICS = (
    "harbour mast sail anchor tide keel rope crew",
    "oven flour yeast crust salt butter dough knead",
    "orbit comet lens star dust probe moon signal",
)


def texts():
    rng = np.random.default_rng(21)
    made = []
    for _ in range(60):
        topic = TOPICS[rng.integers(3)].split()
        other = TOPICS[rng.integers(3)].split()
        words = [*rng.choice(topic, rng.integers(4, 12)), *rng.choice(other, 3)]
        made.append(" ".join(map(str, words)))
    return made


def components(made, most):
    counter = CountVectorizer(token_pattern=r"[a-z]+", min_df=3, max_df=0.5)
    counts = counter.fit_transform(made).toarray()
    rarity = np.log(len(made) / (counts > 0).sum(axis=0))
    table = np.log1p(counts) * rarity
    table = table / np.linalg.norm(table, axis=1, keepdims=True)
    fitted = PCA(most, svd_solver="full").fit(table)
    axes = fitted.components_
    signs = np.sign(axes[np.arange(most), np.abs(axes).argmax(axis=1)])
    return fitted.transform(table) * signs


if __name__ == "__main__":
    made = texts()
    Path(sys.argv[1]).write_text(
        json.dumps(
            {
                "made_by": "tests/reference/stats_words.py",
                "versions": {name: version(name) for name in ("scikit-learn", "numpy")},
                "texts": made,
                "components": components(made, 5).tolist(),
            }
        )
        + "\n"
    )
