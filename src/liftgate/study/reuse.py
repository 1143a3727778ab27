"""How often a set of items has been used to decide: pure functions over ledger entries.

Each ship study on a set spends alpha anew. The k-th one spends α for k ≤ 20 and α·2^−(k−20) after,
so that over the life of a set at most 21·α false ships are expected, as long as no candidate was
made with the set's results in view (Dwork et al. 2015, Science 349, 636–638, on what happens when
it was). Whether results were in view cannot be seen; whether they could have been is: a set is
*exposed* once a study on it has been decided, for its report shows items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.records import Entry
from liftgate.study import lock

FULL_USES = 20
"""Uses of a set that spend the whole alpha."""
LARGEST_OVERLAP = 0.2
"""Sets that share more of their items than this count as one."""

SameSet = Callable[[str], bool]
"""Told the digest of an earlier dataset: whether it is the present set."""


@dataclass(frozen=True)
class SetUse:
    """What a study's use of its set spends."""

    number: int
    """1 for the first ship study on the set."""
    alpha: float
    """What this use spends, one-sided."""
    earlier: tuple[str, ...]
    """Earlier ship studies on the set, in the order of their locks."""
    exposed: bool
    """Whether an earlier study on the set had been decided before this one was locked."""

    def as_json(self) -> dict[str, Any]:
        """Return it as a decision shows it."""
        return {
            "number": self.number,
            "alpha": self.alpha,
            "earlier": list(self.earlier),
            "exposed": self.exposed,
        }


def set_use(
    entries: Iterable[Entry], *, before: int, alpha: float, same: SameSet, exploratory: bool
) -> SetUse:
    """Return which use of its set a study is.

    Args:
        entries: of the ledger, in order.
        before: the sequence of the study's first lock; later entries change nothing.
        alpha: the study's.
        same: whether an earlier dataset is the study's set.
        exploratory: whether the study is; such a study spends nothing and is counted as none.
    """
    known = [entry for entry in entries if entry.sequence < before]
    names = tuple(dict.fromkeys(str(body["name"]) for _, body in _ship_locks(known, same)))
    decided = {entry.body.get("study") for entry in known if entry.kind == lock.DECISION}
    number = len(names) + 1
    spends = alpha if exploratory else alpha * 2.0 ** -max(0, number - FULL_USES)
    return SetUse(number, spends, names, exposed=any(name in decided for name in names))


def decided_before(
    entries: Iterable[Entry], candidates: Mapping[str, str], same: SameSet, *, study: str
) -> tuple[str, str, int] | None:
    """Return a candidate that another ship study on the set is about, its study and entry.

    A study is about the candidates of its lock and of all its amendments. Those that it already
    decides on, on this set, it may keep.

    Args:
        entries: of the ledger, in order.
        candidates: name -> fingerprint.
        same: whether an earlier dataset is the present set.
        study: the name of the one whose candidates they are.
    """
    locks = _ship_locks(entries, same)
    mine = {one for _, body in locks if body["name"] == study for one in _candidates(body)}
    for sequence, body in locks:
        if body["name"] == study:
            continue
        known = _candidates(body) - mine
        for name, fingerprint in candidates.items():
            if fingerprint in known:
                return name, str(body["name"]), sequence
    return None


def _candidates(body: Mapping[str, Any]) -> set[str]:
    """Return the fingerprints of a lock's candidates."""
    arms = body["study"]["arms"]
    return {body["arms"][name] for name, arm in arms.items() if arm.get("role") == "candidate"}


def _ship_locks(entries: Iterable[Entry], same: SameSet) -> list[tuple[int, Mapping[str, Any]]]:
    return [
        (entry.sequence, entry.body)
        for entry in entries
        if entry.kind in (lock.LOCKED, lock.AMENDED)
        and not entry.body["study"].get("exploratory")
        and same(str(entry.body["dataset"]["digest"]))
    ]
