"""From a thing that turned out wrong to the decisions that rest on it, and their reopening.

What a decision rests on is read from the ledger: its own body, its lock and amendments, the runs
that hold its rows, the calibrations of its judges. Nothing is searched by words. What an entry
only names by a digest (who gave which label) and whose signature counts is told by the caller.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.lineage.thing import Kind, Thing
from liftgate.records import Entry
from liftgate.store import RUN_FINISHED
from liftgate.study.lock import AMENDED, DECISION, LOCKED

REOPENED = "decision.reopened"
"""Kind of the entry that says that decisions must be looked at again, and why."""
CALIBRATED = "judge.calibrated"
_NEAR = 8

Raters = Callable[[str], tuple[str, ...] | None]
"""Digest of a set of labels -> who gave them; None: it was erased."""
Signers = Mapping[int, Sequence[tuple[int, str]]]
"""Entry -> (entry of a signature under it, name or id of the key)."""


@dataclass(frozen=True)
class Link:
    """One thing that a decision rests on."""

    kind: Kind
    name: str
    why: str
    entry: int | None = None
    """The ledger entry that says so."""


@dataclass(frozen=True)
class Unknown:
    """What a decision rests on and nobody can name any more."""

    kind: Kind
    why: str


@dataclass(frozen=True)
class Affected:
    """A decision that rests on the thing."""

    entry: int
    leaf: str
    study: str
    words: Mapping[str, str]
    """Candidate -> ship, hold, inconclusive."""
    newest: bool
    """Whether it is its study's last decision."""
    why: tuple[str, ...]
    reopened: tuple[int, ...]
    """Entries that reopened it for this very thing."""


@dataclass(frozen=True)
class Impact:
    """All decisions that rest on a thing."""

    thing: Thing
    decisions: int
    """How many decisions the ledger has."""
    affected: tuple[Affected, ...]
    untold: Mapping[int, str]
    """Decision -> why nobody can tell whether it rests on the thing."""

    @property
    def open(self) -> tuple[Affected, ...]:
        """Those that are not marked as reopened for it."""
        return tuple(one for one in self.affected if not one.reopened)


@dataclass(frozen=True, eq=False)
class Index:
    """A verified ledger, arranged by what decisions refer to."""

    entries: Sequence[Entry]
    signers: Signers
    raters: Raters

    def of_kind(self, *kinds: str) -> Iterator[Entry]:
        """Yield the entries of some kinds, in order."""
        return (entry for entry in self.entries if entry.kind in kinds)

    def runs(self) -> dict[str, Entry]:
        """Return run -> entry of its end."""
        return {str(e.body["id"]): e for e in self.of_kind(RUN_FINISHED)}


def impact(thing: Thing, index: Index) -> Impact:
    """Return the decisions that rest on a thing.

    Raises:
        UnknownName: the ledger names no such thing; "nothing rests on it" is never said of a typo.
        DataError: a cut digest is the beginning of several.
    """
    runs = index.runs()
    decisions = list(index.of_kind(DECISION))
    found = {entry.sequence: list(rests_on(entry, index, runs)) for entry in decisions}
    known = [one for links in found.values() for one in links if isinstance(one, Link)]
    thing = _resolved(thing, [*known, *named(index)])
    marks = reopenings(index.entries)
    last = {str(entry.body["study"]): entry.sequence for entry in decisions}
    affected: list[Affected] = []
    untold: dict[int, str] = {}
    for entry in decisions:
        of_kind = [one for one in found[entry.sequence] if one.kind is thing.kind]
        links = [one for one in of_kind if isinstance(one, Link)]
        mine = [one for one in links if thing.is_called(one.name)]
        gaps = [one.why for one in of_kind if isinstance(one, Unknown)]
        if mine:
            affected.append(_affected(entry, mine, last, marks.get(entry.sequence, ()), thing))
        elif gaps:
            untold[entry.sequence] = "; ".join(gaps)
    return Impact(thing, len(decisions), tuple(affected), untold)


def rests_on(decision: Entry, index: Index, runs: Mapping[str, Entry]) -> Iterator[Link | Unknown]:
    """Yield everything that a decision rests on, as far as it can be named.

    Args:
        decision: its entry.
        index: of the ledger.
        runs: run -> entry of its end.
    """
    body, number = decision.body, decision.sequence
    data = body["dataset"]
    yield Link(Kind.DATASET, str(data["digest"]), f"its {data['items']:,} items", number)
    yield Link(Kind.DATASET, str(data["name"]), f"its items, by name {data['name']}", number)
    if body.get("prices"):
        yield Link(Kind.PRICES, str(body["prices"]["digest"]), "its costs", number)
    for arm in body["arms"]:
        yield Link(Kind.ARM, str(arm["fingerprint"]), f"its arm {arm['name']}", number)
    yield Link(Kind.PERSON, decision.author, "made the decision", number)
    yield from _of_signers(number, "signed about the decision", index)
    yield from _of_lock(decision, index)
    yield from _of_judges(decision, index)
    yield from _of_runs(decision, index, runs)


def named(index: Index) -> Iterator[Link]:
    """Yield what the ledger names beside decisions: nothing rests on it yet, but it is known."""
    for entry in index.entries:
        yield Link(Kind.PERSON, entry.author, "", entry.sequence)
        yield from _of_signers(entry.sequence, "", index)
        body = entry.body
        if entry.kind in (LOCKED, AMENDED):
            yield Link(Kind.DATASET, str(body["dataset"]["digest"]), "", entry.sequence)
            for kind, part in ((Kind.JUDGE, "scorers"), (Kind.ARM, "arms")):
                for fingerprint in body[part].values():
                    yield Link(kind, str(fingerprint), "", entry.sequence)
        elif entry.kind == RUN_FINISHED:
            yield from (one for one in _of_run(entry, index) if isinstance(one, Link))
        elif entry.kind == CALIBRATED:
            yield Link(Kind.JUDGE, str(body["judge"]), "", entry.sequence)
            yield from (one for one in _of_labels(entry, index) if isinstance(one, Link))


def reopenings(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """Return decision -> the entries by which it was reopened, in order."""
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.kind == REOPENED:
            for one in entry.body["decisions"]:
                found.setdefault(int(one["entry"]), []).append(entry)
    return found


def reopened_lines(entries: Iterable[Entry], decision: int) -> tuple[str, ...]:
    """Return one sentence for each time that a decision was reopened."""
    return tuple(
        f"reopened by ledger entry {entry.sequence}: {entry.body['thing']} ({entry.body['reason']})"
        for entry in reopenings(entries).get(decision, ())
    )


def still_reopened(entries: Sequence[Entry], decision: Entry) -> tuple[str, ...]:
    """Return ``reopened_lines`` of a decision and of earlier ones on the same evidence.

    Deciding once more on the rows that were called wrong is not looking at them again; nor are
    other rows or another wording, where the items were called wrong and are the same.
    """
    if not any(one.kind == REOPENED for one in entries):
        return ()
    mine = [
        one
        for one in entries
        if one.kind == decision.kind
        and one.body["study"] == decision.body["study"]
        and one.sequence <= decision.sequence
    ]
    same = [one.sequence for one in mine if evidence_of(one) == evidence_of(decision)]
    found = [line for one in same for line in reopened_lines(entries, one)]
    items = f"{Kind.DATASET.value}:{decision.body['dataset'].get('digest')}"
    wrong = [one for one in entries if one.kind == REOPENED and one.body.get("thing") == items]
    found += [line for one in mine for line in reopened_lines(wrong, one.sequence)]
    return tuple(dict.fromkeys(found))


def evidence_of(decision: Entry) -> tuple[Any, ...]:
    """Return what a decision rests on: study, as it was locked, rows and judges."""
    body = decision.body
    return body["study"], body["study_digest"], body["rows"]["digest"], body.get("judges")


def reopening(found: Impact, reason: str) -> dict[str, Any]:
    """Return the body of the entry that reopens what is not reopened yet."""
    return {
        "liftgate": 1,
        "thing": str(found.thing),
        "reason": reason.strip(),
        "decisions": [
            {
                "entry": one.entry,
                "leaf": one.leaf,
                "study": one.study,
                "why": list(one.why),
            }
            for one in found.open
        ],
    }


def _affected(
    entry: Entry,
    links: Sequence[Link],
    last: Mapping[str, int],
    marks: Sequence[Entry],
    thing: Thing,
) -> Affected:
    study = str(entry.body["study"])
    said = (
        f"{one.why} (entry {one.entry})" if one.entry not in (None, entry.sequence) else one.why
        for one in links
    )
    return Affected(
        entry.sequence,
        entry.leaf,
        study,
        {one["candidate"]: one["word"] for one in entry.body["decisions"]},
        last[study] == entry.sequence,
        tuple(dict.fromkeys(said)),
        tuple(mark.sequence for mark in marks if mark.body["thing"] == str(thing)),
    )


def _of_lock(decision: Entry, index: Index) -> Iterator[Link]:
    """What was locked: who locked and amended it, and by what it is scored."""
    study = str(decision.body["study"])
    mine = [
        entry
        for entry in index.of_kind(LOCKED, AMENDED)
        if entry.body.get("name") == study and entry.sequence < decision.sequence
    ]
    for entry in mine:
        word = "locked" if entry.kind == LOCKED else "amended"
        yield Link(Kind.PERSON, entry.author, f"{word} its study", entry.sequence)
        yield from _of_signers(entry.sequence, f"signed what was {word}", index)
    held = [e for e in mine if e.body["study_digest"] == decision.body["study_digest"]]
    for entry in held[-1:]:
        for metric, fingerprint in entry.body["scorers"].items():
            said = f"scores its metric {metric}"
            yield Link(Kind.JUDGE, str(fingerprint), said, entry.sequence)
            params = entry.body["study"]["scorers"][metric].get("params") or {}
            if isinstance(params.get("rubric"), str):
                said = f"the rubric of its metric {metric}"
                yield Link(Kind.RUBRIC, params["rubric"], said, entry.sequence)


def _of_judges(decision: Entry, index: Index) -> Iterator[Link | Unknown]:
    """The calibrations and labels on which its judged metrics rest."""
    body = decision.body
    judged: Mapping[str, Any] = body.get("judges") or {}
    for metric, about in judged.items():
        for entry in index.of_kind(CALIBRATED):
            mine = entry.sequence < decision.sequence and entry.body["metric"] == metric
            own = entry.body["study"] == body["study"]
            if mine and (own or entry.sequence == about["calibrated"]):
                yield from _of_labels(entry, index)
        if about["drawn"] is not None:
            drawn = index.entries[int(about["drawn"]) - 1]
            yield Link(Kind.PERSON, drawn.author, "drew items for its labels", drawn.sequence)


def _of_labels(entry: Entry, index: Index) -> Iterator[Link | Unknown]:
    """What one calibration names: rubric, labels, and who gave them."""
    body, number = entry.body, entry.sequence
    rubric, labels = body["rubric"], body["labels"]
    for name in (rubric["digest"], rubric["name"]):
        yield Link(Kind.RUBRIC, str(name), f"the rubric of its judge of {body['metric']}", number)
    for name in (labels["digest"], labels.get("file")):
        if name is not None:
            yield Link(Kind.LABELS, str(name), f"people's labels of {body['metric']}", number)
    yield Link(Kind.PERSON, entry.author, "calibrated its judge", number)
    raters = index.raters(str(labels["digest"]))
    if raters is None:
        said = f"the labels of entry {number} were erased: who gave them is not known any more"
        yield Unknown(Kind.PERSON, said)
    for rater in raters or ():
        yield Link(Kind.PERSON, rater, f"labelled answers of {body['metric']}", number)


def _of_runs(decision: Entry, index: Index, runs: Mapping[str, Entry]) -> Iterator[Link | Unknown]:
    names = sorted({str(name).partition("/")[0] for name in decision.body["rows"]["files"]})
    for name in names:
        if name in runs:
            yield from _of_run(runs[name], index)
        else:
            yield Link(Kind.RUN, name, "made rows of it", decision.sequence)
            yield Unknown(Kind.COMMIT, f"no entry tells of run {name}")


def _of_run(entry: Entry, index: Index) -> Iterator[Link | Unknown]:
    name, captured = str(entry.body["id"]), entry.body["manifest"]
    yield Link(Kind.RUN, name, "made rows of it", entry.sequence)
    yield Link(Kind.PERSON, entry.author, f"ran {name}", entry.sequence)
    yield from _of_signers(entry.sequence, f"signed about {name}", index)
    git = captured.get("git")
    if isinstance(git, Mapping):
        said = f"run {name} ran its code"
        changed = git.get("dirty") or git.get("untracked")
        said += ", changed and not committed" if changed else ""
        yield Link(Kind.COMMIT, str(git["commit"]), said, entry.sequence)
    elif "rating" not in captured:
        yield Unknown(Kind.COMMIT, f"run {name} captured no commit")


def _of_signers(about: int, why: str, index: Index) -> Iterator[Link]:
    for number, name in index.signers.get(about, ()):
        yield Link(Kind.PERSON, name, why, number)


def _resolved(thing: Thing, known: Iterable[Link]) -> Thing:
    """Return the thing by its whole name, where it was called by the beginning of one."""
    names = sorted({one.name for one in known if one.kind is thing.kind})
    called = [name for name in names if thing.is_called(name)]
    if not called:
        near = difflib.get_close_matches(thing.name, names, n=_NEAR, cutoff=0.0)
        hint = "liftgate trace ENTRY shows what a decision rests on"
        raise UnknownName(thing.kind.value, thing.name, near, hint=hint)
    if thing.kind is Kind.PERSON or thing.name in called:
        return thing
    if len(called) > 1:
        raise DataError(f"thing: {thing} is the beginning of several: {', '.join(called[:_NEAR])}")
    return Thing(thing.kind, called[0])
