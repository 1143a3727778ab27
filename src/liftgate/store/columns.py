"""Which trials count, and what they scored, as arrays: a million rows without an object for each.

The rule is the one that ``evals.select`` states for single rows. Files are read in parts that the
order of their rows makes quick to find; of a digest, its 32 bytes are kept as four numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftgate.records import Failure, Outcome
from liftgate.store.parquet import Arrays, Reader, rows_of
from liftgate.store.tables import SCORES, TRIALS

Digests = NDArray[np.uint64]
"""Shape (n, 4): the 32 bytes of each digest, the first eight first."""
FAILURES = tuple(Failure)
OUTCOMES = tuple(Outcome)
_PART = 100_000
"""Rows that are in memory at once, about."""
_SLOTS = 256


@dataclass(frozen=True)
class Counting:
    """Which trials of an arm count, and whose score of them is asked."""

    arm: str
    """Its fingerprint."""
    after: int | None
    """Microseconds since 1970 before which no trial may have begun; None: any may."""
    scorer: str
    timeout_s: float
    allowed: Mapping[str, int]
    """Kind of failure -> attempts that a key has, at most."""
    inputs: NDArray[np.bytes_]
    """Digests of the inputs that are asked for, as ``sortable`` makes them, sorted."""
    repeats: int
    """How many tries of each are asked for."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Trials that count: one row for each, or for each of its scores where there are several."""

    place: NDArray[np.int32]
    """Of the input among those that were asked for."""
    run: NDArray[np.int32]
    """Of the trial's run among all runs, from 1."""
    repeat: NDArray[np.int32]
    failure: NDArray[np.int32]
    """0: none; else the place in ``FAILURES``, from 1."""
    target: Digests
    """Of what it was scored against; zeros where there is no score."""
    outcome: NDArray[np.int64]
    """0: no score; else the place in ``OUTCOMES``, from 1."""
    value: NDArray[np.float64]
    """NaN: none."""


def counted(
    reader: Reader,
    trials: Sequence[Path],
    scores: Sequence[Path],
    runs: Sequence[str],
    asked: Counting,
) -> Iterator[Counted]:
    """Yield, some at a time, an arm's trials that count with a scorer's scores, in no order.

    Args:
        reader: reads the files.
        trials: files of trials, checked.
        scores: files of scores, checked.
        runs: ids of all runs, in their order.
        asked: the rule.

    Raises:
        BrokenChain: a file is not readable Parquet, or lacks a column.
    """
    if not trials:
        return
    found = _counting(reader, trials, runs, asked)
    size = sum(reader.count(path) for path in scores)
    for low, high in _parts(size):
        among = found.between(low, high)
        yield among.joined(_scored(reader, scores, runs, asked, low, high))


def digests_of(names: Sequence[bytes]) -> Digests:
    """Return digests as arrays, of their bytes."""
    return np.frombuffer(b"".join(names), dtype=">u8").astype(np.uint64).reshape(-1, 4)


def digest_text(digest: NDArray[np.uint64]) -> str:
    """Return one digest, shape (4,), as ``sha256:`` and 64 hex digits."""
    return "sha256:" + digest.astype(">u8").tobytes().hex()


def sortable(digests: Digests) -> NDArray[np.bytes_]:
    """Return digests as texts of 32 bytes, which numpy sorts and searches; shape (n,)."""
    return np.ascontiguousarray(digests.astype(">u8")).view("S32").ravel()


@dataclass(frozen=True, eq=False)
class _Trials:
    """Trials that count, sorted by their keys, of which none comes twice."""

    key: Digests
    run: NDArray[np.int32]
    attempt: NDArray[np.int32]
    place: NDArray[np.int32]
    repeat: NDArray[np.int32]
    failure: NDArray[np.int32]

    def take(self, at: Any) -> _Trials:
        return _Trials(
            self.key[at], self.run[at], self.attempt[at], self.place[at], self.repeat[at],
            self.failure[at],
        )  # fmt: skip

    def between(self, low: int, high: int) -> _Trials:
        """Return those whose key's first byte is in a range."""
        first = self.key[:, 0] >> np.uint64(56)
        return self.take(slice(*np.searchsorted(first, (low, high))))

    def joined(self, scores: Mapping[str, NDArray[Any]]) -> Counted:
        """Return them with their scores."""
        key, found = sortable(self.key), sortable(_digests(scores, "k"))
        at = np.minimum(np.searchsorted(key, found), max(0, len(key) - 1))
        mine = np.zeros(len(found), dtype=np.bool_)
        if len(key):
            mine = (
                (key[at] == found)
                & (self.run[at] == scores["trial_run"])
                & (self.attempt[at] == scores["attempt"])
            )
        row = np.flatnonzero(mine)
        # Of several scores of one thing the first that did not fail; runs' ids sort by time.
        target = _digests(scores, "t")[row]
        failed = scores["outcome"][row] == 1 + OUTCOMES.index(Outcome.FAILED)
        order = np.lexsort((scores["run"][row], failed, *target.T[::-1], at[row]))
        row, target = row[order], target[order]
        place = at[row]
        new = np.ones(len(row), dtype=np.bool_)
        new[1:] = (np.diff(place) != 0) | np.any(np.diff(target, axis=0) != 0, axis=1)
        row, target, place = row[new], target[new], place[new]
        has = np.zeros(len(key), dtype=np.bool_)
        has[place] = True
        without = np.flatnonzero(~has)
        both = np.concatenate([place, without])
        lacking = len(without)
        return Counted(
            self.place[both],
            self.run[both],
            self.repeat[both],
            self.failure[both],
            np.concatenate([target, np.zeros((lacking, 4), dtype=np.uint64)]),
            np.concatenate([scores["outcome"][row], np.zeros(lacking, dtype=np.int64)]),
            np.concatenate([scores["value"][row], np.full(lacking, np.nan)]),
        )


def _counting(
    reader: Reader, files: Sequence[Path], runs: Sequence[str], asked: Counting
) -> _Trials:
    """Return an arm's trials that count."""
    query = f"""
SELECT {_four("key", "k")}, {_four("input_digest", "i")}, coalesce(named.at, -1) AS run, attempt,
  repeat, epoch_us(started_at) AS started,
  coalesce(list_position({_list(FAILURES)}, failure), 0)::BIGINT AS failure
FROM {rows_of(TRIALS)} LEFT JOIN {_RUNS} ON named.name = run
WHERE arm = ? AND epoch_us(started_at) >= ?
  AND CASE WHEN failure = 'timeout' THEN seconds >= ? ELSE seconds <= ? END
  AND input_digest >= ? AND input_digest < ?"""  # noqa: S608 - own names
    after = -(2**62) if asked.after is None else asked.after
    rule = [list(runs), asked.arm, after, asked.timeout_s, asked.timeout_s]
    allowed = np.array([0, *(asked.allowed.get(kind.value, 1) for kind in FAILURES)])
    parts = []
    for low, high in _parts(sum(reader.count(path) for path in files)):
        # All tries of a key have the same input, so they come in the same part.
        rows = reader.columns(files, query, [*rule, *_limits(low, high)])
        parts.append(_first(rows, asked, allowed))
    columns = ("key", "run", "attempt", "place", "repeat", "failure")
    whole = _Trials(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
    parts.clear()
    return whole.take(np.argsort(sortable(whole.key)))


def _first(rows: Arrays, asked: Counting, allowed: NDArray[np.int64]) -> _Trials:
    """Return, of each key, the trial that counts: what ``select.counting`` returns."""
    given = sortable(_digests(rows, "i"))
    place = np.searchsorted(asked.inputs, given)
    place[place == len(asked.inputs)] = 0
    wanted = (asked.inputs[place] == given) & (rows["repeat"] < asked.repeats)
    key, given = _digests(rows, "k")[wanted], given[wanted]
    tries = (rows["run"][wanted], given, rows["attempt"][wanted], rows["started"][wanted])
    order = np.lexsort((*tries, sortable(key)))
    small = (rows["run"], rows["attempt"], place, rows["repeat"], rows["failure"])
    at = np.flatnonzero(wanted)[order]
    found = _Trials(key[order], *(one[at].astype(np.int32) for one in small))
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = np.any(np.diff(found.key, axis=0) != 0, axis=1)
    begins = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    turn = np.arange(len(order)) - (begins[group] if len(begins) else 0) + 1
    at = np.flatnonzero((found.failure == 0) | (turn >= allowed[found.failure]))
    first = np.ones(len(at), dtype=np.bool_)
    first[1:] = np.diff(group[at]) != 0
    return found.take(at[first])


def _scored(
    reader: Reader,
    files: Sequence[Path],
    runs: Sequence[str],
    asked: Counting,
    low: int,
    high: int,
) -> Mapping[str, NDArray[Any]]:
    """Return a scorer's scores of the trials whose keys are in a range."""
    if not files:
        names = [*(f"{letter}{n}" for letter in "kt" for n in range(4)), *_ABOUT]
        return {name: np.zeros(0, dtype=np.int64) for name in names}
    query = f"""
SELECT {_four("trial_key", "k")}, {_four("target_digest", "t")},
  coalesce(named.at, -1) AS trial_run, trial_attempt AS attempt, coalesce(own.at, -1) AS run,
  list_position({_list(OUTCOMES)}, outcome)::BIGINT AS outcome,
  coalesce(value, 'nan'::DOUBLE) AS value
FROM {rows_of(SCORES)} AS given LEFT JOIN {_RUNS} ON named.name = given.trial_run
  LEFT JOIN {_RUNS.replace("named", "own")} ON own.name = given.run
WHERE scorer = ? AND other_key IS NULL AND trial_key >= ? AND trial_key < ?"""  # noqa: S608
    given = [list(runs), list(runs), asked.scorer, *_limits(low, high)]
    return reader.columns(files, query, given)


_ABOUT = ("trial_run", "attempt", "run", "outcome", "value")
_RUNS = "(SELECT unnest(r) AS name, generate_subscripts(r, 1) AS at FROM (SELECT ?::VARCHAR[] AS r)) AS named"  # noqa: E501


def _four(column: str, letter: str) -> str:
    return ", ".join(
        f"('0x' || substr({column}, {8 + 16 * n}, 16))::UBIGINT AS {letter}{n}" for n in range(4)
    )


def _list(values: Sequence[Failure] | Sequence[Outcome]) -> str:
    return f"[{', '.join(repr(one.value) for one in values)}]"


def _digests(rows: Mapping[str, NDArray[Any]], letter: str) -> Digests:
    columns = [np.asarray(rows[f"{letter}{n}"]).astype(np.uint64) for n in range(4)]
    return np.stack(columns, axis=1)


def _parts(rows: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of a digest's first byte: as many as keep a part small."""
    count = min(_SLOTS, max(1, -(-rows // _PART)))
    ends = [_SLOTS * n // count for n in range(count + 1)]
    yield from pairwise(ends)


def _limits(low: int, high: int) -> tuple[str, str]:
    return f"sha256:{low:02x}", f"sha256:{high:02x}" if high < _SLOTS else "sha256:g"
