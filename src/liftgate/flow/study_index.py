"""What is known of every study of a workspace, kept up to date with the ledger, entry by entry.

A ledger of a thousand studies takes seconds to read, a page may not. The index verifies it once,
and then only what was added since; it holds a few facts of each study and no body of an entry.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liftgate.canon import digest
from liftgate.documents.report import ranked
from liftgate.errors import UnknownName, did_you_mean
from liftgate.flow.ledger import CORRECTION
from liftgate.ledger import KnownEntries
from liftgate.lineage.impact import REOPENED, evidence_of
from liftgate.records import Entry
from liftgate.store import RUN_FINISHED, Seen, Workspace
from liftgate.study.lock import AMENDED, DECISION, LOCKED

_FOREIGN = (KeyError, TypeError, ValueError, AttributeError, AssertionError)
MOST_NAMED = 20
"""Studies that are named to whoever asks for one that is not there; of more, the nearest."""


@dataclass(frozen=True)
class Decided:
    """One decision of a study."""

    sequence: int
    time: datetime
    study_digest: str
    words: Mapping[str, str]
    """Candidate -> ship, hold or inconclusive; the recommended one first."""
    recommended: str | None
    evidence: str
    """Digest of what it rests on: decided once more on the same, it is no other decision."""


@dataclass
class Known:
    """What is known of one study."""

    name: str
    hypothesis: str
    owner: str
    sequence: int
    """Of its first lock."""
    locked: datetime
    digest: str
    """As it holds now, amendments included."""
    planned: int
    """Trials: items, times arms, times repeats."""
    plan: str
    """fixed, planned-looks or anytime."""
    arms: frozenset[str]
    """Their names."""
    amended: int | None = None
    """The entry of the last amendment."""
    locks: list[int] = field(default_factory=list)
    """The entries of its lock and of its amendments."""
    decisions: list[Decided] = field(default_factory=list)
    runs: int = 0
    last_run: int | None = None
    """The entry of the last run that may have added rows that its decision counts."""
    corrected: int | None = None
    """The entry that last corrected its lock or one of its decisions."""
    reopened: dict[int, int] = field(default_factory=dict)
    """Entry of a decision -> the entry that last reopened it."""
    active: datetime | None = None
    """Time of the last entry about it."""

    @property
    def decision(self) -> Decided | None:
        """The last decision."""
        return self.decisions[-1] if self.decisions else None

    @property
    def stale(self) -> str:
        """Why the last decision is not of the evidence as it is now; empty: it is, or is none."""
        last = self.decision
        if last is None:
            return ""
        same = [one.sequence for one in self.decisions if one.evidence == last.evidence]
        again = [self.reopened[number] for number in same if number in self.reopened]
        if again:
            return f"the decision was reopened (entry {max(again)})"
        if last.study_digest != self.digest:
            place = f" (entry {self.amended})" if self.amended else ""
            return f"the study was amended since{place}"
        if self.last_run is not None and self.last_run > last.sequence:
            return f"a run added rows since (entry {self.last_run})"
        if self.corrected is not None and self.corrected > last.sequence:
            return f"an entry was corrected since (entry {self.corrected})"
        return ""


class StudyIndex:
    """The studies of a workspace by name; ask ``now`` for them."""

    def __init__(self, workspace: Workspace) -> None:
        self._known = KnownEntries(workspace.home)
        self.seen = Seen()
        """What pages have seen of the files of runs."""
        self._turn = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._studies: dict[str, Known] = {}
        self._of_digest: dict[str, Known] = {}
        self._of_entry: dict[int, Known] = {}
        self._of_run: dict[str, int] = {}

    def now(self) -> Mapping[str, Known]:
        """Return every study, after having read what was added to the ledger.

        Raises:
            BrokenChain: an entry is not what was recorded.
        """
        with self._turn:
            self._catch_up()
            return dict(self._studies)

    def ledger(self) -> list[Entry]:
        """Return every entry, verified; a body is read from the ledger when it is looked into.

        Raises:
            BrokenChain: an entry is not what was recorded.
        """
        with self._turn:
            self._catch_up()
            return self._known.now()

    def verified(self) -> dict[str, Any]:
        """Return what pages rely on: what was verified of the ledger by this process, and when."""
        with self._turn:
            known = self._known
            entries = len(known.now())
            return {
                "entries": entries,
                "since": max(0, entries - known.whole),
                "whole": None if known.examined is None else _to_seconds(known.examined),
                "last": None if known.known is None else _to_seconds(known.known),
                "replaced": known.replaced,
            }

    def study(self, name: str) -> Known:
        """Return one study, as ``now`` does.

        Raises:
            UnknownName: there is none of that name.
            BrokenChain: an entry is not what was recorded.
        """
        studies = self.now()
        if name not in studies:
            near = [did_you_mean(name, studies)] if len(studies) > MOST_NAMED else sorted(studies)
            hint = "The list of studies is at /studies"
            raise UnknownName("study", name[:200], [*filter(None, near)] or ["…"], hint=hint)
        return studies[name]

    @property
    def entries(self) -> int:
        """How many entries were verified."""
        return len(self._known.now())

    def of_digest(self, digest: str) -> Known | None:
        """Return the study that has, or before an amendment had, this digest."""
        return self._of_digest.get(digest)

    def of_run(self, run: str) -> int | None:
        """Return the entry of a run that ended, by the run's id."""
        return self._of_run.get(run)

    def _catch_up(self) -> None:
        def take(entry: Entry) -> None:
            if entry.sequence == 1:
                self._forget()  # another ledger took the place of the one that was read
            self._take(entry)

        if self._known.refresh(take) and not self._known.now():
            self._forget()

    def _take(self, entry: Entry) -> None:
        try:
            study = self._about(entry)
        except _FOREIGN:
            return  # somebody else wrote it: `gate status` names it, and no page falls over it
        if study is not None:
            self._of_entry[entry.sequence] = study
            study.active = entry.time

    def _about(self, entry: Entry) -> Known | None:
        """Take in an entry, and return the study that it is about, if it is about one."""
        body = entry.body
        if entry.kind == LOCKED:
            return self._locked(entry)
        if entry.kind == AMENDED:
            return self._amended(entry)
        if entry.kind == DECISION:
            return self._decided(entry)
        if entry.kind == RUN_FINISHED:
            self._of_run.setdefault(str(body["id"]), entry.sequence)
            study = self._of_digest.get(str(body["study"]))
            if study is not None:
                study.runs += 1
                if _adds_rows(body, study.arms):
                    study.last_run = entry.sequence
            return study
        if entry.kind == REOPENED:
            return self._reopened(entry)
        if entry.kind == CORRECTION:
            study = self._of_entry.get(int(body["corrects"]))
            if study is not None:
                study.corrected = entry.sequence
            return study
        named = body.get("study", body.get("study_digest"))
        if not isinstance(named, str):
            return None
        return self._studies.get(named) or self._of_digest.get(named)

    def _locked(self, entry: Entry) -> Known:
        name = str(entry.body["name"])
        if name in self._studies:
            return self._studies[name]
        model = entry.body["study"]
        study = Known(
            name,
            str(model["hypothesis"]),
            str(model.get("owner", "")),
            entry.sequence,
            entry.time,
            str(entry.body["study_digest"]),
            _planned(entry.body),
            str(model.get("stopping", {}).get("plan", "fixed")),
            frozenset(entry.body["arms"]),
        )
        study.locks.append(entry.sequence)
        self._studies[name] = self._of_digest[study.digest] = study
        return study

    def _amended(self, entry: Entry) -> Known | None:
        study = self._studies.get(str(entry.body["name"]))
        if study is None:
            return None
        model = entry.body["study"]
        study.hypothesis, study.owner = str(model["hypothesis"]), str(model.get("owner", ""))
        study.digest, study.amended = str(entry.body["study_digest"]), entry.sequence
        study.planned, study.arms = _planned(entry.body), frozenset(entry.body["arms"])
        study.locks.append(entry.sequence)
        self._of_digest[study.digest] = study
        return study

    def _reopened(self, entry: Entry) -> Known | None:
        """Take in which decisions were reopened; return the last study that is concerned."""
        study = None
        for one in entry.body["decisions"]:
            study = self._studies.get(str(one["study"]), study)
            if str(one["study"]) in self._studies:
                self._studies[str(one["study"])].reopened[int(one["entry"])] = entry.sequence
        return study

    def _decided(self, entry: Entry) -> Known | None:
        body = entry.body
        study = self._studies.get(str(body["study"]))
        if study is not None:
            words = {str(one["candidate"]): str(one["word"]) for one in ranked(body)}
            study.decisions.append(
                Decided(
                    entry.sequence,
                    entry.time,
                    str(body["study_digest"]),
                    words,
                    body.get("recommended"),
                    digest(evidence_of(entry)),
                )
            )
        return study


def _to_seconds(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _adds_rows(run: Mapping[str, Any], arms: frozenset[str]) -> bool:
    """Whether a run of a study may have added rows that its decision counts.

    Ratings of people are no rows of a decision, nor are the calls of a system that is no arm, such
    as a stage that was asked by itself. ``gate status`` goes by the rows and finds the same.
    """
    told = run.get("manifest") or {}
    called = told.get("concurrency")
    return not told.get("rating") and (not called or not arms.isdisjoint(called))


def _planned(body: Mapping[str, object]) -> int:
    dataset, arms, model = body["dataset"], body["arms"], body["study"]
    assert isinstance(dataset, Mapping)
    assert isinstance(arms, Mapping)
    assert isinstance(model, Mapping)
    return int(dataset["items"]) * len(arms) * int(model.get("repeats", 1))
