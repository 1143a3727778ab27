"""How entries and verifications are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.flow.ledger import Verified
    from liftgate.flow.move import Moving
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


def moved(found: Moving) -> dict[str, Any]:
    """Return a move, made or only looked at, as JSON."""
    shown = found.shown
    body: dict[str, Any] = {
        "source": found.source,
        "target": found.target,
        "entries": found.entries,
        "held": found.held,
        "done": found.done,
    }
    if shown is not None:
        proof = {"old": shown.old, "size": shown.entries, "hashes": shown.proof}
        body |= {"copied": shown.copied, "origin": shown.origin, "root": shown.root.hex()}
        body["consistency"] = proof
    return body


def moved_text(found: Moving) -> list[str]:
    """Return a move in sentences."""
    place, shown = _place(found.target), found.shown
    if not found.done:
        return [
            f"Sound: {_entries(found.entries)} in {_place(found.source)}; "
            f"{place} holds {found.held:,} of them.",
            f"Nothing was changed; a move would copy {max(found.entries - found.held, 0):,}.",
        ]
    if shown is None:
        return [f"Nothing to do: the ledger, {_entries(found.entries)}, is in {place} already."]
    first = "its first entry" if shown.old == 1 else f"its first {shown.old:,} entries"
    was = f", {found.held:,} were there" if found.held else ""
    return [
        f"Copied {_entries(shown.copied)} from {_place(found.source)} to {place}{was}.",
        f"Sound there: {_entries(shown.entries)} in one chain, under the root of the source; it "
        f"continues {first} (proof of {shown.proof} hashes).",
        f"{_place(found.source)} is closed: it is read, and takes no entry any more. "
        "This workspace uses the new place.",
    ]


def _place(place: str) -> str:
    return place if "://" in place else place.rpartition("/")[2]


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


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
