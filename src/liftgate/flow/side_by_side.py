"""Two foreign tables opened for looking: scores as arrays, texts in a private file on the disk."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from liftgate.canon import plain
from liftgate.errors import UnknownName
from liftgate.flow.compare import ReadTables, read_tables
from liftgate.flow.flip_look import Doors, Integers, Rated, Told, coded, gain_of
from liftgate.gates.foreign import Collected
from liftgate.gates.pairs import Floats
from liftgate.protocols import RowTexts
from liftgate.records import Comparison, Pairs, Question, Trace

DOORS = Doors("/", "/flips.json", "/item", "/item.json", "/codes.csv", "/comparison.json")


class Texts:
    """The texts of both sides; a temporary file that is gone when the process is."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._file = sqlite3.connect("", check_same_thread=False)
        self._file.execute(
            "CREATE TABLE told (side INT, item TEXT, repeat TEXT, texts TEXT, trace TEXT,"
            " PRIMARY KEY (side, item, repeat)) WITHOUT ROWID"
        )
        self.has_texts = [False, False]
        self.searched = "names and texts"

    def read(self, tables: ReadTables) -> None:
        """Read the files once more for what they hold beside scores."""
        for number, side in enumerate(tables.sides):
            if side.table.texts is not None:
                self.has_texts[number] = True
                side.table.texts(lambda *row, side=number: self._take_texts(side, *row))
            if side.table.traces is not None:
                side.table.traces(lambda *row, side=number: self._take_trace(side, *row))
        self._file.commit()

    def of(self, side: int, item: str) -> tuple[Told, ...]:
        """Return the rows of an item, by their repeat."""
        with self._guard:
            found = self._file.execute(
                "SELECT repeat, texts, trace FROM told WHERE side = ? AND item = ?", (side, item)
            ).fetchall()
        return tuple(
            Told(
                repeat,
                RowTexts() if texts is None else RowTexts(**json.loads(texts)),
                None if trace is None else json.loads(trace),
            )
            for repeat, texts, trace in found
        )

    def items_with(self, text: str) -> frozenset[str]:
        """Return the items with a text in any row, capitals or not."""
        with self._guard:
            found = self._file.execute(
                "SELECT DISTINCT item FROM told WHERE instr(lower(texts), ?)",
                (json.dumps(text.lower(), ensure_ascii=False)[1:-1],),
            ).fetchall()
        return frozenset(item for (item,) in found)

    def rated(self, item: str) -> tuple[Rated, ...] | None:  # noqa: ARG002 - as the door has it
        """Return None: a foreign file holds no ratings of ours."""
        return None

    def _take_texts(self, side: int, item: str, repeat: str | None, texts: RowTexts) -> None:
        kept = json.dumps(plain(texts), ensure_ascii=False)
        self._keep(side, item, repeat, "texts", kept)

    def _take_trace(self, side: int, item: str, repeat: str | None, trace: Trace) -> None:
        if trace.steps:
            kept = json.dumps(trace.as_json(), ensure_ascii=False)
            self._keep(side, item, repeat, "trace", kept)

    def _keep(self, side: int, item: str, repeat: str | None, name: str, text: str) -> None:
        # A lone surrogate can stand in a JSON file and in no database.
        text = text.encode("utf-8", "replace").decode("utf-8")
        self._file.execute(
            f"INSERT INTO told (side, item, repeat, {name}) VALUES (?, ?, ?, ?)"  # noqa: S608 - ours
            f" ON CONFLICT DO UPDATE SET {name} = excluded.{name}",
            (side, item, repeat or "", text),
        )


@dataclass(eq=False)
class SideBySide:
    """Everything that the comparison's pages are made of."""

    tables: ReadTables
    comparison: Comparison
    texts: Texts
    _pairs: dict[str, Pairs] = field(default_factory=dict)
    _labels: dict[str, tuple[tuple[str, ...], Integers]] = field(default_factory=dict)
    estimates: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    """What was estimated for a filter; the tables do not change while they are looked at."""
    doors: Doors = DOORS
    about: tuple[tuple[str, str], ...] = ()
    how_to_code: str = ""

    def __post_init__(self) -> None:
        sides = (self.comparison.baseline, self.comparison.candidate)
        self.names = (sides[0].name, sides[1].name)
        self.digests = (sides[0].digest, sides[1].digest)
        self.sentence, self.notes = self.comparison.sentence, self.comparison.notes
        self.alpha = self.tables.question.alpha

    @property
    def metrics(self) -> Sequence[str]:
        """The compared metrics, in the baseline's order."""
        return self.tables.metrics

    @property
    def items(self) -> Sequence[str]:
        """The matched items, in the order of their ids."""
        return self.tables.matched.items

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Item -> its place among the items."""
        return {item: at for at, item in enumerate(self.items)}

    def pairs(self, metric: str) -> Pairs:
        """Return a metric's pairs.

        Raises:
            UnknownName: it is not compared.
        """
        if metric not in self.tables.metrics:
            raise UnknownName("compared metric", metric, self.tables.metrics)
        if metric not in self._pairs:
            self._pairs[metric] = self.tables.pairs(metric)
        return self._pairs[metric]

    def labels(self, name: str) -> tuple[tuple[str, ...], Integers]:
        """Return a slice's values, sorted, and for each item the place of its value; shape (n,)."""
        if name not in self._labels:
            self._labels[name] = coded(self.tables.matched.slices[name])
        return self._labels[name]

    def gain(self, metric: str) -> Floats:
        """Return candidate − baseline, larger is better; shape (n,), NaN where a score lacks."""
        return gain_of(self.pairs(metric))

    def tries(self, metric: str, side: int, at: int) -> tuple[float | None, ...]:
        """Return the scores of an item's rows on one side, in the file's order."""
        matched = self.tables.matched
        own: Collected = (matched.baseline, matched.candidate)[side]
        number = (matched.at_baseline, matched.at_candidate)[side][at]
        scores = own.scores[metric][np.flatnonzero(own.at == number)]
        return tuple(None if np.isnan(score) else float(score) for score in scores)

    def drawn(self, item: str) -> Sequence[Mapping[str, Any]]:  # noqa: ARG002 - as the door has it
        """Return nothing: items of foreign files are drawn by nobody."""
        return ()


def open_side_by_side(
    baseline: str | os.PathLike[str],
    candidate: str | os.PathLike[str],
    question: Question | None = None,
) -> SideBySide:
    """Read two tables with their texts and traces; raises as ``compare_tables`` does."""
    tables = read_tables(baseline, candidate, question)
    texts = Texts()
    texts.read(tables)
    return SideBySide(tables, tables.answered(), texts)
