"""Which column plays which part: what the user named, else a guess that is printed, else an error.

A guess is made only where being wrong would be seen. A number whose better direction is not plain
(latency, tokens, loss) is never guessed to be a metric.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.errors import DataError, UnknownName
from liftgate.importers.cells import failure, is_nothing, is_numeric, text
from liftgate.importers.table.raw import Raw
from liftgate.records import Columns

_SURE_ITEMS = ("item", "item_id")
_ITEMS = (
    *("id", "idx", "index", "key", "uid", "uuid", "qid", "item_no", "example", "sample", "doc"),
    *("task", "example_id", "sample_id", "doc_id", "question_id", "query_id", "prompt_id"),
    *("task_id", "case_id", "test_id", "instance_id"),
)
_SYSTEMS = ("system", "system_name", "arm", "model", "model_name", "model_id", "generator")
_REPEATS = ("repeat", "repetition", "replicate", "rep", "epoch", "trial")
_CLUSTERS = ("cluster", "cluster_id")
_ERRORS = ("error", "errors", "error_message", "exception", "failure")
_CONTENTS = ("input", "prompt", "question", "query", "instruction", "problem")

_TEXTS = frozenset(
    (*_CONTENTS, "answer", "target", "gold", "label", "expected", "reference", "prediction")
) | {"pred", "output", "response", "completion", "choice"}
_SETTINGS = frozenset(
    (*_REPEATS, "seed", "temperature", "version", "step", "year", "attempt", "retries")
)
_ID_WORDS = frozenset(("id", "ids", "idx", "index", "uuid", "uid", "qid", "key", "row", "line"))
_COUNT_FIRST = frozenset(("n", "num", "count", "len", "length", "tokens"))
_COUNT_LAST = frozenset(
    ("count", "counts", "len", "length", "chars", "words", "tokens", "size", "bytes", "turns")
)
_DATE_WORDS = frozenset(("date", "timestamp", "created", "updated", "started", "finished"))
_LOWER_WORDS = frozenset(
    (
        *("latency", "second", "seconds", "sec", "secs", "ms", "duration", "time", "runtime"),
        *("cost", "price", "usd", "loss", "error", "errors", "perplexity", "ppl", "wer", "cer"),
        *("mae", "mse", "rmse", "nll", "toxicity", "violations", "distance", "rank"),
    )
)

_ENOUGH = 1_000
"""Filled cells after which a column without one number is taken for text and not looked at."""


_Guess = Callable[[list[str]], str | None]


@dataclass
class _Column:
    name: str
    filled: int = 0
    numeric: int = 0
    settled: bool = False

    def see(self, value: Any) -> None:
        if is_nothing(value):
            return
        self.filled += 1
        self.numeric += is_numeric(value)
        self.settled = self.numeric == 0 and self.filled >= _ENOUGH


@dataclass(frozen=True)
class Profile:
    """What one full pass over a file found."""

    header: tuple[str, ...]
    rows: int
    scores: frozenset[str]
    """Columns of which at least half of the filled cells are numbers or yes-or-no words."""
    flags: frozenset[str]
    """Columns that could report failures: not a column of numbers other than 0 and 1."""
    empty: frozenset[str]
    labels: Mapping[str, frozenset[str]]
    """Of each column that may name the system: its values."""


def profile(raw: Raw, named: Columns) -> Profile:
    """Read the whole file once, so that every structural fault is found before anything is used.

    Raises:
        DataError: at the first row that cannot be read, with its line; or when there are no rows.
    """
    columns = [_Column(name) for name in raw.header]
    flags = {place for place, name in enumerate(raw.header) if _is(name, _ERRORS)}
    labels: dict[int, set[str]] = {
        place: set()
        for place, name in enumerate(raw.header)
        if name == named.system or (named.system is None and _is(name, _SYSTEMS))
    }
    rows = 0
    for _, cells in raw.records():
        rows += 1
        for column, value in zip(columns, cells, strict=True):
            if not column.settled:
                column.see(value)
        if flags:
            flags = {place for place in flags if _flag(cells[place])}
        for place, seen in labels.items():
            seen.add(text(cells[place]) or "")
    if not rows:
        raise DataError(f"{raw.path}: has a header and no rows; expected at least one row")
    scores = {c.name for c in columns if c.filled and 2 * c.numeric >= c.filled}
    empty = {c.name for c in columns if not c.filled}
    return Profile(
        header=raw.header,
        rows=rows,
        scores=frozenset(scores),
        flags=frozenset(raw.header[place] for place in flags),
        empty=frozenset(empty),
        labels={raw.header[place]: frozenset(seen - {""}) for place, seen in labels.items()},
    )


def _flag(value: Any) -> bool:
    """Say whether a cell fits a column of failures: words, 0 and 1, but no other number."""
    found = failure(value)
    return found is None or found in {"1", "1.0"} or not is_numeric(found)


def settle(found: Profile, named: Columns, place: str) -> tuple[Columns, tuple[str, ...]]:
    """Fill in what the user left open.

    Returns:
        The columns, and the names of the parts that were guessed.

    Raises:
        UnknownName: a named column is not in the header.
        DataError: no item or metric column can be guessed, or several could be the item.
    """
    for name in _all(named):
        if name not in found.header:
            raise UnknownName(f"column of {place}", name, found.header)
    taken = set(_all(named))
    guessed: list[str] = []

    def choose(
        part: str, given: str | None, guess: Callable[[list[str]], str | None]
    ) -> str | None:
        if given is not None:
            return given
        name = guess([name for name in found.header if name not in taken])
        if name is not None:
            taken.add(name)
            guessed.append(part)
        return name

    item = choose("item", named.item, lambda free: _item(free, found.header, place))
    system = choose("system", named.system, lambda free: _first(free, _SYSTEMS))
    repeat = choose("repeat", named.repeat, lambda free: _first(free, _REPEATS))
    cluster = choose("cluster", named.cluster, lambda free: _first(free, _CLUSTERS))
    error = choose(
        "error", named.error, lambda free: _first([n for n in free if n in found.flags], _ERRORS)
    )
    content = choose("content", named.content, lambda free: _first(free, _CONTENTS))
    metrics = named.metrics
    if not metrics:
        metrics = tuple(n for n in found.header if n not in taken and not why_not(n, found))
        guessed.append("metrics")
    if not metrics:
        raise _no_metric(found, taken, place)
    settled = Columns(
        item=item,
        metrics=metrics,
        system=system,
        repeat=repeat,
        cluster=cluster,
        slices=named.slices,
        error=error,
        content=content,
    )
    return settled, tuple(guessed)


def left_out(found: Profile, settled: Columns) -> dict[str, str]:
    """Say of every column that is not used why it is not."""
    used = set(_all(settled))
    return {name: why_not(name, found) or "not named" for name in found.header if name not in used}


def why_not(name: str, found: Profile) -> str:
    """Say why a column is not guessed to be a metric; empty when it is."""
    if name in found.empty:
        return "empty"
    if name not in found.scores:
        return "text"
    kind = _kind(name)
    if kind:
        return f"looks like {kind}"
    if lower_is_likely(name):
        return f"lower may be better: --metric {name} --lower-is-better {name}"
    return "no name" if re.fullmatch(r"column \d+", name) else ""


def _kind(name: str) -> str:
    """Say what a column of numbers is when its name tells that it is no metric."""
    words = _words(name)
    if _is(name, _ITEMS) or _ID_WORDS & set(words):
        return "an id"
    if _is(name, _TEXTS):
        return "an input or an answer"
    if _is(name, _SETTINGS):
        return "a setting"
    if words and (words[0] in _COUNT_FIRST or words[-1] in _COUNT_LAST):
        return "a count or a size"
    return "a date" if _DATE_WORDS & set(words) else ""


def lower_is_likely(name: str) -> bool:
    """Say whether a metric's name suggests that lower is better."""
    return not _LOWER_WORDS.isdisjoint(_words(name))


def _all(columns: Columns) -> list[str]:
    single = (
        columns.item,
        columns.system,
        columns.repeat,
        columns.cluster,
        columns.error,
        columns.content,
    )
    return [*(n for n in single if n is not None), *columns.metrics, *columns.slices]


def _words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    words = (word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+", spaced))
    return [word for word in words if word]


def _is(name: str, words: Iterable[str]) -> bool:
    return name.casefold().replace(" ", "_").replace("-", "_") in words


def _first(free: Sequence[str], words: Sequence[str]) -> str | None:
    for word in words:
        for name in free:
            if _is(name, (word,)):
                return name
    return None


def _item(free: Sequence[str], header: Sequence[str], place: str) -> str:
    sure = _first(free, _SURE_ITEMS)
    if sure:
        return sure
    likely = [name for name in free if _is(name, _ITEMS)]
    if len(likely) == 1:
        return likely[0]
    listed = ", ".join(map(repr, likely or header))
    if likely:
        raise DataError(
            f"{place}: several columns could name the item: {listed}",
            hint=f"say which: --item {likely[0]}",
        )
    raise DataError(
        f"{place}: no column that names the item; its columns are {listed}",
        hint="say which one does: --item COLUMN",
    )


def _no_metric(found: Profile, taken: set[str], place: str) -> DataError:
    rest = "; ".join(
        f"{name!r}: {why_not(name, found)}" for name in found.header if name not in taken
    )
    return DataError(
        f"{place}: no column of scores found ({rest or 'every column has another part'})",
        hint="name it: --metric COLUMN (a number, or true/false, in every row)",
    )
