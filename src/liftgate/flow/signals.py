"""What is known of every answer beside the judge's score: covariates of people's labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from liftgate import stats
from liftgate.evals.plan import BoundScorer
from liftgate.records import Observation
from liftgate.store import Store


@dataclass(frozen=True)
class Signals:
    """Covariates by answer, the mean over repeats."""

    values: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    """(arm's fingerprint, item) -> the logarithm of the answer's length, each judge's mean vote
    where a panel judges, then the components of the answer's words; NaN: not known."""
    weak: int = 0
    """How many of them are components of words."""


def signals_of(rows: Sequence[Observation], metric: str, judges: int, store: Store) -> Signals:
    """Return the covariates of a judged metric.

    They are fixed by the study: length and words always, and the votes of each judge of a panel.
    The words of all answers have their components in common, so that arms can be compared.

    Args:
        rows: of the study.
        metric: the judged one.
        judges: how many judges' votes are columns of their own; 0: none.
        store: holds answers and votes.
    """
    texts = [_text(row, store) for row in rows]
    words = stats.word_components(texts)
    found: dict[tuple[str, str], list[list[float]]] = {}
    for row, text, axes in zip(rows, texts, words.tolist(), strict=True):
        length = math.nan if text is None else math.log1p(len(text))
        values = [length, *_votes(row, metric, judges, store), *axes]
        found.setdefault((row.arm, row.item), []).append(values)
    means = {key: tuple(map(fmean, zip(*some, strict=True))) for key, some in found.items()}
    return Signals(means, words.shape[1])


def columns_of(scorer: BoundScorer) -> int:
    """Return how many judges' votes are columns of their own: those of a panel about answers."""
    return len(scorer.asks) if len(scorer.asks) > 1 and not scorer.of_pairs else 0


def _text(row: Observation, store: Store) -> str | None:
    digest = row.trial.output_digest
    if digest is None or store.blob_state(digest) != "kept":
        return None
    output = store.output(digest)
    return output if isinstance(output, str) else str(output)


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
