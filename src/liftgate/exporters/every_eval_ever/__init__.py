"""every_eval_ever: Each side of a comparison in Every Eval Ever, schema 0.3: samples and aggregate.

Files lie as that project's datastore has them, ``data/COLLECTION/DEVELOPER/MODEL/UUID.json`` with
``UUID_samples.jsonl`` beside it, because an aggregate must name its samples by such a path.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from liftgate.errors import DataError
from liftgate.exporters.every_eval_ever.samples import SCHEMA, Named, Samples
from liftgate.protocols import ToldSide
from liftgate.records import Comparison, Estimate, MetricComparison, ScoreKind, Side

_TOOLS = {"inspect_ai": "inspect_ai", "lm-eval": "lm_eval", "promptfoo": "promptfoo"}
"""What a log calls its tool's version among its facts -> what the format calls the tool."""
_UNKNOWN = "unknown"
_DEVELOPER = "unstated"
"""Whose model it is when its name does not say; the format refuses the word unknown."""
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?|data|unknown|\.*")
_LONGEST = 100
"""Characters of a folder's name."""


@dataclass(frozen=True)
class _Run:
    """One side and how it is called."""

    comparison: Comparison
    role: str
    seconds: int
    version: str

    @property
    def side(self) -> Side:
        return self.comparison.baseline if self.is_baseline else self.comparison.candidate

    @property
    def other(self) -> Side:
        return self.comparison.candidate if self.is_baseline else self.comparison.baseline

    @property
    def is_baseline(self) -> bool:
        return self.role == "baseline"

    @property
    def named(self) -> Named:
        """Return its ids; where both sides would have the same, the part that it plays tells."""
        ids = [f"{_task(side)}/{_model(side)}/{self.seconds}" for side in (self.side, self.other)]
        own = f"{ids[0]}-{self.role}" if ids[0] == ids[1] else ids[0]
        return Named(own, _model(self.side), _task(self.side))

    @property
    def place(self) -> str:
        """Return the path of its files up to their suffix."""
        named = self.named
        developer, slash, model = named.model_id.partition("/")
        owner, model = (developer, model) if slash else (_DEVELOPER, developer)
        seed = f"{named.evaluation_id} {self.role} {self.side.digest}".encode()
        unique = uuid.UUID(bytes=hashlib.sha256(seed).digest()[:16], version=4)
        folders = (_dataset(self.side), owner, model)
        return "/".join(("data", *map(_folder, folders), str(unique)))


def export_every_eval_ever(
    comparison: Comparison,
    *,
    baseline: ToldSide,
    candidate: ToldSide,
    seconds: int,
    version: str,
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the samples and then the aggregate of the baseline, and those of the candidate.

    A score is the mean over the items that were paired, failures at their score, with the interval
    that liftgate gives it; the samples are the rows of those items. A row that failed, or that has
    no score, names no result.

    Args:
        comparison: what was compared.
        baseline: its rows.
        candidate: its rows.
        seconds: since 1970, when it was.
        version: liftgate's own.

    Raises:
        DataError: no metric has a mean.
    """
    for role, told in (("baseline", baseline), ("candidate", candidate)):
        run = _Run(comparison, role, seconds, version)
        results = list(_results(run))
        if not results:
            raise DataError(
                f"{run.side.name}: no metric has a mean with an interval; expected at least one "
                "to export",
                hint="more items are needed first",
            )
        scales = {
            metric.metric: metric.scale for metric in comparison.metrics if _estimate(run, metric)
        }
        lines = Samples(run.named, told, run.side.columns, scales)
        yield f"{run.place}_samples.jsonl", lines
        yield f"{run.place}.json", [_bytes(_aggregate(run, lines, results))]


def _model(side: Side) -> str:
    return side.facts.get("model") or side.system or PurePath(side.path).stem


def _task(side: Side) -> str:
    return side.facts.get("task") or side.facts.get("evaluation") or PurePath(side.path).name


def _dataset(side: Side) -> str:
    return side.facts.get("dataset", _task(side))


def _folder(name: str) -> str:
    """Return a name as one folder of every system, told apart by its end where it was cut."""
    found = "".join(one if one.isprintable() else "_" for one in _UNSAFE.sub("_", name)).strip(" .")
    if _RESERVED.fullmatch(found):
        found = f"_{found}"
    if len(found) <= _LONGEST:
        return found
    return f"{found[:_LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _bytes(body: Mapping[str, Any]) -> bytes:
    return (json.dumps(body, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode()


def _aggregate(run: _Run, lines: Samples, results: list[dict[str, Any]]) -> dict[str, Any]:
    named = run.named
    return {
        "schema_version": SCHEMA,
        "evaluation_id": named.evaluation_id,
        "retrieved_timestamp": str(run.seconds),
        "source_metadata": {
            "source_name": "liftgate compare",
            "source_type": "evaluation_run",
            "source_organization_name": _UNKNOWN,
            "evaluator_relationship": "other",
            "additional_details": {"file_digest": run.side.digest, "compared_as": run.role},
        },
        "eval_library": _library(run.side, run.version),
        "model_info": {
            "name": named.model_id,
            "id": named.model_id,
            "additional_details": {
                "deployment_type": _UNKNOWN,
                "model_availability": _UNKNOWN,
            },
        }
        | ({} if "/" in named.model_id else {"developer": _DEVELOPER}),
        "evaluation_results": results,
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"{run.place}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": lines.checksum,
            "total_rows": lines.lines,
        },
    }


def _library(side: Side, version: str) -> dict[str, Any]:
    found = next((key for key in _TOOLS if key in side.facts), None)
    return {
        "name": _UNKNOWN if found is None else _TOOLS[found],
        "version": _UNKNOWN if found is None else side.facts[found],
        "additional_details": {"liftgate": version},
    }


def _estimate(run: _Run, metric: MetricComparison) -> Estimate | None:
    return metric.baseline if run.is_baseline else metric.candidate


def _results(run: _Run) -> Iterator[dict[str, Any]]:
    for metric in run.comparison.metrics:
        estimate = _estimate(run, metric)
        if estimate is not None:
            yield {
                "evaluation_result_id": metric.metric,
                "evaluation_name": _task(run.side),
                "source_data": {"dataset_name": _dataset(run.side), "source_type": "other"},
                "metric_config": _config(metric),
                "score_details": {
                    "score": estimate.value,
                    "details": _details(metric, run),
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


def _details(metric: MetricComparison, run: _Run) -> dict[str, str]:
    """Say what the mean is of; the format wants texts."""
    pairing = metric.pairing
    failed = pairing.failed_baseline if run.is_baseline else pairing.failed_candidate
    found = {"items": f"those paired with {run.other.name}", "failed": str(failed)}
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
