"""What choosing the labels is worth at a fixed budget: how far it could go, and how far it goes.

    python -m benchmarks.label_draws [--runs 1000]        (make bench-judges)

Three ways to spend the same people's time better than on items drawn at random:

1. more often where a label is uncertain: the ceiling is printed for each real set, in the width of
   the part of an interval that labels can narrow, with |residual| known (which nobody can),
   with its spread learnt from all labels of the set, and from 50 pilot labels;
2. only where two arms' answers differ (``label draw --differing``), on PandaLM: which of two judges
   agrees more often with people? They say the same of most items;
3. one rating of each of more items in place of three of fewer (``label plan --ratings``).

Truth is the mean of the whole table; each run draws 1,000 items from it with replacement.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from benchmarks.harm.ratings import rows
from benchmarks.judges import DATA, LOCKED, SIZES, UNIT, Tally, alpaca, pandalm, sides, votes
from liftgate import stats

NEIGHBOURS = 50
PILOT = 50
EVEN = 0.3
"""Share of a draw that is even: below it, what was learnt badly costs more than it brings."""


def explained(label: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the least-squares prediction from the columns."""
    full = np.column_stack([np.ones(label.size), table])
    return full @ np.linalg.lstsq(full, label, rcond=None)[0]


def spread_near(
    known: np.ndarray, square: np.ndarray, wanted: np.ndarray, *, out: bool
) -> np.ndarray:
    """Return the root of the mean square over the nearest known items, itself left out."""
    count = min(NEIGHBOURS, max(10, known.shape[0] // 5))
    far = ((wanted[:, None, :] - known[None, :, :]) ** 2).sum(axis=2)
    if out:
        np.fill_diagonal(far, np.inf)
    near = np.argpartition(far, count, axis=1)[:, :count]
    return np.sqrt(square[near].mean(axis=1) + 1e-9)


def narrower(square: np.ndarray, size: np.ndarray, even: float = EVEN) -> float:
    """Return by how much, in per cent, chances in proportion to a size narrow the labels' part."""
    chance = even + (1 - even) * size / size.mean()
    return 100 * (1 - float(np.sqrt(np.mean(square / chance) / square.mean())))


def ceiling(name: str, label: np.ndarray, table: np.ndarray, runs: int) -> None:
    """Print what allocation by uncertainty could give."""
    scaled = (table - table.mean(axis=0)) / table.std(axis=0)
    guess = explained(label, scaled)
    square = (label - guess) ** 2
    about = np.column_stack([scaled, (guess - guess.mean()) / guess.std()])
    known = narrower(square, np.sqrt(square), even=1e-9)
    learnt = narrower(square, spread_near(about, square, about, out=True))
    rng = np.random.default_rng(1)
    found = []
    for _ in range(runs):
        pilot = rng.permutation(label.size)[:PILOT]
        found.append(narrower(square, spread_near(about[pilot], square[pilot], about, out=False)))
    print(
        f"uncertainty, {name}: the labels' part at most {known:.0f} % narrower with |residual| "
        f"known; {learnt:.1f} % with its spread learnt from all {label.size} labels, "
        f"{np.mean(found):.1f} % from {PILOT} pilot labels ({100 * EVEN:.0f} % of the draw even)",
        flush=True,
    )


def compared(name: str, n: int, old: Tally, new: Tally) -> None:
    """Print two ways to spend one budget."""
    print(
        f"{name}, {n}: width {old.width:.4f} -> {new.width:.4f}, "
        f"{100 * (1 - new.width / old.width):.1f} % narrower (standard deviation "
        f"{100 * (1 - np.sqrt(new.variance / old.variance)):.1f} %); covers {new.coverage:.1f} % "
        f"(before {old.coverage:.1f} %)",
        flush=True,
    )


def differing(runs: int) -> None:
    """Which of PandaLM's two judges is right more often, by people's labels?

    The third judge, whose word on both is the covariate, says that the longer answer is better.
    """
    label, table = pandalm()
    said = {"gpt35": table[:, 0], "pandalm": table[:, 1], "longer": (table[:, 2] > 0) * 1.0}
    right = [(said[name] == label).astype(float) for name in ("pandalm", "gpt35")]
    judged = [(said[name] == said["longer"]).astype(float) for name in ("pandalm", "gpt35")]
    alike = said["gpt35"] == said["pandalm"]
    truth = float((right[0] - right[1]).mean())
    print(f"PandaLM: its two judges say the same of {100 * alike.mean():.0f} % of {label.size}")
    for n in SIZES:
        rng = np.random.default_rng(n)
        tallies = [Tally(truth) for _ in range(2)]
        for _ in range(runs):
            chosen = rng.integers(0, label.size, LOCKED)
            same = np.flatnonzero(alike[chosen])
            apart = np.flatnonzero(~alike[chosen])
            for tally, among, known in (
                (tallies[0], np.arange(LOCKED), None),
                (tallies[1], apart, same),
            ):
                drawn = rng.permutation(among)[:n]
                tally.add(
                    stats.judged_difference(
                        right[0][chosen][drawn],
                        right[1][chosen][drawn],
                        drawn,
                        candidate_judge=judged[0][chosen],
                        baseline_judge=judged[1][chosen],
                        same=known,
                        **UNIT,
                    )
                )
        compared("labels where answers differ", n, *tallies)


WORLDS = {
    "3 in 10 differ, half of them better": (0.3, 0.5, 50),
    "3 in 10, 9 in 10 of them better": (0.3, 0.9, 50),
    "3 in 10, all better": (0.3, 1.0, 50),
    "1 in 10, 9 in 10 better": (0.1, 0.9, 80),
    "3 in 10, 7 in 10 better, uneven chances": (0.3, 0.7, 100),
    "3 in 10, 7 in 10 better, clusters of 4": (0.3, 0.7, 100),
    "3 in 10, 19 in 20 better, clusters of 4": (0.3, 0.95, 100),
}
"""Share of the items whose answers differ, of these those that are better, labels."""


def levels(runs: int) -> None:
    """One-sided error at 5 % where labels are drawn from the items whose answers differ."""
    for name, (share, better, labels) in WORLDS.items():
        rng = np.random.default_rng(15)
        truth, above, below = share * (2 * better - 1), 0, 0
        cluster = np.arange(LOCKED) // 4 if "clusters" in name else None
        for _ in range(runs):
            chances = share, better
            if cluster is not None:
                beta = (rng.beta(3 * mean, 3 * (1 - mean), LOCKED // 4) for mean in chances)
                chances = tuple(np.repeat(some, 4) for some in beta)
            differs, up = (rng.random(LOCKED) < chance for chance in chances)
            found = np.where(differs, np.where(up, 1.0, -1.0), 0.0)
            judge = np.where(differs, found + rng.normal(0, 1.2, LOCKED) + 0.3, 0.0)
            apart = np.flatnonzero(differs)
            size = np.abs(judge[apart]) + 0.3 if "uneven" in name else np.zeros(apart.size)
            chance = stats.label_chances(size, min(labels, apart.size))
            some = stats.systematic_draw(chance, seed=int(rng.integers(2**31)))
            drawn = apart[some]
            one = stats.judged_difference(
                (found[drawn] > 0) * 1.0,
                (found[drawn] < 0) * 1.0,
                drawn,
                candidate_judge=judge,
                baseline_judge=np.zeros(LOCKED),
                cluster=cluster,
                probability=chance[some],
                same=np.flatnonzero(~differs),
                level=0.9,
                **UNIT,
            )
            above, below = above + (one.low > truth), below + (one.high < truth)
        sides(f"{name}, {labels} labels", above, below, runs)


def ratings(
    name: str,
    people: np.ndarray,
    table: np.ndarray,
    runs: int,
    features: np.ndarray | None = None,
) -> None:
    """Three ratings each of n items, or one each of 3·n items?"""
    for n in SIZES:
        rng = np.random.default_rng(n)
        tallies = [Tally(float(people.mean())) for _ in range(2)]
        for _ in range(runs):
            chosen = rng.integers(0, people.shape[0], LOCKED)
            one = rng.integers(0, people.shape[1], LOCKED)
            labels = people[chosen].mean(axis=1), people[chosen, one]
            order = rng.permutation(LOCKED)
            weak = None if features is None else features[chosen]
            for tally, said, drawn in zip(
                tallies, labels, (order[:n], order[: 3 * n]), strict=True
            ):
                tally.add(
                    stats.judged_mean(
                        said[drawn], drawn, judge=table[chosen], features=weak, **UNIT
                    )
                )
        compared(f"one rating of each item in place of three, {name}, ratings", 3 * n, *tallies)


def harm() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return three people's ratings of 386 replies, the replies' length, and their words."""
    found = rows()
    people = np.array([[float(row[f"human_score_{n}"]) for n in (1, 2, 3)] for row in found])
    texts = [row["assistant_response"] for row in found]
    length = np.log1p([len(text.split()) for text in texts])
    return people, length[:, None], stats.word_components(texts)


def main() -> None:
    """Print one line for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    runs = parser.parse_args().runs
    people, length, words = harm()
    both = np.column_stack([length, words])
    ceiling("harm ratings, length and words", people.mean(axis=1), both, runs // 5)
    if (DATA / "pandalm_human3.parquet").exists():
        label, table = pandalm()
        ceiling("PandaLM", label, table, runs // 5)
        differing(runs)
        ratings("PandaLM", votes(), table, runs)
    else:
        print(f"SKIPPED: no tables in {DATA} (LIFTGATE_DATA)", file=sys.stderr)
    levels(2 * runs)
    ratings("harm", people, length, runs, words)
    if (DATA / "alpaca_eval.parquet").exists():
        for name, label, table in alpaca():
            ceiling(name, label, table, runs // 5)


if __name__ == "__main__":
    main()
