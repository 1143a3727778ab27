"""``rate``: batches for people, drawn from runs or from a file, and what becomes of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from liftgate.canon import digest, plain
from liftgate.errors import BrokenChain, DataError
from liftgate.failures.taxonomy import Taxonomy
from liftgate.flow.failure_rating import rubric_of, subjects_of_failures, taxonomy_named
from liftgate.flow.rating_subjects import subjects_of_study
from liftgate.humans import results, sheets
from liftgate.humans.batch import (
    DRAWN,
    Access,
    Batch,
    body_of,
    folder,
    load,
    read_access,
    save,
)
from liftgate.humans.desk import ERASED
from liftgate.humans.draw import TaskKind, Wishes, draw
from liftgate.humans.ratings import FILE, Act, Ratings
from liftgate.humans.settling import find_subject, settle
from liftgate.humans.subjects import Gold, Subject, read_gold, read_subjects
from liftgate.ledger import Ledger
from liftgate.records import Entry, Json, Rubric
from liftgate.records.notebook import Card
from liftgate.store import Store, Workspace
from liftgate.study.rubric import find_rubric


@dataclass(frozen=True)
class Asked:
    """What a batch is asked to be."""

    source: str
    """A study's file or name, a run's id, or a ``.jsonl`` file of things to rate."""
    rubric: str | None
    """None: a taxonomy instead."""
    raters: tuple[str, ...]
    items: int | None = None
    """None: all."""
    overlap: int | None = None
    """None: nothing; of failures all, so that each is coded by everybody."""
    repeats: int = 0
    gold: Path | None = None
    seed: int | None = None
    """None: drawn now; the ledger keeps it."""
    stratify: str | None = None
    """A slice or a field of the metadata."""
    harm: str | None = None
    """The same, for categories of content that raters are warned of."""
    taxonomy: str | None = None
    """The codes of a batch of failures: a file, or ``shipped``."""


@dataclass(frozen=True)
class DrawnBatch(Card):
    """A batch that was drawn."""

    batch: Batch
    entry: Entry
    added: bool
    """False: the same batch was there already."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Room:
    """Everything that serving or reading a batch needs."""

    batch: Batch
    access: Access
    ratings: Ratings
    store: Store
    entry: Entry

    def text(self, key: str) -> Json:
        """Return the text behind a digest, or words that say that it was erased."""
        return self.store.output(key) if self.store.blob_state(key) == "kept" else ERASED


def draw_batch(workspace: Workspace, asked: Asked) -> DrawnBatch:
    """Draw a batch, keep it, and write into the ledger what it is and by which seed.

    Raises:
        DataError: the source, the raters, the numbers or the gold do not fit.
        StudyError: the rubric or the study file has faults.
        UnknownName: no such rubric, study or slice.
        BrokenChain: the ledger or a stored row was altered.
    """
    words, rubric = _rubric(asked)
    gold = read_gold(asked.gold) if asked.gold is not None else ()
    seed = secrets.randbits(48) if asked.seed is None else asked.seed
    if words is None and not asked.source.endswith(".jsonl"):
        Ledger.open_existing(workspace.home).close()
    workspace.create()
    with Store.open(workspace.home) as store, Ledger.open(workspace.home) as ledger:
        ledger.verify()
        entries = list(ledger.entries())
        if words is None:
            pool, source, notes = _pool(asked, rubric, entries, store)
        else:
            pool, source = subjects_of_failures(Path(asked.source), words, entries)
            notes = ()
        items = len({s.item for s in pool}) if asked.items is None else asked.items
        everybody = 0 if words is None else items
        overlap = everybody if asked.overlap is None else asked.overlap
        wishes = Wishes(asked.raters, items, overlap, asked.repeats, seed)
        drawn = draw(pool, rubric, wishes, gold)
        body = body_of(drawn, rubric, wishes, gold, source=source, put=store.put_json)
        store.flush()
        batch, _ = save(workspace, body)
        entry = _entry(ledger, batch.id)
        if entry is not None:
            return DrawnBatch(batch, entry, added=False, notes=notes)
        entry = ledger.append(DRAWN, _ledger_body(batch, gold), refs={"batch": batch.digest})
        return DrawnBatch(batch, entry, added=True, notes=notes)


@contextmanager
def opened(workspace: Workspace, batch: str) -> Iterator[Room]:
    """Open a batch with its ratings and texts, after checking it against the ledger.

    Raises:
        UnknownName: there is no such batch.
        BrokenChain: the batch, its ratings or the ledger are not what was recorded.
        NotAllowed: two raters have one token.
        LedgerError: there is no ledger.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        ledger.verify()
        entry = _entry(ledger, batch)
    found = load(workspace, batch, None if entry is None else str(entry.body["digest"]))
    if entry is None:
        raise BrokenChain(f"batch {batch}: no entry of the ledger names it")
    access = read_access(workspace, found)
    ratings = Ratings(folder(workspace, batch) / FILE, found.digest)
    try:
        with Store.open(workspace.home, read_only=True) as store:
            yield Room(found, access, ratings, store, entry)
    finally:
        ratings.close()


def sheet_text(room: Room, rater: str, form: str = "jsonl") -> str:
    """Return the sheet of a rater without a browser, as CSV or JSONL.

    Raises:
        UnknownName: the batch has no such rater.
    """
    return sheets.write(sheets.sheet(room.batch, rater, room.text), form)


def labels_text(room: Room, form: str = "jsonl", *, everything: bool = False) -> str:
    """Return what stands of a batch, and the lead's words, as CSV or JSONL.

    Args:
        room: an opened batch.
        form: ``csv`` or ``jsonl``.
        everything: ratings of repeated and gold subjects, too.
    """
    acts = room.ratings.acts()
    found = results.labels(room.batch, acts)
    return sheets.write(sheets.label_rows(room.batch, found, acts, everything=everything), form)


def take_in(room: Room, file: Path) -> tuple[int, int]:
    """Keep what a filled sheet says; returns how many acts were added, and how many rows empty.

    Raises:
        BrokenChain: a row is not as it was handed out.
        DataError: the file cannot be read, or rows are wrong; nothing is kept then.
    """
    form = file.suffix.removeprefix(".")
    if form not in sheets.FORMATS:
        raise DataError(f"{file}: expected a .csv or .jsonl file")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read ({error})") from error
    return sheets.take_in(room.batch, sheets.read(text, form), room.ratings, room.text)


def adjudicate(room: Room, subject: str, value: str, reason: str) -> Act:
    """Keep the lead's value for a subject: of a pair, about the first trial of its row.

    Raises:
        UnknownName: no subject of that key or item, or several.
        DataError: no reason, or a value that the rubric does not have.
    """
    key = find_subject(room.batch, subject)
    scale = room.batch.rubric.scale
    anchor = scale.named(value)
    if anchor is None:
        known = ", ".join(one.label for one in scale.anchors)
        raise DataError(f"value: got {value!r}, expected one of {known}, or its key")
    request = f"cli-{secrets.token_hex(12)}"
    return settle(room.batch, key, room.ratings, value=anchor.value, reason=reason, request=request)


def _entry(ledger: Ledger, batch: str) -> Entry | None:
    return next((e for e in ledger.entries(kind=DRAWN) if e.body["batch"] == batch), None)


def _rubric(asked: Asked) -> tuple[Taxonomy | None, Rubric]:
    """Return by what is rated: a rubric, or the codes of failures as one."""
    if (asked.rubric is None) == (asked.taxonomy is None):
        got = "neither" if asked.rubric is None else "both"
        raise DataError(f"rubric: got {got} of a rubric and a taxonomy, expected one of them")
    if asked.taxonomy is None:
        return None, find_rubric(str(asked.rubric), Path.cwd())
    words = taxonomy_named(asked.taxonomy)
    return words, rubric_of(words)


def _pool(
    asked: Asked, rubric: Rubric, entries: Sequence[Entry], store: Store
) -> tuple[tuple[Subject, ...], str, tuple[str, ...]]:
    """What there is to rate, the digest of where it comes from, and notes."""
    if asked.source.endswith(".jsonl"):
        if asked.stratify or asked.harm:
            raise DataError(
                f"{asked.source}: stratify and harm name slices of a study's items",
                hint="in a file each line says so itself: the keys stratum and harm",
            )
        subjects = read_subjects(Path(asked.source))
        return subjects, digest(plain(subjects)), ()
    return subjects_of_study(
        asked.source, rubric, entries, store, stratify=asked.stratify, harm=asked.harm
    )


def _ledger_body(batch: Batch, gold: Sequence[Gold]) -> dict[str, Json]:
    wishes = batch.wishes
    kinds = [task.kind for tasks in batch.tasks.values() for task in tasks]
    return {
        "liftgate": 1,
        "name": batch.id,
        "batch": batch.id,
        "digest": batch.digest,
        "rubric": {
            "name": batch.rubric.name,
            "version": batch.rubric.version,
            "digest": batch.rubric.digest,
        },
        "source": batch.source,
        "raters": list(wishes.raters),
        "seed": wishes.seed,
        "items": wishes.items,
        "overlap": wishes.overlap,
        "repeats": wishes.repeats,
        "gold": len(gold),
        "tasks": {kind.value: kinds.count(kind) for kind in TaskKind},
        "strata": {name: list(sizes) for name, sizes in batch.strata.items()},
    }
