"""From a number back to all that it rests on: entries, dataset, arms, files, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.canon import plain
from liftgate.errors import DataError, UnknownName
from liftgate.lineage.behind import AnswerBehind, PersonBehind, RunBehind
from liftgate.lineage.reference import Target, resolve, split, targets
from liftgate.lineage.rows import Line
from liftgate.records import Entry
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Contents
from liftgate.store.finished import RUN_FILE
from liftgate.study.lock import AMENDED, DECISION, LOCKED

FileState = Callable[[str, str], str]
"""(``<run>/<file>``, recorded digest) -> ``ok``, ``altered`` or ``missing``."""


@dataclass(frozen=True)
class File:
    """One Parquet file, as recorded and as it is now."""

    file: str
    digest: str
    state: str
    recorded_in: int | None
    """The ledger entry of its run; None: no entry names it."""


@dataclass(frozen=True)
class Printed:
    """A number as a built document prints it."""

    file: str
    line: int
    mark: str
    """``m3``: the third bound number of the document."""
    name: str
    """Its binding, ``REFERENCE#FIELD``."""
    text: str
    expected: str
    """What the evidence gives for that binding."""

    @property
    def holds(self) -> bool:
        """Whether the document prints what the evidence says."""
        return self.text.split() == self.expected.split()


@dataclass(frozen=True)
class Trace(Card):
    """Everything behind one reference."""

    entry: Entry
    target: Target | None
    """None: the reference is to the entry as a whole."""
    references: tuple[str, ...]
    """What the entry has numbers for."""
    locked: Entry | None
    """The entry of the lock or of the amendment that held."""
    files: tuple[File, ...]
    lines: Sequence[Line] = ()
    columns: tuple[str, ...] = ()
    """Of the lines, where they are not the arms."""
    notes: tuple[str, ...] = ()
    """What could not be traced, and why."""
    contents: Contents | None = None
    """What became of the answers and traces of the rows; None: no rows were listed."""
    runs: tuple[RunBehind, ...] = ()
    people: tuple[PersonBehind, ...] = ()
    answers: tuple[AnswerBehind, ...] = ()
    """Of the first rows, as many as were asked for."""
    printed: Printed | None = None
    """Where a document prints it, when the reference was to a document."""

    @property
    def sound(self) -> bool:
        """Whether every file still is what was recorded."""
        return all(file.state == "ok" for file in self.files)

    def as_json(self, rows: int | None = None) -> dict[str, Any]:
        """Return the trace as JSON, with at most ``rows`` lines."""
        body = self.entry.body
        found: dict[str, Any] = {
            "liftgate": 1,
            "reference": self.target.reference if self.target else str(self.entry.sequence),
            "number": plain(self.target) if self.target else None,
            "entry": entry_json(self.entry),
            "lock": entry_json(self.locked) if self.locked else None,
            "dataset": body.get("dataset"),
            "arms": _arms(body, self.target),
            "rows_digest": body.get("rows", {}).get("digest"),
            "files": plain(self.files),
            "sound": self.sound,
            "row_count": len(self.lines),
            "rows": plain(self.lines[:rows]),
            "contents": None if self.contents is None else self.contents._asdict(),
            "answers": plain(self.answers),
            "runs": plain(self.runs),
            "people": plain(self.people),
            "notes": list(self.notes),
        }
        if self.printed is not None:
            found["printed"] = {**plain(self.printed), "holds": self.printed.holds}
        if self.target is None:
            found["references"] = list(self.references)
            found["refs"] = dict(self.entry.refs)
        return found


def trace(text: str, entries: Sequence[Entry], state: FileState) -> Trace:
    """Follow a reference as far as the ledger knows; the rows are for the caller to add.

    Args:
        text: the reference.
        entries: of the whole ledger, in order, verified.
        state: says what became of a file.

    Raises:
        DataError: the text is no reference.
        UnknownName: no such entry, or the entry has no such number.
    """
    sequence, rest = split(text)
    entry = find_entry(entries, sequence)
    is_decision = entry.kind == DECISION
    target = None
    if rest is not None:
        if not is_decision:
            raise DataError(
                f"reference {text!r}: entry {sequence} is a {entry.kind!r}, which has no numbers "
                "of its own; expected a decision",
                hint=_decisions(entries),
            )
        target = resolve(entry.body, sequence, rest)
    return Trace(
        entry=entry,
        target=target,
        references=tuple(targets(entry.body, sequence)) if is_decision else (),
        locked=_lock(entry, entries) if is_decision else None,
        files=files_of(entry, entries, state),
    )


def find_entry(entries: Sequence[Entry], sequence: int) -> Entry:
    """Return an entry; raises UnknownName where there is none of that number."""
    if not 1 <= sequence <= len(entries):
        known = [f"1 to {len(entries)}"] if entries else []
        raise UnknownName("ledger entry", str(sequence), known, hint="liftgate ledger log")
    return entries[sequence - 1]


def files_of(entry: Entry, entries: Iterable[Entry], state: FileState) -> tuple[File, ...]:
    """Return the files that an entry names: a decision's rows, or a run's own files.

    The description of a run, without which its rows are not found, comes with its rows.
    """
    recorded: dict[str, tuple[str, int]] = {}
    own: dict[str, str] = {}
    described: dict[int, str] = {}
    for other in entries:
        if other.kind == RUN_FINISHED:
            if RUN_FILE in other.body["files"]:
                described[other.sequence] = other.body["files"][RUN_FILE]
            for name, digest in other.body["files"].items():
                recorded[digest] = (f"{other.body['id']}/{name}", other.sequence)
                if other.sequence == entry.sequence:
                    own[f"{other.body['id']}/{name}"] = digest
    named: Mapping[str, str] = own or entry.body.get("rows", {}).get("files", {})
    files = []
    rows = {recorded[digest][1] for digest in named.values() if digest in recorded}
    of_runs = {
        recorded[one][0]: one
        for n, one in described.items()
        # Without the description of any run, such as a pass of its own, no rows can be listed.
        if entry.kind == DECISION and (n in rows or state(recorded[one][0], one) != "ok")
    }
    for name, digest in sorted({**named, **of_runs}.items()):
        path, sequence = recorded.get(digest, (name, None))
        files.append(File(path, digest, state(path, digest), sequence))
    return tuple(files)


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return what identifies an entry, without its body."""
    return {
        "sequence": entry.sequence,
        "kind": entry.kind,
        "time": entry.time.isoformat(),
        "author": entry.author,
        "leaf": entry.leaf,
    }


def _arms(body: Mapping[str, Any], target: Target | None) -> list[dict[str, Any]]:
    """The arms concerned, in the order of the body."""
    known = body.get("arms", [])
    if not isinstance(known, list):
        return []
    return [
        {name: arm[name] for name in ("name", "role", "system", "fingerprint")}
        for arm in known
        if target is None or arm["name"] in target.arms
    ]


def _lock(decision: Entry, entries: Sequence[Entry]) -> Entry | None:
    """The last entry before a decision that locked or amended exactly its study."""
    digest = decision.body["study_digest"]
    return next(
        (
            entry
            for entry in reversed(entries[: decision.sequence - 1])
            if entry.kind in (LOCKED, AMENDED) and entry.body.get("study_digest") == digest
        ),
        None,
    )


def _decisions(entries: Iterable[Entry]) -> str:
    found = [str(entry.sequence) for entry in entries if entry.kind == DECISION]
    return f"decisions are the entries {', '.join(found)}" if found else "nothing was decided yet"
