"""Where a study that looks more than once stands: the looks reached, and the one that settles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from liftgate.flow.case import AllPairs, Case, Rows
from liftgate.gates.sequence import Looks
from liftgate.records import (
    Claim,
    Decision,
    DecisionWord,
    Design,
    Estimate,
    Item,
    Observation,
    Part,
    Population,
)
from liftgate.study.plan import latency_quantile

Priced = Callable[[Sequence[Observation]], tuple[Observation, ...]]

_DECIDING = frozenset({Part.PRIMARY, Part.GUARDRAIL, Part.FLOOR})


@dataclass(frozen=True)
class Looked:
    """The look that a study's decision rests on."""

    decisions: tuple[Decision, ...]
    pairs: AllPairs
    items: int
    """Items that the decision rests on, from the beginning of the order."""
    look: int | None
    """Of the look, from 1; None: the study looks once."""
    path: tuple[Mapping[str, Any], ...] = ()
    """What each look up to this one showed of each claim."""

    @property
    def settled(self) -> bool:
        """Whether every candidate ships or is held."""
        return all(d.word is not DecisionWord.INCONCLUSIVE for d in self.decisions)


def look_at(case: Case, voids: Sequence[str]) -> Looked:
    """Return the decision: at all items, or at the first look that settles every candidate.

    Only the items count that every arm has answered, up to the first that one has not, in the
    locked order. Rows beyond the deciding look are left out, so that the same look decides whatever
    was in flight when the run stopped.
    """
    looks = case.looks
    if looks is None:
        pairs = case.all_pairs()
        return Looked(case.decide(pairs, voids), pairs, len(case.items), None)
    reached = _reached(case, looks)
    at = _first_settled(case, looks, reached)
    items = looks.ends[at - 1] if at else 0
    pairs = case.all_pairs(items) if items else case.all_pairs()
    shown = case if items else replace(case, rows=Rows((), case.rows.measures))
    return Looked(shown.decide(pairs, voids), pairs, items, at, _path(case, looks, at))


def up_to(case: Case, items: int) -> Case:
    """Return a case with the rows of the first items alone, in the locked order.

    What a decision at a look binds and tells of are the rows of that look: what was in flight when
    the run stopped, or what another study made of the same arms, is no part of it. The test of a
    finite set rests on the baseline's rows of all items: there all rows are kept.
    """
    finite = any(claim.population is Population.THIS_SET for claim in case.study.every_claim())
    if finite and Design(case.study.stopping.plan) is Design.ANYTIME:
        return case
    among = {item.id for item in case.items[:items]}
    rows = tuple(row for row in case.rows.observations if row.item in among)
    return replace(case, rows=replace(case.rows, observations=rows))


def is_reached(case: Case) -> bool:
    """Say whether a study with several looks has come to its first one."""
    return case.looks is not None and _reached(case, case.looks) > 0


class StopWhenSettled:
    """The stopping rule of a run: told of finished rows, it says when no look can change a thing.

    It decides on the claims about items alone: measures and separate passes are taken in any case.
    """

    def __init__(self, case: Case, priced: Priced = tuple) -> None:
        """Begin.

        Args:
            case: of the study, without rows.
            priced: puts what each call cost to rows, for claims about costs.
        """
        assert case.looks is not None
        self._case = case
        self._priced = priced
        self._ends = case.looks.ends
        self._prefix = _Prefix(case)
        self._rows: list[Observation] = []
        self._looked = 0

    def __call__(self, rows: Sequence[Observation]) -> str | None:
        """Take in finished rows; return why to stop, or None."""
        self._rows += rows
        self._prefix.add(rows)
        reached = sum(end <= self._prefix.items for end in self._ends)
        if reached == self._looked:
            return None
        self._looked = reached
        case = replace(self._case, rows=Rows(self._priced(self._rows), ()))
        looked = _settling(case, self._ends[reached - 1])
        if not looked:
            return None
        end, planned = self._ends[reached - 1], len(self._case.items)
        return f"settled after {end:,} of {planned:,} items, at look {reached} of {len(self._ends)}"


class _Prefix:
    """How many items, from the beginning of the order, every arm has answered."""

    def __init__(self, case: Case) -> None:
        self._order: Sequence[Item] = case.items
        self._arms = {arm.fingerprint for arm in case.arms}
        self._wanted = len(self._arms) * case.study.repeats
        self._found: Counter[str] = Counter()
        self.items = 0

    def add(self, rows: Sequence[Observation]) -> None:
        self._found.update(row.item for row in rows if row.arm in self._arms)
        while self.items < len(self._order):
            if self._found[self._order[self.items].id] < self._wanted:
                break
            self.items += 1


def _reached(case: Case, looks: Looks) -> int:
    prefix = _Prefix(case)
    prefix.add(case.rows.observations)
    return sum(end <= prefix.items for end in looks.ends)


def _first_settled(case: Case, looks: Looks, reached: int) -> int:
    """Return the first look that settles, or the last one reached; 0: none is reached.

    What a look has shown stays shown, so that the first settling one is found by halving.
    """
    if not reached or not _settling(case, looks.ends[reached - 1]):
        return reached
    low, high = 0, reached
    while high - low > 1:
        middle = (low + high) // 2
        if _settling(case, looks.ends[middle - 1]):
            high = middle
        else:
            low = middle
    return high


def _settling(case: Case, items: int) -> bool:
    """Return whether the claims about items settle every candidate on the first items."""
    deciding = [c for c in case.study.every_claim() if c.part in _DECIDING]
    about = {claim.id for claim in _about_items(case)}
    claims = [claim for claim in deciding if not claim.is_measure]
    pending = [claim.id for claim in claims if claim.id not in about]
    decisions = case.decide(case.all_pairs(items), (), claims, pending)
    return all(d.word is not DecisionWord.INCONCLUSIVE for d in decisions)


def _about_items(case: Case) -> tuple[Claim, ...]:
    """Return the claims that decide and are about items: what more of them could change."""
    return tuple(
        claim
        for claim in case.study.every_claim()
        if claim.part in _DECIDING
        and not claim.is_measure
        and latency_quantile(claim.metric) is None
    )


def _path(case: Case, looks: Looks, last: int) -> tuple[Mapping[str, Any], ...]:
    """Return what each look showed; of unlimited looks at most twenty, evenly spread."""
    step = 1 if looks.design is Design.PLANNED_LOOKS else max(1, -(-last // 20))
    numbers = [n for n in range(1, last + 1) if (last - n) % step == 0]
    claims = _about_items(case)
    found = []
    for number in numbers:
        items = looks.ends[number - 1]
        decisions = case.decide(case.all_pairs(items), (), claims)
        shown = {
            d.candidate: {v.claim: _point(v.estimate, v.rejected) for v in d.verdicts}
            for d in decisions
        }
        found.append({"look": number, "items": items, "candidates": shown})
    return tuple(found)


def _point(estimate: Estimate | None, rejected: bool) -> dict[str, Any]:  # noqa: FBT001 - a pair
    if estimate is None:
        return {"value": None, "low": None, "high": None, "p": None, "rejected": rejected}
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "p": estimate.p_value,
        "rejected": rejected,
    }
