"""The bridge from a comparison to a study: what is known is filled in, what is not is left open."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

import yaml

from liftgate.records import Comparison, MetricComparison, Question, Side, Want

ALL = "*"


def draft(comparison: Comparison, folder: Path) -> str:
    """Return a study file for what was compared, with its systems and scorers left to fill in.

    It is YAML, and not yet a study: ``liftgate study lint`` lists what is open.

    Args:
        comparison: its metrics become claims, its two tables the pilot.
        folder: where the file will stand; the pilot's paths are relative to it.
    """
    return "\n".join(_lines(comparison, folder)) + "\n"


def _lines(comparison: Comparison, folder: Path) -> Iterator[str]:
    question = comparison.question
    yield "# A study drafted from a comparison of two tables. Fill in every line that says FILL IN:"
    yield "# liftgate study lint lists them. Lock the study before its candidate is run."
    yield "liftgate: 1"
    yield f"study: {_name(comparison.candidate)}"
    yield "hypothesis:  # FILL IN: one sentence: what is believed, and why"
    yield "owner:  # FILL IN: who decides"
    yield ""
    yield "dataset:"
    yield "  source:  # FILL IN: a table of items, items.jsonl, or python:package.module:name"
    columns = comparison.baseline.columns
    if columns.cluster:
        yield f"  cluster: {_quoted(columns.cluster)}"
    if columns.slices:
        yield f"  slices: [{', '.join(map(_quoted, columns.slices))}]"
    yield ""
    yield "arms:"
    for name in ("baseline", "candidate"):
        yield f"  {name}:"
        yield f"    role: {name}"
        yield "    system:  # FILL IN: plugin:rest, e.g. python:package.module:factory"
    yield ""
    yield from _scorers(comparison.metrics)
    yield ""
    yield from _outcomes(question)
    yield ""
    yield from _claims(comparison.metrics, question)
    yield ""
    yield f"decision: {{alpha: {question.alpha!r}}}"
    yield "stopping: {plan: fixed}"
    yield f"repeats: {_repeats(comparison.metrics)}"
    yield f"seed: {int(comparison.candidate.digest.removeprefix('sha256:')[:8], 16)}"
    yield ""
    yield "pilot:  # what was known before; it never decides"
    yield f"  baseline: {_quoted(_from(comparison.baseline, folder))}"
    yield f"  candidate: {_quoted(_from(comparison.candidate, folder))}"


def _scorers(metrics: tuple[MetricComparison, ...]) -> Iterator[str]:
    yield "scorers:"
    for metric in metrics:
        way = "" if metric.scale.higher_is_better else ", lower is better"
        kind = f"{metric.scale.kind.value}{way}"
        yield f"  {_metric(metric)}:"
        yield f"    scorer:  # FILL IN: {kind}; liftgate plugins lists the scorers"


def _outcomes(question: Question) -> Iterator[str]:
    score = question.failure_scores.get(ALL)
    text = "worst" if score is None else repr(score)
    yield "outcomes:"
    yield f"  timeout: {{score: {text}, retries: 1}}"
    yield f"  crash: {{score: {text}, retries: 1}}"
    yield f"  refusal: {{score: {text}}}"
    yield f"  unparsable: {{score: {text}}}"
    yield "  scorer_failed: missing"
    yield "  missing_label: missing"


def _claims(metrics: tuple[MetricComparison, ...], question: Question) -> Iterator[str]:
    first, rest = metrics[0], metrics[1:]
    yield "claims:"
    yield "  primary:"
    yield f"    metric: {_metric(first)}"
    if first.margin is None or question.require is Want.BETTER:
        yield "    superior:"
        yield "      by: 0.0"
        yield "      target: open  # FILL IN: the smallest gain worth having, as a score"
    else:
        yield f"    non_inferior: {{margin: {_margin(first)}}}"
    guarded = [metric for metric in rest if metric.margin is not None]
    others = [metric for metric in rest if metric.margin is None]
    yield "  guardrails:" if guarded else "  guardrails: []"
    for metric in guarded:
        yield f"    - {{metric: {_metric(metric)}, non_inferior: {{margin: {_margin(metric)}}}}}"
    yield "  secondary:" if others else "  secondary: []"
    for metric in others:
        yield f"    - {{metric: {_metric(metric)}, superior: {{by: 0.0}}}}"


def _margin(metric: MetricComparison) -> str:
    assert metric.margin is not None
    return metric.margin.text if metric.margin.relative else repr(metric.margin.value)


def _repeats(metrics: tuple[MetricComparison, ...]) -> int:
    pairings = [metric.pairing for metric in metrics]
    return max(max(p.repeats_baseline, p.repeats_candidate) for p in pairings)


def _name(side: Side) -> str:
    return _quoted(_plain_name(side.system or PurePath(side.path).stem, "_-") or "my-study")


def _metric(metric: MetricComparison) -> str:
    return _quoted(_plain_name(metric.metric, "_@%+-") or "score")


def _plain_name(text: str, marks: str) -> str:
    allowed = re.sub(rf"[^A-Za-z0-9{re.escape(marks)}]+", "_", text)
    return allowed.lstrip(marks)[:64]


def _from(side: Side, folder: Path) -> str:
    relative = PurePath(os.path.relpath(side.path, folder)).as_posix()
    return relative if side.system is None else f"{relative}@{side.system}"


def _quoted(text: str) -> str:
    dumped: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10_000_000)
    return dumped.strip()
