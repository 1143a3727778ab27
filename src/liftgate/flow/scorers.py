"""A study's scorers, bound to a dataset."""

from __future__ import annotations

from liftgate.evals.plan import BoundScorer
from liftgate.records import Dataset
from liftgate.study import lock
from liftgate.study.design import Study


def bound_scorers(study: Study, dataset: Dataset) -> tuple[BoundScorer, ...]:
    """Return a study's scorers with the scales that they declare for a dataset."""
    bound = []
    items = study.as_read(dataset.items)
    for metric in study.scorers:
        scorer = study.scorer(metric)
        fingerprint = lock.scorer_fingerprint(study, metric)
        bound.append(BoundScorer(metric, scorer, fingerprint, scorer.scale(items)))
    return tuple(bound)
