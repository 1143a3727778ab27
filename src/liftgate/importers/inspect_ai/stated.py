"""The aggregates that an inspect_ai log states, recomputed by the tool's own recipe.

A sample's epochs are reduced first (NaN left out), then the metric is taken over the samples that
have a value. Samples that failed before they were scored have none, so the tool leaves them out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from liftgate.importers.aggregates import check, clustered_error, mean, mean_error
from liftgate.importers.inspect_ai.samples import Samples
from liftgate.records import Check

_REDUCERS: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": mean,
    "median": median,
    "max": max,
    "mode": lambda values: Counter(values).most_common(1)[0][0],
}


def checks(results: Any, samples: Samples) -> Iterator[Check]:
    """Yield every stated metric with what its recomputation gives."""
    scores = results.get("scores") if isinstance(results, dict) else None
    for score in scores or ():
        name = metric_name(score)
        if name not in samples.numeric:
            continue
        for metric in (score.get("metrics") or {}).values():
            yield _checked(name, score, metric, samples)


def metric_name(score: Mapping[str, Any]) -> str:
    """Return our name of a score in ``results``: ``scorer.key`` when the value has keys."""
    name, scorer = str(score.get("name")), str(score.get("scorer"))
    return name if name == scorer else f"{scorer}.{name}"


def _checked(
    name: str, score: Mapping[str, Any], metric: Mapping[str, Any], samples: Samples
) -> Check:
    quantity = str(metric.get("name"))
    stated = metric.get("value")
    reducer = score.get("reducer") or "mean"
    if reducer not in _REDUCERS:
        return check(name, quantity, stated, None, f"the log reduces epochs by {reducer}")
    if name in samples.odd:
        odd = ", ".join(map(repr, samples.odd[name]))
        return check(name, quantity, stated, None, f"the log counts {odd} as 0; here missing")
    items, values = _reduced(name, samples, _REDUCERS[reducer])
    cluster = (metric.get("params") or {}).get("cluster")
    if quantity in {"mean", "accuracy"}:
        found = mean(values) if values else 0.0
    elif quantity == "stderr" and cluster is None:
        found = mean_error(values)
    elif quantity == "stderr" and cluster in samples.clusters:
        labels = samples.clusters[cluster]
        found = clustered_error(values, [labels[item] for item in items])
    elif quantity in {"std", "var"}:
        variance = mean_error(values) ** 2 * len(values)
        found = math.sqrt(variance) if quantity == "std" else variance
    else:
        return check(name, quantity, stated, None, "no recipe for this metric is known here")
    return check(name, quantity, stated, found, "the log's rows give another value")


def _reduced(
    name: str, samples: Samples, reduce: Callable[[Sequence[float]], float]
) -> tuple[list[str], list[float]]:
    values: dict[str, list[float]] = {}
    for entry in samples.entries.values():
        value = entry.scores.get(name)
        if value is not None:
            values.setdefault(entry.item, []).append(value)
    return list(values), [reduce(found) for found in values.values()]
