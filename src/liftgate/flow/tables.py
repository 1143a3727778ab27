"""Tables that documents print beside what an entry says itself, computed anew each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftgate.documents.croissant import dataset_table
from liftgate.documents.design import design_table
from liftgate.documents.front_pictures import in_words
from liftgate.errors import BrokenChain, DataError, LiftgateError, UnknownName
from liftgate.flow.disclosure import disclosure
from liftgate.flow.front import front_table
from liftgate.flow.items import load_items
from liftgate.flow.recorded import dataset_of, locked_at
from liftgate.records import Dataset, Entry
from liftgate.store import Store
from liftgate.study import lock
from liftgate.study.design import Study

FILES = (".jsonl", ".csv", ".parquet", ".json")


@dataclass
class Tables:
    """The tables of one entry, each made once.

    Args:
        entry: a decision, a lock or an amendment.
        entries: of the ledger, as far as they are known here.
        store: holds rows and items.
        about: what people say.
        root: the folder of the study's file; None: the working directory.
    """

    entry: Entry
    entries: Sequence[Entry]
    store: Store
    about: Mapping[str, Any]
    root: Path | None = None
    _made: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __call__(self, name: str) -> Mapping[str, Any]:
        """Return a table.

        Raises:
            UnknownName: there is none of that name, or this kind of entry has none.
            LiftgateError: what it rests on is not there any more.
        """
        makers: dict[str, Callable[[], Mapping[str, Any]]] = {
            "design": self._design,
            "dataset": self._dataset,
            "disclosure": self._disclosure,
        }
        if self.entry.kind == lock.DECISION:
            makers["front"] = self._front
        if name not in makers:
            raise UnknownName("table", name, makers)
        if name not in self._made:
            self._made[name] = makers[name]()
        return self._made[name]

    @property
    def locked(self) -> lock.Locked:
        """The study as it was locked when the entry was made."""
        body, number = self.entry.body, self.entry.sequence
        if self.entry.kind == lock.DECISION:
            return locked_at(body, self.entries, number)
        found = lock.current(self.entries[:number], str(body["name"]))
        if found is None:
            raise BrokenChain(f"entry {number}: no entry before it locked its study")
        return found

    def items(self) -> tuple[Dataset, int]:
        """Return the study's items, and how many of them were erased.

        Raises:
            DataError: they cannot be brought back.
        """
        locked = self.locked
        study = Study(**locked.model)
        told = {"name": study.dataset.source, "digest": locked.body["dataset"]["digest"]}
        dataset, _ = dataset_of({"dataset": told}, study, self.store, root=self.root)
        return dataset, locked.body["dataset"]["items"] - len(dataset.items)

    def _design(self) -> Mapping[str, Any]:
        return design_table(self.locked)

    def _dataset(self) -> Mapping[str, Any]:
        dataset, erased = self.items()
        content = (self.about.get("dataset") or {}).get("content", "digests")
        locked = self.locked.body["dataset"]["digest"]
        return {**dataset_table(dataset, erased, content), "digest": locked}

    def _disclosure(self) -> Mapping[str, Any]:
        try:
            dataset: Dataset | None = self.items()[0]
        except DataError:
            dataset = None
        return disclosure(self.locked.name, self.entries, self.store, dataset)

    def _front(self) -> Mapping[str, Any]:
        table = front_table(self.entry, self.entries, self.store)
        return in_words(table, self.entry.body["scales"])


def items_of_now(locked: lock.Locked, root: Path) -> str:
    """Return why the file of a study's items is not what was locked; empty where it is.

    Items that code makes are not made again: a check runs nothing of the study.
    """
    study = Study(**locked.model)
    name = study.dataset.source.removeprefix("path:").strip()
    if not name.lower().endswith(FILES) or not (root / name).is_file():
        return ""
    try:
        found = load_items(study.dataset, root=root).digest
    except LiftgateError as error:
        return f"the items of {name} cannot be read: {error}"
    if found == locked.body["dataset"]["digest"]:
        return ""
    return f"the items of {name} are not those that were locked; liftgate study amend, build anew"
