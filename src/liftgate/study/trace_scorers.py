"""A file of scorers of traces, in the grammar of a study's ``scorers``."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from liftgate.errors import Fault
from liftgate.protocols import Scorer
from liftgate.study import params
from liftgate.study.load import refused, text_of_file
from liftgate.study.plan import ScorerPlan
from liftgate.study.problems import describe, problems_of
from liftgate.study.source import Source, parse
from liftgate.study.values import METRIC_PATTERN


def load_trace_scorers(path: Path) -> dict[str, Scorer]:
    """Read ``metric: {scorer: trace_rules, …}`` for each metric.

    Raises:
        StudyError: with every fault, its line and column; also for a scorer that needs more than
            the trace.
    """
    source = parse(text_of_file(path), str(path))
    faults = list(source.faults)
    found: dict[str, Scorer] = {}
    if not isinstance(source.value, dict) or not source.value:
        got = describe(source.value)
        faults.append(source.fault((), f"got {got}, expected a mapping of metrics to scorers"))
    else:
        for metric, node in source.value.items():
            made = _scorer(metric, node, source)
            if isinstance(made, list):
                faults += made
            else:
                found[metric] = made
    if faults:
        raise refused(str(path), faults)
    return found


def _scorer(metric: str, node: object, source: Source) -> Scorer | list[Fault]:
    if not re.fullmatch(METRIC_PATTERN, metric):
        return [source.fault((metric,), f"got {metric!r}, expected a metric's name", on_key=True)]
    try:
        plan = ScorerPlan.model_validate(node)
    except ValidationError as error:
        return [
            source.fault((metric, *p.path), p.message, suggestion=p.suggestion, on_key=p.on_key)
            for p in problems_of(error, node, ScorerPlan)
        ]
    scorer: Scorer = params.make("scorers", plan.scorer, plan.params)
    if plan.over_repeats is not None:
        message = "is for a study; compare takes --pass-at K"
        return [source.fault((metric, "over_repeats"), message, on_key=True)]
    if not getattr(scorer, "needs_trace", False):
        message = f"the scorer {plan.scorer!r} needs the answer, expected one of traces"
        return [source.fault((metric, "scorer"), message)]
    return scorer
