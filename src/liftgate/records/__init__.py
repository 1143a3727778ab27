"""The nouns of liftgate, as frozen values. Every other module speaks in these.

A record holds no NaN and no numpy scalar: what is missing is ``None`` with a reason. Importing
this package imports nothing heavy.
"""

from __future__ import annotations

from liftgate.records.claims import Claim, Decision, DecisionWord, Part, Reading, Status, Verdict
from liftgate.records.comparison import (
    CandidateAnswer,
    Change,
    Check,
    Columns,
    Comparison,
    Comparisons,
    Margin,
    MetricComparison,
    Moves,
    Needed,
    Question,
    Requirement,
    Side,
    SliceComparison,
    Want,
)
from liftgate.records.evaluation import (
    Answer,
    Arm,
    Dataset,
    Failure,
    Item,
    Measure,
    Missing,
    Observation,
    Outcome,
    Role,
    Run,
    Scale,
    Score,
    Trial,
    arm_fingerprint,
    first_token_s,
    trial_key,
)
from liftgate.records.json_value import Json
from liftgate.records.ledger import Entry
from liftgate.records.pairs import Bounds, Pairing, Pairs
from liftgate.records.trace import Step, StepKind, Trace, trace_of
from liftgate.stats.estimate import Estimate
from liftgate.stats.kinds import Alternative, Design, Mark, Population, ScoreKind

__all__ = [
    "Alternative",
    "Answer",
    "Arm",
    "Bounds",
    "CandidateAnswer",
    "Change",
    "Check",
    "Claim",
    "Columns",
    "Comparison",
    "Comparisons",
    "Dataset",
    "Decision",
    "DecisionWord",
    "Design",
    "Entry",
    "Estimate",
    "Failure",
    "Item",
    "Json",
    "Margin",
    "Mark",
    "Measure",
    "MetricComparison",
    "Missing",
    "Moves",
    "Needed",
    "Observation",
    "Outcome",
    "Pairing",
    "Pairs",
    "Part",
    "Population",
    "Question",
    "Reading",
    "Requirement",
    "Role",
    "Run",
    "Scale",
    "Score",
    "ScoreKind",
    "Side",
    "SliceComparison",
    "Status",
    "Step",
    "StepKind",
    "Trace",
    "Trial",
    "Verdict",
    "Want",
    "arm_fingerprint",
    "first_token_s",
    "trace_of",
    "trial_key",
]
