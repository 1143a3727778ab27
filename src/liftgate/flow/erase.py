"""``data erase``: the content of an item out of a workspace, with its answers; the chain stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from liftgate.canon import digest
from liftgate.errors import DataError, UnknownName
from liftgate.flow.ledger import ERASED
from liftgate.flow.tags import Tags, tags_by_digest
from liftgate.ledger import Draft, Ledger, shapes, verified_entries
from liftgate.lineage import datasets
from liftgate.records import Entry, Item, Trial
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study import lock


@dataclass(frozen=True)
class Erasure(Card):
    """What was erased, and what was left and why."""

    items: tuple[str, ...]
    values: int
    """Inputs, facts, answers, traces and judges' words that were taken out now."""
    shared: int
    """Values that other items have, too, so they stay."""
    messages: int
    """Error messages about them that stay in files of runs, which the ledger has hashed."""
    reports: tuple[str, ...]
    """Pages that may have quoted them: removed, ``liftgate report`` writes them anew."""


@dataclass(frozen=True)
class Held(Card):
    """A data set of a ledger, and whether its content should still be there."""

    study: str
    digest: str
    tags: Tags
    items: int
    kept: int
    """Items whose content is there."""

    def overdue(self, today: date) -> bool:
        """Whether content is kept that should be gone."""
        end = self.tags.keep_until
        return bool(self.kept) and end is not None and today > end


def erase_items(workspace: Workspace, study: str, items: Sequence[str], *, reason: str) -> Erasure:
    """Erase the content of items of a study's data set: inputs, targets, answers, traces.

    Digests, scores and decisions stay, and the ledger says what was erased and why. The entries
    come first: a process that dies between leaves a promise that the same command keeps.

    Args:
        workspace: where they lie.
        study: its name.
        items: ids; empty: all.
        reason: why.

    Raises:
        UnknownName: no such study or item.
        DataError: no reason, or the data set was never kept.
        LiftgateError: another process reads the blobs, so that their log still holds it.
    """
    if not reason.strip():
        raise DataError("reason: got none, an erasure says why")
    entries = verified_entries(workspace.home)
    with Ledger.open_existing(workspace.home) as ledger, Store.open(workspace.home) as store:
        locks = _locks(entries)
        locked = lock.current(locks, study)
        if locked is None:
            names = [str(e.body["name"]) for e in locks if e.kind == lock.LOCKED]
            raise UnknownName("study", study, names)
        held = locked.body["dataset"]["digest"]
        index = _index(held, store)
        unknown = sorted(set(items) - set(index))
        if unknown:
            raise UnknownName("item", unknown[0], index)
        ids = tuple(items) or tuple(index)
        theirs, others, messages = _values(held, set(ids), index, locks, store)
        wanted = [one for one in dict.fromkeys(theirs) if one not in others]
        now = [one for one in wanted if store.blob_state(one) == "kept"]
        told = {e.body.get("digest") for e in entries if e.kind == ERASED}
        drafts = [
            Draft(ERASED, {"digest": one, "reason": reason, "study": study})
            for one in now
            if one not in told
        ]
        if drafts:
            ledger.append_all(drafts)
        for one in now:
            store.erase(one)
        store.empty_log()
    removed = tuple(_reports(workspace.reports))
    return Erasure(ids, len(now), len(set(theirs) & others), messages, removed)


def held(workspace: Workspace) -> list[Held]:
    """Return every data set that a lock names, with its tags and what is still there of it."""
    entries = verified_entries(workspace.home)
    locks = _locks(entries)
    said = tags_by_digest(locks)
    found: dict[str, Held] = {}
    with Store.open(workspace.home, read_only=True) as store:
        for entry in locks:
            if entry.kind == lock.LOCKED:
                of = entry.body["dataset"]
                tags = said.get(of["digest"], Tags())
                kept = _kept(of["digest"], store)
                name = str(entry.body["name"])
                found[of["digest"]] = Held(name, of["digest"], tags, int(of["items"]), kept)
    return list(found.values())


def _locks(entries: Sequence[Entry]) -> list[Entry]:
    """Return locks and amendments with their bodies, which are asked for often.

    Raises:
        BrokenChain: one is not as liftgate writes it.
    """
    found = [replace(e, body=dict(e.body)) for e in entries if e.kind in shapes.LOCKS]
    shapes.check(found, shapes.LOCKS)
    return found


def today() -> date:
    """Return the day, in UTC."""
    return datetime.now(UTC).date()


def _index(held: str, store: Store) -> dict[str, tuple[str, str]]:
    """Return id -> (digest of the input, digest of the facts)."""
    if store.blob_state(held) != "kept":
        raise DataError(
            f"data set {held}: nothing of it was kept here",
            hint="liftgate run keeps the items that it asks",
        )
    index: Any = store.output(held)
    return {item: (of_input, of_facts) for item, of_input, of_facts in index}


def _values(
    held: str,
    ids: set[str],
    index: dict[str, tuple[str, str]],
    locks: Sequence[Entry],
    store: Store,
) -> tuple[list[str], set[str], int]:
    """Return the digests of what belongs to some items, of what belongs to anything else.

    The third is how many messages of failed calls and scores are about the items.
    """
    known = {one.id: one for one in datasets.rebuild(held, store, name="").dataset.items}
    sides: dict[bool, list[str]] = {True: [], False: []}
    inputs: set[str] = set()
    for item, digests in index.items():
        mine = item in ids
        sides[mine] += digests
        if item in known:
            sides[mine] += [digest(known[item].target), digest({"target": known[item].target})]
        if mine:
            inputs |= {digests[0], *_versions(known.get(item), locks)}
    sides[True] += inputs
    keys: set[str] = set()
    messages = 0
    for trial in _trials(locks, store):
        mine = trial.input_digest in inputs
        keys |= {trial.key} if mine else set()
        messages += mine and bool(trial.message)
        sides[mine] += [one for one in (trial.output_digest, trial.trace_digest) if one]
    for fingerprint in {one for e in locks for one in e.body["scorers"].values()}:
        for score in store.scores(fingerprint):
            messages += score.trial_key in keys and bool(score.reason)
            if score.detail_digest is not None:
                sides[score.trial_key in keys].append(score.detail_digest)
    return sides[True], set(sides[False]), messages


def _trials(locks: Sequence[Entry], store: Store) -> Iterator[Trial]:
    for arm in dict.fromkeys(one for entry in locks for one in entry.body["arms"].values()):
        yield from store.trials(str(arm))


def _versions(item: Item | None, locks: Sequence[Entry]) -> Iterator[str]:
    """Yield digests of the versions of an item that some arm reads."""
    reads = {arm.get("reads") for e in locks for arm in e.body["study"]["arms"].values()}
    for version in sorted(one for one in reads if one is not None):
        if item is not None and version in item.input:
            yield item.as_read(version).input_digest


def _kept(held: str, store: Store) -> int:
    if store.blob_state(held) != "kept":
        return 0
    return sum(store.blob_state(one) == "kept" for one, _ in _index(held, store).values())


def _reports(folder: Path) -> Iterator[str]:
    """Remove pages that were written before: each quotes items."""
    for page in sorted(folder.glob("*.html")):
        page.unlink()
        yield page.name
