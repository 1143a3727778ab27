"""One study as plain values: its decision in one minute, or what it will be decided by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from liftgate.canon import plain
from liftgate.documents.brief import brief, demands
from liftgate.errors import UnknownName
from liftgate.flow.studies_view import Wanted, study_row
from liftgate.flow.study_index import Known, StudyIndex
from liftgate.ledger import Ledger, shapes
from liftgate.lineage.impact import REOPENED, still_reopened
from liftgate.records import Entry
from liftgate.store import Workspace
from liftgate.study.design import Study

MOST_BEFORE = 20


def decision_view(
    index: StudyIndex,
    workspace: Workspace,
    *,
    study: str,
    entry: int | None = None,
    candidate: str | None = None,
) -> dict[str, Any]:
    """Return a study with its last decision, or with that of an entry.

    Args:
        index: of the studies.
        workspace: where the ledger lies.
        study: the study's name.
        entry: of the decision; None: the last one.
        candidate: to show in full; None: the first ones.

    Raises:
        UnknownName: no study of that name, no decision of that number, no such candidate.
        BrokenChain: the entry is not what was recorded.
    """
    known = index.study(study)
    row = study_row(index, workspace, known, Wanted())
    numbers = [one.sequence for one in known.decisions]
    if entry is not None and entry not in numbers:
        raise UnknownName("decision entry", str(entry), map(str, numbers))
    number = entry if entry is not None else (numbers[-1] if numbers else None)
    return {
        "study": row,
        "decision": None if number is None else _decision(workspace, known, number, candidate),
        "asked": _asked(workspace, known) if number is None else None,
        "decisions": [
            {
                "entry": one.sequence,
                "time": one.time.isoformat(),
                "words": dict(one.words),
                "shown": one.sequence == number,
                "reopened": known.reopened.get(one.sequence),
                "address": f"/decision?{urlencode({'study': study, 'entry': one.sequence})}",
            }
            for one in reversed(known.decisions[-MOST_BEFORE:])
        ],
        "more_decisions": max(0, len(numbers) - MOST_BEFORE),
    }


def _decision(
    workspace: Workspace, known: Known, number: int, candidate: str | None
) -> dict[str, Any]:
    with Ledger.open(workspace.home, read_only=True) as ledger:
        entry = ledger.entry(number)
        reopened = _reopened(ledger, known, entry)
    names = [one["candidate"] for one in entry.body["decisions"]]
    if candidate is not None and candidate not in names:
        raise UnknownName("candidate", candidate, names)
    said = brief(entry.body, number, candidate=candidate)
    for one in said["candidates"]:
        query = urlencode({"study": known.name, "entry": number, "candidate": one["name"]})
        one["address"] = f"/decision?{query}"
    return {
        "entry": number,
        "leaf": entry.leaf,
        "time": entry.time.isoformat(),
        "author": entry.author,
        "newest": known.decisions[-1].sequence,
        "stale": known.stale if number == known.decisions[-1].sequence else "",
        "reopened": list(reopened),
        **said,
    }


def _reopened(ledger: Ledger, known: Known, entry: Entry) -> tuple[str, ...]:
    """Return why a decision, or an earlier one on the same evidence, is to be looked at again."""
    if not known.reopened:
        return ()
    told = [one for one in ledger.entries(REOPENED) if not shapes.fault(one)]
    mine = [ledger.entry(one.sequence) for one in known.decisions if one.sequence <= entry.sequence]
    return still_reopened([*mine, *told], entry)


def _asked(workspace: Workspace, known: Known) -> dict[str, Any]:
    """Return what an undecided study will be decided by, as it is locked."""
    with Ledger.open(workspace.home, read_only=True) as ledger:
        body = ledger.entry(known.amended or known.sequence).body
    claims = plain(Study(**body["study"]).every_claim())
    return {
        "arms": sorted(body["arms"]),
        "items": body["dataset"]["items"],
        "plan": known.plan,
        "claims": demands(claims, body["scales"]),
    }
