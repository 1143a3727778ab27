"""The doors: what a plug-in must be. A plug-in is one file and one entry-point line.

A plug-in is a *factory*, named under ``liftgate.systems``, ``liftgate.scorers``,
``liftgate.rules``, ``liftgate.importers``, ``liftgate.exporters`` or ``liftgate.executors``. The
keyword parameters of a scorer's or rule's factory, with their annotations, are the grammar of its
node in a study file: the loader checks them and says where.
"""

from __future__ import annotations

from liftgate.protocols.executing import (
    Executor,
    Feed,
    Work,
    Worker,
)
from liftgate.protocols.rules import (
    Evidence,
    Rule,
)
from liftgate.protocols.scoring import (
    Progress,
    Scorer,
)
from liftgate.protocols.systems import (
    Budget,
    Expected,
    Identified,
    Metered,
    Sent,
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
)

__all__ = [
    "Budget",
    "Evidence",
    "Executor",
    "Expected",
    "Exporter",
    "Feed",
    "ForeignTable",
    "Head",
    "Identified",
    "Importer",
    "Metered",
    "Progress",
    "Recognising",
    "Row",
    "Rule",
    "Scorer",
    "Sent",
    "Startable",
    "System",
    "SystemFactory",
    "TryAgain",
    "Work",
    "Worker",
]
