"""Weak features beside judges: what useless ones cost, and whether the error keeps its level.

    python benchmarks/features.py [--runs 1000] [--seeds 2000]    (make bench-judges)

PandaLM and the multiplier are those of benchmarks/judges.py; the same columns of noise come once as
a weak group and once as ordinary covariates.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.judges import DATA, LOCKED, SIZES, UNIT, pandalm, run, sides
from liftgate import stats

WEAK = 16
"""Features, as many as an answer has components of words."""
TOLD = {"nothing": 0.0, "little": 0.1, "much": 0.5}
"""What each feature holds of what label and judge have in common, in its own noise's s.d."""


def levels(runs: int) -> None:
    """One-sided error at 5 %, on both sides, of a judge with features beside it."""
    for n in SIZES:
        for name, told in TOLD.items():
            rng = np.random.default_rng(13)
            above = below = 0
            for _ in range(runs):
                hidden = rng.normal(size=LOCKED)
                label, judge = (hidden > 0).astype(float), hidden + rng.normal(0, 0.9, LOCKED) + 0.5
                drawn = rng.permutation(LOCKED)[:n]
                found = stats.judged_mean(
                    label[drawn],
                    drawn,
                    judge=judge,
                    features=told * hidden[:, None] + rng.normal(size=(LOCKED, WEAK)),
                    level=0.9,
                    **UNIT,
                )
                above, below = above + (found.low > 0.5), below + (found.high < 0.5)
            sides(f"{n} labels, {WEAK} features that tell {name}", above, below, runs)


def useless(runs: int) -> None:
    """What sixteen columns of noise take from PandaLM's judges."""
    label, table = pandalm()
    noise = np.random.default_rng(14).normal(size=(label.size, WEAK))
    run(f"PandaLM with {WEAK} useless features", label, table, runs, features=noise)
    both = np.column_stack([table, noise])
    run(f"PandaLM with {WEAK} useless covariates", label, both, runs)


def main() -> None:
    """Print one line for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=2_000)
    given = parser.parse_args()
    if (DATA / "pandalm_human3.parquet").exists():
        useless(given.runs)
    else:
        print(f"SKIPPED: no tables in {DATA} (LIFTGATE_DATA)", file=sys.stderr)
    levels(given.seeds)


if __name__ == "__main__":
    main()
