"""Makes stats_tries.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install inspect_ai==0.3.285
peers/bin/python tests/reference/stats_tries.py tests/reference/stats_tries.json

By counting every k of the n tries one by one, in fractions, without a formula in common with the
package; and by inspect_ai's own reducers of epochs.
"""

import json
import sys
from fractions import Fraction
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

from inspect_ai.scorer import Score, pass_at
from inspect_ai.scorer import pass_k as every_of

CASES = [(n, c, k) for n in (1, 2, 3, 5, 8) for c in range(n + 1) for k in range(1, n + 1)]


def counted(n, c, k, join):
    """The share of all choices of k tries in which any, or all, succeeded."""
    tries = [True] * c + [False] * (n - c)
    chosen = [join(chosen) for chosen in combinations(tries, k)]
    return float(Fraction(sum(chosen), len(chosen)))


def reduced(reducer, n, c, k):
    """What inspect_ai makes of the same tries."""
    scores = [Score(value=1.0)] * c + [Score(value=0.0)] * (n - c)
    return float(reducer(k)(scores).value)


rows = [
    {
        "n": n,
        "c": c,
        "k": k,
        "any": counted(n, c, k, any),
        "all": counted(n, c, k, all),
        "inspect_any": reduced(pass_at, n, c, k),
        "inspect_all": reduced(every_of, n, c, k),
    }
    for n, c, k in CASES
]
made = {"made_by": "tests/reference/stats_tries.py", "inspect_ai": version("inspect_ai")}
text = json.dumps({**made, "rows": rows}, indent=1)
Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")
