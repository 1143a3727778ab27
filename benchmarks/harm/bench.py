"""What people's labels are worth beside an embedded judge, on 386 replies with 3 ratings each.

    python -m benchmarks.harm.bench [--runs 1000]        (make bench-judges)

The label is the mean of three people's ratings; the rest is as in benchmarks/judges.py. Beside the
judge stand the reply's length and the components of its words, as in a study; the number of
components was chosen on these replies. A second run asks the model nothing.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from benchmarks.harm.ratings import Rated, rated
from benchmarks.judges import SIZES, Tally, run
from liftgate import stats

LEAST_RATIO = 0.95
"""What a useless judge may cost: variance of labels alone by that of labels with it."""


def columns(found: Rated) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels and the judge's table: its score, and the reply's length."""
    judge = np.array([np.nan if value is None else value for value in found.judge], dtype=float)
    missing = np.isnan(judge)
    judge = np.where(missing, judge[~missing].mean(), judge)
    table = [judge, np.log1p(np.array(found.words, dtype=float))]
    if missing.any():
        table.append(missing.astype(float))
    return np.array(found.people).mean(axis=1), np.column_stack(table)


def told(found: Rated, label: np.ndarray, table: np.ndarray) -> None:
    """Print how people agree, and how the judge's score goes with their mean."""
    people = np.array(found.people)
    lacking = sum(value is None for value in found.judge)
    print(
        f"harm ratings: {label.size} replies, {people.shape[1]} people each, Krippendorff's alpha "
        f"(interval) {stats.krippendorff_alpha(people, 'interval'):.3f}; the judge was "
        f"asked {found.asked} times in this run and has no score of {lacking}"
    )
    print(
        f"the judge's score and people's mean: r {np.corrcoef(label, table[:, 0])[0, 1]:.2f} "
        f"(judge alone {table[:, 0].mean():.3f}, people {label.mean():.3f}); a judge of this r "
        f"can at most multiply labels by {1 / (1 - np.corrcoef(label, table[:, 0])[0, 1] ** 2):.2f}"
    )


def main() -> int:
    """Print one line for each number of labels; 1 where the judge costs more than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    given = parser.parse_args()
    found = rated()
    label, table = columns(found)
    told(found, label, table)
    judge_only = table[:, [0, *range(2, table.shape[1])]]
    ratios: list[float] = []
    words = stats.word_components(found.replies)
    shuffled = np.random.default_rng(1).permutation(words)
    for name, some, weak in (
        ("judge", judge_only, None),
        ("judge and length", table, None),
        ("judge, length and words", table, words),
        ("judge and useless words", judge_only, shuffled),
    ):
        tallies: list[list[Tally]] = run(
            f"harm ratings, {name}", label, some, given.runs, features=weak
        )
        ratios += [alone.variance / ours.variance for alone, ours, _ in tallies]
    least = min(ratios)
    word = "held" if least >= LEAST_RATIO else "BROKEN"
    print(
        f"least variance ratio to labels alone over {len(SIZES)} sizes and 4 tables: {least:.3f}; "
        f"a useless judge may not go below {LEAST_RATIO:g}: {word}"
    )
    return int(least < LEAST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
