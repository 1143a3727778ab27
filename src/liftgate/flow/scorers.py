"""A study's scorers, bound to a dataset."""

from __future__ import annotations

from liftgate.evals.plan import BoundScorer
from liftgate.gates.tries import check_scale
from liftgate.records import Dataset
from liftgate.study import lock
from liftgate.study.design import Study


def bound_scorers(study: Study, dataset: Dataset) -> tuple[BoundScorer, ...]:
    """Return a study's scorers with the scales that they declare for a dataset.

    Raises:
        DataError: a metric joins the repeats of scores that are not right or wrong.
    """
    bound = []
    for metric in study.scorers:
        scorer = study.scorer(metric)
        fingerprint = lock.scorer_fingerprint(study, metric)
        scale = scorer.scale(dataset.items)
        tries = study.scorers[metric].tries
        if tries is not None:
            check_scale(metric, tries, scale)
        bound.append(BoundScorer(metric, scorer, fingerprint, scale))
    return tuple(bound)
