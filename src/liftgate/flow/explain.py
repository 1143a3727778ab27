"""``cache explain``: why a trial was not found, told by the nearest one that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, did_you_mean
from liftgate.evals.plan import Job, Plan, jobs
from liftgate.evals.select import Selection, is_usable, look
from liftgate.flow.parts import parts_of
from liftgate.flow.study import find, open_study
from liftgate.ledger import Ledger
from liftgate.protocols import Identified
from liftgate.records import Entry, Json, Trial
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study.changes import Change, changes
from liftgate.study.lock import AMENDED, LOCKED


@dataclass(frozen=True)
class Lack:
    """One trial that a run would have to make."""

    arm: str
    item: str
    repeat: int
    part: str
    """Which part of the key or of the study's rules differs: ``arm``, ``input``, ``repeat``,
    ``lock``, ``timeout``, ``failed``, or ``nothing`` where no trial comes near."""
    why: str
    changes: tuple[Change, ...] = ()
    """What differs from the nearest known trial: there, and now."""

    def as_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        listed = [change.as_json() for change in self.changes]
        return {
            "arm": self.arm,
            "item": self.item,
            "repeat": self.repeat,
            "part": self.part,
            "why": self.why,
            "changes": listed,
        }


@dataclass(frozen=True)
class Explained(Card):
    """What a run would find, and what it would not."""

    known: int
    lacks: tuple[Lack, ...]
    """The trials that are not known, in the order in which they would be made."""


def explain(file: Path, item: str | None, workspace: Workspace) -> Explained:
    """Explain what a run of a study would not find; nothing is called and nothing written.

    Args:
        file: the study.
        item: only this item; None: all.
        workspace: with the trials.

    Raises:
        StudyError: the file has faults.
        DataError: the dataset has no such item.
    """
    opened = open_study(file)
    parts = parts_of(opened)
    ids = {one.id for one in parts.dataset.items}
    if item is not None and item not in ids:
        near = did_you_mean(item, ids)
        guess = f" (did you mean {near!r}?)" if near else ""
        raise DataError(f"the dataset has no item {item!r} among its {len(ids):,}{guess}")
    locked = find(opened.study, workspace)
    plan = parts.plan("", datetime.now(UTC) if locked is None else locked.time)
    with Store.open(workspace.home, read_only=True) as store:
        known = look(plan, store)
        finder = _Finder(plan, store, known, _entries(workspace), locked=locked is not None)
        wanted = [job for job in jobs(plan) if item is None or item in {i.id for i in job.items}]
        lacking = [job for job in wanted if job.key not in known.counted]
        return Explained(len(wanted) - len(lacking), tuple(map(finder.why, lacking)))


def _entries(workspace: Workspace) -> list[Entry]:
    if not Ledger.exists(workspace.home):
        return []
    with Ledger.open(workspace.home, read_only=True) as ledger:
        return [entry for kind in (LOCKED, AMENDED) for entry in ledger.entries(kind=kind)]


@dataclass
class _Finder:
    """Looks for the trial that comes nearest to a key."""

    plan: Plan
    store: Store
    known: Selection
    entries: list[Entry]
    locked: bool
    _arms: dict[str, dict[str, list[Trial]]] = field(default_factory=dict)
    _identities: dict[str, Mapping[str, Json]] | None = None

    def why(self, job: Job) -> Lack:
        """Return why a key is not known."""
        same_key = self._trials(job.arm.arm.fingerprint).get(job.key)
        if same_key:
            return self._not_usable(job, same_key)
        found = self._other_repeat(job) or self._other_input(job) or self._other_arm(job)
        return found or _lack(job, "nothing", "no known trial has this input or this arm")

    def _not_usable(self, job: Job, trials: list[Trial]) -> Lack:
        usable = [t for t in trials if is_usable(t, job.arm, self.plan.outcomes)]
        if usable:
            kind = usable[-1].failure
            return _lack(job, "failed", f"its last attempt failed ({kind}); another is allowed")
        after = job.arm.admissible_after
        if after is not None and all(t.started_at < after for t in trials):
            lock = f"the lock of {after:%Y-%m-%d %H:%M:%SZ}" if self.locked else "any lock"
            return _lack(job, "lock", f"{len(trials)} known, made before {lock}; a candidate's "
                         "trials count from its lock on")  # fmt: skip
        limit = self.plan.outcomes.timeout_s
        return _lack(
            job, "timeout", f"{len(trials)} known, under another time-out than {limit:g} s"
        )

    def _other_repeat(self, job: Job) -> Lack | None:
        trials = self._of_arm(job.arm.arm.fingerprint)
        repeats = sorted({t.repeat for t in trials if t.input_digest == job.input_digest})
        if not repeats:
            return None
        told = ", ".join(map(str, repeats))
        change = Change(("repeat",), repeats[-1], job.repeat)
        return _lack(job, "repeat", f"this input has only the repeats {told}", (change,))

    def _other_input(self, job: Job) -> Lack | None:
        """Return the item's earlier input, if this very arm has answered that."""
        asked = {t.input_digest for t in self._of_arm(job.arm.arm.fingerprint)}
        for digest in self._earlier_inputs(job.items[0].id):
            if digest in asked:
                old = self.store.output(digest) if self._kept(digest) else {}
                found = changes(old, dict(job.items[0].input)) if old else ()
                return _lack(
                    job, "input", "the arm has answered this item with another input", found
                )
        return None

    def _other_arm(self, job: Job) -> Lack | None:
        """Return the arm that has answered this input and differs least."""
        system = job.arm.system
        mine = system.identity if isinstance(system, Identified) else None
        trials = self.store.trials_of_input(job.input_digest)
        others = {t.arm for t in trials} - {bound.arm.fingerprint for bound in self.plan.arms}
        if not others or mine is None:
            return None
        known = self._recorded()
        near = [changes(known[arm], mine) for arm in sorted(others) if arm in known]
        if not near:
            return _lack(job, "arm", "other arms have answered it, whose parts were not recorded")
        found = min(near, key=len)
        return _lack(job, "arm", "a system that differs has answered this input", found)

    def _earlier_inputs(self, item: str) -> Iterator[str]:
        seen = set()
        for entry in reversed(self.entries):
            digest = entry.body["dataset"]["digest"]
            if digest in seen or not self._kept(digest):
                continue
            seen.add(digest)
            index = self.store.output(digest)
            rows = index if isinstance(index, list) else []
            yield from (str(row[1]) for row in rows if isinstance(row, list) and row[0] == item)

    def _recorded(self) -> dict[str, Mapping[str, Json]]:
        """Return fingerprint -> what it is made of, as the runs recorded it."""
        if self._identities is None:
            self._identities = {}
            for run in self.store.runs():
                arms = run.manifest.get("arms")
                if isinstance(arms, Mapping):
                    self._identities |= {k: v for k, v in arms.items() if isinstance(v, Mapping)}
        return self._identities

    def _trials(self, arm: str) -> dict[str, list[Trial]]:
        if arm not in self._arms:
            self._arms[arm] = self.store.known(arm)
        return self._arms[arm]

    def _of_arm(self, arm: str) -> Iterable[Trial]:
        return (trial for trials in self._trials(arm).values() for trial in trials)

    def _kept(self, digest: str) -> bool:
        try:
            return self.store.blob_state(digest) == "kept"
        except DataError:
            return False


def _lack(job: Job, part: str, why: str, found: tuple[Change, ...] = ()) -> Lack:
    return Lack(job.arm.arm.name, job.items[0].id, job.repeat, part, why, found)
