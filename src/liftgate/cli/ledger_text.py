"""How entries and verifications are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.flow.ledger import Verified
    from liftgate.records import Entry


def verified(found: Verified) -> dict[str, Any]:
    """Return what a verification found, as JSON."""
    return {
        "sound": True,
        "entries": found.entries,
        "runs": found.runs,
        "files": found.files,
        "unrecorded": list(found.unrecorded),
        "contents": found.contents._asdict(),
        "against": [
            {
                "place": one.place,
                "size": one.size,
                "time": one.time.isoformat(),
                "signed_by": list(one.signed_by),
            }
            for one in found.against
        ],
        "statements": [
            {
                "sequence": one.sequence,
                "about": one.about,
                "predicate": one.predicate,
                "by": list(one.by),
                "roles": list(one.roles),
            }
            for one in found.statements
        ],
        "clock_went_back": list(found.clock_went_back),
    }


def head(entry: Entry) -> dict[str, Any]:
    """Return an entry without its body, as JSON."""
    return {
        "sequence": entry.sequence,
        "time": entry.time.isoformat(),
        "kind": entry.kind,
        "author": entry.author,
        "leaf": entry.leaf,
        "about": about(entry),
    }


def line(entry: Entry) -> str:
    """Return an entry in one line."""
    from liftgate.canon import short
    from liftgate.figures.text import one_line

    time = entry.time.strftime("%Y-%m-%d %H:%M:%SZ")
    author, said = one_line(entry.author, 30), one_line(about(entry), 80)
    return f"{entry.sequence:>5}  {time}  {short(entry.leaf, 8)}  {entry.kind}  {said}  ({author})"


def about(entry: Entry) -> str:
    """What an entry is about, in a few words; whoever may write may have written anything."""
    try:
        return _about(entry.kind, entry.body)
    except (KeyError, TypeError, AttributeError, ValueError):
        return "not an entry as liftgate writes it"


def _about(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "run.finished":
        return f"{body['id']}, {'complete' if body['complete'] else 'interrupted'}"
    if kind == "decision":
        words = ", ".join(f"{d['candidate']} {d['word']}" for d in body["decisions"])
        return f"{body['study']}: {words}"
    if kind == "statement":
        return f"about entry {body['about']}, {body['predicate']}"
    if kind == "decision.reopened":
        numbers = ", ".join(str(one["entry"]) for one in body["decisions"])
        return f"decisions {numbers}: {body['reason']} ({body['thing']})"
    if kind == "run.reproduced":
        return f"{body['run']}: {body['verdict']}"
    if kind == "correction":
        return f"of entry {body['corrects']}: {body['reason']}"
    if kind == "content.erased":
        return f"{body['digest']}: {body['reason']}"
    if kind == "ledger.checkpoint":
        return f"{body['origin']}, {body['size']:,} entries"
    return str(body.get("name", body.get("study", "")))
