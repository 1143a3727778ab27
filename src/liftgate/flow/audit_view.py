"""The ledger as plain values: its entries from the newest, one entry, and what verifying found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from liftgate.canon import parse, plain
from liftgate.documents.page import clip
from liftgate.errors import BrokenChain, LiftgateError
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.ledger import verify
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import Ledger, dsse, statements
from liftgate.ledger.trust import load as load_trust
from liftgate.lineage.trace import find_entry
from liftgate.records import Entry
from liftgate.store import Workspace
from liftgate.study.lock import AMENDED, DECISION, LOCKED

ROWS = 50
MOST_LOOKED_AT = 5_000
"""Entries that one page looks through for its filter; older ones come with the next page."""
MOST_TEXT = 60_000
_NAMES = ("study", "name", "model", "batch", "act", "digest")
"""Places of a body that say what it is about, in their order."""


def audit_view(
    index: StudyIndex, *, kind: str = "", text: str = "", before: int | None = None
) -> dict[str, Any]:
    """Return entries from the newest.

    Args:
        index: of the studies, which knows the ledger.
        kind: only this kind; empty: all.
        text: only entries whose author or subject holds it, whatever its case.
        before: only entries before this number.

    Raises:
        BrokenChain: an entry is not what was recorded.
    """
    found: dict[str, Any] = {"kind": kind, "text": text, "before": before}
    rows: list[dict[str, Any]] = []
    entries = index.ledger()
    size = len(entries)
    first = min(size, before - 1 if before is not None else size)
    number = first
    while number >= 1 and len(rows) < ROWS and first - number < MOST_LOOKED_AT:
        entry = entries[number - 1]
        if entry.kind == kind or not kind:
            row = _row(entry)
            if _wanted(row, text):
                rows.append(row)
        number -= 1
    older = {"kind": kind, "q": text, "before": number + 1} if number >= 1 else None
    return {
        **found,
        "verified": index.verified(),
        "entries": size,
        "rows": rows,
        "looked_at": first - number,
        "older": None if older is None else urlencode({k: v for k, v in older.items() if v}),
    }


def entry_view(index: StudyIndex, workspace: Workspace, number: int) -> dict[str, Any]:
    """Return one entry with all that it says.

    Raises:
        UnknownName: there is none of that number.
        BrokenChain: it is not what was recorded.
    """
    entries = index.ledger()
    entry = find_entry(entries, number)
    body = json.dumps(plain(entry.body), indent=2, ensure_ascii=False, sort_keys=True)
    return {
        **_row(entry),
        "verified": index.verified(),
        "previous_leaf": entry.previous,
        "refs": dict(entry.refs),
        "body": clip(body, MOST_TEXT),
        "signature": _signature(entry, workspace),
        "links": _links(entry),
        "newer": number + 1 if number < len(entries) else None,
        "older": number - 1 if number > 1 else None,
    }


def verify_view(workspace: Workspace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Verify chain, signatures and files now, and return what was found; nothing is changed.

    Args:
        workspace: whose ledger and files; nothing that was verified before is relied upon.
        tell: told how far it is.
    """
    if not Ledger.exists(workspace.home):
        return {"sound": None, "says": "There is no ledger yet.", "hint": "liftgate study lock"}
    try:
        found = verify(workspace, tell=tell)
    except BrokenChain as error:
        return {"sound": False, "says": clip(str(error), 2_000), "hint": clip(error.hint, 500)}
    return {
        "sound": True,
        "entries": found.entries,
        "files": found.files,
        "runs": found.runs,
        "unrecorded": list(found.unrecorded),
        "clock_went_back": list(found.clock_went_back),
        "statements": len(found.statements),
        "says": f"{found.entries:,} entries are one chain, and {found.files:,} files of "
        f"{found.runs:,} runs are as they were recorded.",
        "hint": "",
    }


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry.sequence,
        "kind": entry.kind,
        "time": entry.time.isoformat(),
        "author": clip(entry.author, 120),
        "about": clip(_about(entry), 160),
        "leaf": entry.leaf,
        "address": f"/audit/entry?n={entry.sequence}",
    }


def _about(entry: Entry) -> str:
    body = entry.body
    if entry.kind == statements.KIND:
        kind = str(body.get("predicate", "")).rpartition(":predicate:")[2].removesuffix(":v1")
        return f"{kind} about entry {body.get('about')}"
    # A lock's study is all that it says; its name is what it is looked up by.
    for name in _NAMES[1:] if entry.kind in (LOCKED, AMENDED) else _NAMES:
        if isinstance(body.get(name), str):
            return str(body[name])
    return ""


def _wanted(row: Mapping[str, Any], text: str) -> bool:
    return text.casefold() in f"{row['author']} {row['about']}".casefold()


def _links(entry: Entry) -> list[dict[str, str]]:
    body = entry.body
    found = []
    for name in ("study", "name"):
        study = body.get(name)
        if isinstance(study, str) and entry.kind in (DECISION, LOCKED, AMENDED):
            query = {
                "study": study,
                **({"entry": entry.sequence} if entry.kind == DECISION else {}),
            }
            found.append({"title": "Decision", "address": f"/decision?{urlencode(query)}"})
            break
    if entry.kind == DECISION or "files" in body:
        address = f"/trace?{urlencode({'ref': entry.sequence})}"
        found.append({"title": "Trace", "address": address})
    about = body.get("about", body.get("corrects"))
    if isinstance(about, int):
        found.append({"title": f"Entry {about}", "address": f"/audit/entry?n={about}"})
    return found


def _signature(entry: Entry, workspace: Workspace) -> dict[str, Any] | None:
    """Return what a statement says and whose trusted key made its signature; None: no statement.

    Whether the key was valid and in that role at the time is what verifying says.
    """
    if entry.kind != statements.KIND:
        return None
    try:
        trust = load_trust(trust_file(workspace, None))
        envelope = dsse.read(entry.body.get("envelope"), statements.TYPE)
        payload = parse(envelope.payload)
        signers = dsse.signers(envelope, trust.public)
    except (LiftgateError, ValueError) as error:
        return {"by": [], "strangers": 0, "said": f"cannot be read: {clip(str(error), 500)}"}
    said = payload.get("predicate") if isinstance(payload, Mapping) else payload
    text = json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True)
    return {
        "by": [clip(trust.of(one).key.name, 120) for one in signers],
        "strangers": len(envelope.signatures) - len(signers),
        "said": clip(text, 20_000),
    }
