"""``drill record``: that something was practised, e.g. going back, and how it went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from liftgate.canon import sha256
from liftgate.errors import DataError
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.policies import refuse_machines
from liftgate.ledger import Ledger, consent
from liftgate.ledger.keys import load_key
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Entry
from liftgate.store import Workspace
from liftgate.study.load import load as load_study

KINDS = {"rollback": "drill.rollback"}
"""What can be practised -> kind of its entry, as policies ask for it."""


@dataclass(frozen=True)
class Drill:
    """What was practised."""

    what: str
    passed: bool
    note: str
    took_s: float | None = None
    """From the order to go back until the old version answered, in seconds."""
    evidence: Path | None = None
    """A log of it: its digest is kept."""


def record(
    workspace: Workspace,
    study: Path,
    drill: Drill,
    *,
    sign_with: str | None = None,
    given: Path | None = None,
) -> Entry:
    """Tell the ledger of a drill, signed if a key is named.

    Raises:
        StudyError: faults of the study's file.
        DataError: no note, a duration that is none, or no such log.
        Refused: a machine's key: machines may record, and do not sign.
    """
    if not drill.note.strip():
        raise DataError("note: got none, say what was done and seen")
    if drill.took_s is not None and not (math.isfinite(drill.took_s) and drill.took_s >= 0):
        raise DataError(f"took: got {drill.took_s:g}, expected seconds, 0 or more")
    if drill.evidence is not None and not drill.evidence.is_file():
        raise DataError(f"{drill.evidence}: there is no such file")
    body = {
        "study": load_study(study).study,
        "verdict": "passed" if drill.passed else "failed",
        "note": drill.note,
        "took_s": drill.took_s,
        "evidence": None if drill.evidence is None else sha256(drill.evidence.read_bytes()),
    }
    key = None if sign_with is None else load_key(sign_with)
    trust = load_trust(trust_file(workspace, given))
    with Ledger.open(workspace.create().home) as ledger:
        if key is not None:
            refuse_machines(ledger, f"sign a {drill.what} drill", [key], trust)
        entry = ledger.append(KINDS[drill.what], body)
        if key is not None:
            consent.give(ledger, entry, consent.DRILL, body, [key], trust)
    return entry
