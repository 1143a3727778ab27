"""The doors: what a plug-in must be. A plug-in is one file and one entry-point line.

A plug-in is a *factory*, named under ``liftgate.systems``, ``liftgate.scorers``,
``liftgate.rules``, ``liftgate.importers``, ``liftgate.exporters``, ``liftgate.executors`` or
``liftgate.registries``. The keyword parameters of a scorer's or rule's factory, with their
annotations, are the grammar of its node in a study file: the loader checks them and says where.
"""

from __future__ import annotations

from liftgate.protocols.executing import (
    Executor,
    Feed,
    Site,
    Work,
    Worker,
)
from liftgate.protocols.registries import (
    ModelVersion,
    Registry,
    RegistryFactory,
)
from liftgate.protocols.rules import (
    Evidence,
    Rule,
)
from liftgate.protocols.scoring import (
    Ask,
    Foreseeing,
    Judge,
    JudgeFactory,
    OfVerdicts,
    PairJudge,
    Progress,
    Reply,
    Scorer,
    SystemName,
)
from liftgate.protocols.systems import (
    Bounded,
    Budget,
    Composed,
    Describing,
    Expected,
    Identified,
    Metered,
    Sent,
    Staged,
    Startable,
    System,
    SystemFactory,
    TryAgain,
)
from liftgate.protocols.tables import (
    Exporter,
    ForeignTable,
    Head,
    Importer,
    Recognising,
    Row,
    RowTexts,
    TakeTexts,
    TakeTrace,
    ToldRow,
    ToldSide,
)

__all__ = [
    "Ask",
    "Bounded",
    "Budget",
    "Composed",
    "Describing",
    "Evidence",
    "Executor",
    "Expected",
    "Exporter",
    "Feed",
    "ForeignTable",
    "Foreseeing",
    "Head",
    "Identified",
    "Importer",
    "Judge",
    "JudgeFactory",
    "Metered",
    "ModelVersion",
    "OfVerdicts",
    "PairJudge",
    "Progress",
    "Recognising",
    "Registry",
    "RegistryFactory",
    "Reply",
    "Row",
    "RowTexts",
    "Rule",
    "Scorer",
    "Sent",
    "Site",
    "Staged",
    "Startable",
    "System",
    "SystemFactory",
    "SystemName",
    "TakeTexts",
    "TakeTrace",
    "ToldRow",
    "ToldSide",
    "TryAgain",
    "Work",
    "Worker",
]
