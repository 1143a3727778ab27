"""What is known of every answer beside the judge's score: covariates of people's labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
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


def signals_of(
    rows: Sequence[Observation], judges: Mapping[str, int], store: Store
) -> dict[str, Signals]:
    """Return judged metric -> its covariates.

    They are fixed by the study: length and words always, and the votes of each judge of a panel.
    The words of all answers have their components in common, so that arms can be compared.

    Args:
        rows: of the study.
        judges: judged metric -> how many judges' votes are columns of their own; 0: none.
        store: holds answers and votes.
    """
    if not judges:
        return {}
    texts = [_text(row, store) for row in rows]
    lengths = [math.nan if text is None else math.log1p(len(text)) for text in texts]
    words = stats.word_components(texts)
    return {
        metric: Signals(
            _means(
                ((row.arm, row.item), [length, *_votes(row, metric, count, store), *axes])
                for row, length, axes in zip(rows, lengths, words.tolist(), strict=True)
            ),
            words.shape[1],
        )
        for metric, count in judges.items()
    }


def _means(
    known: Iterable[tuple[tuple[str, str], list[float]]],
) -> dict[tuple[str, str], tuple[float, ...]]:
    found: dict[tuple[str, str], list[list[float]]] = {}
    for answer, values in known:
        found.setdefault(answer, []).append(values)
    return {answer: tuple(map(fmean, zip(*some, strict=True))) for answer, some in found.items()}


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
