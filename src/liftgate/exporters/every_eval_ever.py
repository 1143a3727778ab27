"""every_eval_ever: Each side of a comparison as an aggregate of Every Eval Ever, schema 0.3.

Only aggregates: the samples of that format hold every input and answer in full, and a comparison
keeps digests of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from liftgate.errors import DataError
from liftgate.records import Comparison, Estimate, MetricComparison, ScoreKind, Side

SCHEMA = "0.3.0"
_TOOLS = {"inspect_ai": "inspect_ai", "lm-eval": "lm_eval", "promptfoo": "promptfoo"}
"""What a log calls its tool's version among its facts -> what the format calls the tool."""
_UNKNOWN = "unknown"


def export_every_eval_ever(
    comparison: Comparison, *, seconds: int, version: str
) -> Mapping[str, bytes]:
    """Return ``baseline.json`` and ``candidate.json``.

    A score is the mean over the items that were paired, failures at their score, with the interval
    that liftgate gives it.

    Args:
        comparison: what was compared.
        seconds: since 1970, when it was.
        version: liftgate's own.

    Raises:
        DataError: no metric has a mean.
    """
    sides = {"baseline": comparison.baseline, "candidate": comparison.candidate}
    return {
        f"{role}.json": _bytes(_aggregate(comparison, role, side, seconds, version))
        for role, side in sides.items()
    }


def _bytes(body: Mapping[str, Any]) -> bytes:
    return (json.dumps(body, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode()


def _aggregate(
    comparison: Comparison, role: str, side: Side, seconds: int, version: str
) -> dict[str, Any]:
    other = comparison.candidate if role == "baseline" else comparison.baseline
    model = side.facts.get("model") or side.system or PurePath(side.path).stem
    task = side.facts.get("task") or side.facts.get("evaluation") or PurePath(side.path).name
    results = list(_results(comparison, role, side, other, task))
    if not results:
        raise DataError(
            f"{side.name}: no metric has a mean with an interval; expected at least one to export",
            hint="more items are needed first",
        )
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{task}/{model}/{seconds}",
        "retrieved_timestamp": str(seconds),
        "source_metadata": {
            "source_name": "liftgate compare",
            "source_type": "evaluation_run",
            "source_organization_name": _UNKNOWN,
            "evaluator_relationship": "other",
            "additional_details": {"file_digest": side.digest},
        },
        "eval_library": _library(side, version),
        "model_info": {
            "name": model,
            "id": model,
            "additional_details": {
                "deployment_type": _UNKNOWN,
                "model_availability": _UNKNOWN,
            },
        },
        "evaluation_results": results,
    }


def _library(side: Side, version: str) -> dict[str, Any]:
    found = next((key for key in _TOOLS if key in side.facts), None)
    return {
        "name": _UNKNOWN if found is None else _TOOLS[found],
        "version": _UNKNOWN if found is None else side.facts[found],
        "additional_details": {"liftgate": version},
    }


def _results(
    comparison: Comparison, role: str, side: Side, other: Side, task: str
) -> Iterator[dict[str, Any]]:
    for metric in comparison.metrics:
        estimate = metric.baseline if role == "baseline" else metric.candidate
        if estimate is not None:
            yield {
                "evaluation_result_id": metric.metric,
                "evaluation_name": task,
                "source_data": {
                    "dataset_name": side.facts.get("dataset", task),
                    "source_type": "other",
                },
                "metric_config": _config(metric),
                "score_details": {
                    "score": estimate.value,
                    "details": _details(metric, role, other),
                    "uncertainty": _uncertainty(estimate),
                },
            }


def _config(metric: MetricComparison) -> dict[str, Any]:
    scale = metric.scale
    found: dict[str, Any] = {
        "metric_name": metric.metric,
        "lower_is_better": not scale.higher_is_better,
        "score_type": "binary" if scale.kind is ScoreKind.BINARY else "continuous",
    }
    # A range that is not known is written as these texts: the format wants both ends.
    found["min_score"] = "-Infinity" if scale.low is None else scale.low
    found["max_score"] = "Infinity" if scale.high is None else scale.high
    return found


def _details(metric: MetricComparison, role: str, other: Side) -> dict[str, str]:
    """Say what the mean is of; the format wants texts."""
    pairing = metric.pairing
    failed = pairing.failed_baseline if role == "baseline" else pairing.failed_candidate
    found = {"items": f"those paired with {other.name}", "failed": str(failed)}
    if metric.failure_score is not None:
        found["a_failure_scores"] = f"{metric.failure_score:g}"
    return found


def _uncertainty(estimate: Estimate) -> dict[str, Any]:
    found: dict[str, Any] = {"num_samples": estimate.n}
    if estimate.low is not None and estimate.high is not None:
        found["confidence_interval"] = {
            "lower": estimate.low,
            "upper": estimate.high,
            "confidence_level": estimate.level,
            "method": estimate.method,
        }
    if estimate.se is not None:
        found["standard_error"] = {"value": estimate.se, "method": estimate.method}
    return found
