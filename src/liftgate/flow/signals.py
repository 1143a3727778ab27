"""What is known of every answer beside the judge's score: covariates of people's labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from liftgate.evals.plan import BoundScorer
from liftgate.records import Observation
from liftgate.store import Store

Signals = Mapping[tuple[str, str], tuple[float, ...]]
"""(arm's fingerprint, item) -> the logarithm of the answer's length, then each judge's mean vote
where a panel judges; NaN: not known."""


def signals_of(rows: Sequence[Observation], metric: str, judges: int, store: Store) -> Signals:
    """Return the covariates of a judged metric, the mean over repeats.

    They are fixed by the study: length always, and the votes of each judge of a panel.

    Args:
        rows: of the study.
        metric: the judged one.
        judges: how many judges' votes are columns of their own; 0: none.
        store: holds answers and votes.
    """
    found: dict[tuple[str, str], list[list[float]]] = {}
    for row in rows:
        values = [_length(row, store), *_votes(row, metric, judges, store)]
        found.setdefault((row.arm, row.item), []).append(values)
    return {key: tuple(map(fmean, zip(*some, strict=True))) for key, some in found.items()}


def columns_of(scorer: BoundScorer) -> int:
    """Return how many judges' votes are columns of their own: those of a panel about answers."""
    return len(scorer.asks) if len(scorer.asks) > 1 and not scorer.of_pairs else 0


def _length(row: Observation, store: Store) -> float:
    digest = row.trial.output_digest
    if digest is None or store.blob_state(digest) != "kept":
        return math.nan
    output = store.output(digest)
    return math.log1p(len(output if isinstance(output, str) else str(output)))


def _votes(row: Observation, metric: str, judges: int, store: Store) -> list[float]:
    score = row.scores.get(metric)
    digest = None if score is None else score.detail_digest
    if not judges or digest is None or store.blob_state(digest) != "kept":
        return [math.nan] * judges
    detail: Any = store.output(digest)
    votes: list[list[float]] = [[] for _ in range(judges)]
    for vote in detail.get("votes", ()):
        if vote["value"] is not None:
            votes[vote["judge"]].append(vote["value"])
    return [fmean(some) if some else math.nan for some in votes]
