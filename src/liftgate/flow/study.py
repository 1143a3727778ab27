"""``study lock``, ``amend``, ``verify`` and ``show``: a study file and the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, Fault, LiftgateError, NotEnoughData, StudyError, UnknownName
from liftgate.evals.opening import open_system
from liftgate.flow.adequacy import Adequacy, adequacy_of
from liftgate.flow.items import load_items
from liftgate.flow.scorers import Seated, seated_scorers
from liftgate.gates.calibrate.adequacy import Size
from liftgate.ledger import KnownEntries, Ledger, shapes
from liftgate.lineage.datasets import overlap
from liftgate.plugins.local import search_also
from liftgate.protocols import System
from liftgate.records import Dataset, Entry, arm_fingerprint
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Store, Workspace
from liftgate.study import lock, reuse
from liftgate.study.design import Study
from liftgate.study.lint import check
from liftgate.study.load import load
from liftgate.study.lock import Locked, Seen
from liftgate.study.params import BadParams


@dataclass(frozen=True)
class Opened:
    """A study with everything that it names, at hand."""

    study: Study
    root: Path
    """The study file's folder; its files and modules are looked up from here."""
    dataset: Dataset
    systems: Mapping[str, System]
    """Arm -> system, not yet started."""
    scorers: Mapping[str, Seated]
    """Metric -> scorer, judges with the systems that they ask."""
    body: Mapping[str, Any]
    """What a lock of it binds."""

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Arm -> fingerprint."""
        return _fingerprints(self.study, self.systems)


@dataclass(frozen=True)
class Kept(Card):
    """A study that the ledger holds, and the entry that was just added, if one was."""

    locked: Locked
    added: Entry | None = None
    adequacy: Adequacy | None = None
    """What was found of its size, where an entry was added."""


def open_study(path: Path) -> Opened:
    """Read a study file, its dataset, and open its systems without starting them.

    Files and modules are looked up from the study file's folder; modules, last, from the working
    directory too.

    Raises:
        StudyError: every fault of the file, or of what it names, with its position.
        LockedError: the file names another dataset digest than its items have.
    """
    study = load(path)
    check(study)
    root = Path(path).resolve().parent
    # ``python -m`` has the working directory on its path, a console script has not.
    search_also(Path.cwd())
    found = _Faults(study)
    dataset = _dataset(study, root, found)
    systems = _systems(study, root, found)
    if found.faults or dataset is None:
        raise StudyError(
            f"{study.file}: what the study names cannot be opened",
            file=study.file,
            faults=found.faults,
            hint="; ".join(dict.fromkeys(found.hints)),
        )
    fingerprints = _fingerprints(study, systems)
    scorers = seated_scorers(study, root)
    made = {metric: seated.scorer for metric, seated in scorers.items()}
    body = lock.body(study, dataset, fingerprints, made)
    return Opened(study, root, dataset, systems, scorers, body)


def opened_on(study: Study, root: Path, dataset: Dataset) -> Opened:
    """Open a study's arms and scorers from a folder, on items at hand.

    Raises:
        StudyError: an arm cannot be opened.
    """
    search_also(Path.cwd())
    found = _Faults(study)
    systems = _systems(study, root, found)
    if found.faults:
        raise StudyError(
            f"{study.study}: what the study names cannot be opened",
            file=study.file,
            faults=found.faults,
            hint="; ".join(dict.fromkeys(found.hints)),
        )
    return Opened(study, root, dataset, systems, seated_scorers(study, root), {})


def lock_study(path: Path, workspace: Workspace) -> Kept:
    """Lock a study; the same study again keeps its lock, its time included, and appends nothing.

    Raises:
        StudyError: faults of the file or of what it names.
        LockedError: a study of that name is locked and differs.
        NotEnoughData: it is not locked, and too small to ship a candidate that is at its target.
    """
    return keep(_closed(open_study(path)), workspace)


def keep(opened: Opened, workspace: Workspace, known: KnownEntries | None = None) -> Kept:
    """Lock an opened study, or verify it against its lock.

    A study that is locked already keeps its lock, whatever its size.

    Args:
        opened: the study.
        workspace: with the ledger.
        known: its entries, verified and with bodies of the right shape; None: they are read.

    Raises:
        LockedError: a study of that name is locked and differs.
        StudyError: an earlier ship study on the same set is about the same candidate.
        NotEnoughData: it is not locked, and too small to ship a candidate that is at its target.
    """
    workspace.create()
    with Ledger.open(workspace.home) as ledger:
        entries = _entries(ledger, known)
        locked = lock.current(entries, opened.study.study)
        if locked is not None:
            unrun = not any(
                entry.kind == RUN_FINISHED and entry.sequence > locked.sequence for entry in entries
            )
            return Kept(lock.verify(opened.study, locked, opened.body, unrun=unrun))
        _refuse_second_try(opened, workspace, entries)
        adequacy = adequacy_of(opened.study, opened.root, opened.dataset)
        if adequacy.size is Size.TOO_SMALL:
            raise adequacy.refusal(opened.study)
        body = {**opened.body, lock.POWER: adequacy.as_json()}
        entry = ledger.append(lock.LOCKED, body, refs=_refs(body))
        return Kept(lock.first(entry), entry, adequacy)


def same_set(dataset: Dataset, store: Store) -> reuse.SameSet:
    """Return the test whether an earlier dataset is the present set, by the share of its items."""
    found: dict[str, bool] = {}

    def same(digest: str) -> bool:
        if digest not in found:
            found[digest] = overlap(dataset, digest, store) > reuse.LARGEST_OVERLAP
        return found[digest]

    return same


def _entries(ledger: Ledger, known: KnownEntries | None) -> list[Entry]:
    if known is None:
        entries = list(ledger.entries())
        shapes.check(entries, shapes.LOCKS)
        return entries
    known.go_on(lambda entry: shapes.check((entry,), shapes.LOCKS))
    return known.now()


def _refuse_second_try(opened: Opened, workspace: Workspace, entries: Sequence[Entry]) -> None:
    """Refuse to put a candidate to a second ship decision on one set of items.

    Raises:
        StudyError: an earlier study on the set is about the same candidate.
    """
    study = opened.study
    if study.exploratory:
        return
    candidates = {name: opened.fingerprints[name] for name in study.candidates}
    with Store.open(workspace.home, read_only=True) as store:
        same = same_set(opened.dataset, store)
        known = reuse.decided_before(entries, candidates, same, study=study.study)
    if known is None:
        return
    name, other, sequence = known
    fault = study.fault(
        ("arms", name),
        f"the study {other!r} (ledger entry {sequence}) is about this very candidate on this set",
    )
    raise StudyError(
        f"{study.file or study.study}: a candidate has one try on a set of items",
        file=study.file,
        faults=[fault],
        hint="use new items, amend that study, or set exploratory: true, which never ships",
    )


def verify_study(path: Path, workspace: Workspace) -> Locked:
    """Compare a study, its dataset and its arms with what was locked.

    Raises:
        StudyError: faults of the file or of what it names.
        LockedError: not locked, or changed: every path with the old and the new value.
    """
    opened = _closed(open_study(path))
    return lock.verify(opened.study, find(opened.study, workspace), opened.body)


def amend_study(path: Path, workspace: Workspace, *, reason: str, seen: Seen) -> Kept:
    """Append a change of a locked study.

    Args:
        path: the study file as it shall be.
        workspace: with the ledger that holds the lock.
        reason: why it changes.
        seen: what its author had seen; raised to ``results`` where a decision exists.

    Raises:
        StudyError: faults of the file, nothing changed, no reason, or a candidate that another
            ship study on the same set is about.
        LockedError: the study was never locked.
        NotEnoughData: before any result was seen, the change makes the study too small.
    """
    opened = _closed(open_study(path))
    if find(opened.study, workspace) is None:
        raise lock.not_locked(opened.study)
    with Ledger.open(workspace.home) as ledger:
        entries = list(ledger.entries())
        shapes.check(entries, shapes.LOCKS)
        locked = lock.current(entries, opened.study.study)
        assert locked is not None
        body = lock.amendment(
            locked,
            opened.body,
            reason=reason,
            seen=seen,
            decided=lock.was_decided(entries, locked),
        )
        _refuse_second_try(opened, workspace, entries)
        adequacy = adequacy_of(opened.study, opened.root, opened.dataset)
        if adequacy.size is Size.TOO_SMALL and lock.must_be_large_enough(locked, body):
            raise adequacy.refusal(opened.study)
        body[lock.POWER] = adequacy.as_json()
        entry = ledger.append(lock.AMENDED, body, refs=_refs(body))
        return Kept(lock.amended(locked, entry), entry, adequacy)


def find(study: Study, workspace: Workspace) -> Locked | None:
    """Return what the ledger holds of a study's name, or None; nothing is created."""
    if not Ledger.exists(workspace.home):
        return None
    with Ledger.open(workspace.home, read_only=True) as ledger:
        entries = list(ledger.entries())
    shapes.check(entries, shapes.LOCKS)
    return lock.current(entries, study.study)


def _refs(body: Mapping[str, Any]) -> dict[str, str]:
    return {"study": body["study_digest"], "dataset": body["dataset"]["digest"]}


@dataclass
class _Faults:
    """What could not be opened, with its place in the file."""

    study: Study
    faults: list[Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def add(self, path: tuple[str, ...], error: LiftgateError) -> None:
        self.faults.append(self.study.fault(path, str(error)))
        self.hints += [error.hint] if error.hint else []


def _dataset(study: Study, root: Path, found: _Faults) -> Dataset | None:
    plan = study.dataset
    try:
        dataset = load_items(plan, root=root)
    except NotEnoughData as error:
        found.add(("dataset", "perturb"), error)
        return None
    except (DataError, UnknownName) as error:
        found.add(("dataset", "source"), error)
        return None
    for name, arm in study.arms.items():
        try:
            for item in dataset.items:
                item.as_read(arm.reads)
        except DataError as error:
            found.add(("arms", name, "reads"), error)
            return None
    return dataset


def _systems(study: Study, root: Path, found: _Faults) -> dict[str, System]:
    systems: dict[str, System] = {}
    for name in study.arms:
        try:
            systems[name] = opening_of(study, name, root)()
        except BadParams as error:
            for problem in error.problems:
                path = ("arms", name, "params", *problem.path)
                found.faults.append(
                    study.fault(path, problem.message, suggestion=problem.suggestion)
                )
        except (DataError, UnknownName) as error:
            found.add(("arms", name, "system"), error)
    return systems


def opening_of(study: Study, arm: str, root: Path) -> Callable[[], System]:
    """Return what opens an arm's system, in other processes too; it can be pickled.

    Args:
        study: of the arm.
        arm: its name.
        root: the folder from which its modules and files are looked up.
    """
    made = study.arms[arm]
    return partial(
        open_system,
        made.plugin,
        made.rest,
        params=made.params,
        files=made.files,
        packages=made.packages,
        root=root,
        folder=Path.cwd(),
    )


def _fingerprints(study: Study, systems: Mapping[str, System]) -> dict[str, str]:
    return {
        name: arm_fingerprint(system.fingerprint, study.arm(name).reads)
        for name, system in systems.items()
    }


def _closed(opened: Opened) -> Opened:
    async def close() -> None:
        judges = [asked.system for one in opened.scorers.values() for asked in one.asks]
        for system in (*opened.systems.values(), *judges):
            await system.close()

    asyncio.run(close())
    return opened
