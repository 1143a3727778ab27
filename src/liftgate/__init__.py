"""liftgate: ship decisions for AI changes, planned, paired, locked and traceable.

Public names are imported when first used, so that ``import liftgate`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.errors import LiftgateError, SystemFailed
    from liftgate.evals.data import load_dataset
    from liftgate.flow.compare import compare_tables
    from liftgate.flow.report import write_report
    from liftgate.flow.run import StudyRun, run_study
    from liftgate.records import (
        Answer,
        Claim,
        Comparison,
        Dataset,
        Decision,
        Estimate,
        Item,
        Missing,
        Question,
        Scale,
        ScoreKind,
        Step,
        StepKind,
        Trace,
        Verdict,
    )
    from liftgate.study.design import Study

__version__ = "0.1.0"

_HOMES = {
    "Answer": "liftgate.records",
    "Claim": "liftgate.records",
    "Comparison": "liftgate.records",
    "Dataset": "liftgate.records",
    "Decision": "liftgate.records",
    "Estimate": "liftgate.records",
    "Item": "liftgate.records",
    "LiftgateError": "liftgate.errors",
    "Missing": "liftgate.records",
    "Question": "liftgate.records",
    "Scale": "liftgate.records",
    "ScoreKind": "liftgate.records",
    "Step": "liftgate.records",
    "StepKind": "liftgate.records",
    "Study": "liftgate.study.design",
    "StudyRun": "liftgate.flow.run",
    "SystemFailed": "liftgate.errors",
    "Trace": "liftgate.records",
    "Verdict": "liftgate.records",
    "compare_tables": "liftgate.flow.compare",
    "load_dataset": "liftgate.evals.data",
    "run_study": "liftgate.flow.run",
    "write_report": "liftgate.flow.report",
}
"""Public name -> where it lives."""

__all__ = [
    "Answer",
    "Claim",
    "Comparison",
    "Dataset",
    "Decision",
    "Estimate",
    "Item",
    "LiftgateError",
    "Missing",
    "Question",
    "Scale",
    "ScoreKind",
    "Step",
    "StepKind",
    "Study",
    "StudyRun",
    "SystemFailed",
    "Trace",
    "Verdict",
    "__version__",
    "compare_tables",
    "load_dataset",
    "run_study",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
