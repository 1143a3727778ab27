"""What a study's judges cost: their calls about its answers, read from what was kept of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import fsum
from typing import Any

from liftgate.evals.plan import BoundScorer
from liftgate.evals.prices import Prices
from liftgate.records import Answer, Observation, Score
from liftgate.store import Store


def judge_costs(
    scorers: Iterable[BoundScorer],
    observations: Iterable[Observation],
    store: Store,
    prices: Prices,
) -> dict[str, dict[str, Any]]:
    """Return what judges' calls about a study's answers cost; nothing where there are no judges.

    Every call counts, also of scores that failed and were made again. A call whose cost nobody
    knows, or whose record was erased, is counted as not known and never taken for 0.

    Returns:
        ``judge_cost``: metric -> ``total`` (None: no call's cost is known), ``known`` of ``calls``,
        ``items``, ``per_item`` (None unless every call's cost is known), ``erased`` scores, and the
        tokens that were reported.
    """
    rows = list(observations)
    keys = sorted({row.trial.key for row in rows})
    items = len({row.item for row in rows})
    found = {
        one.name: _cost(one, store.scores(one.fingerprint, keys), items, store, prices)
        for one in scorers
        if one.is_judge
    }
    return {"judge_cost": found} if found else {}


def _cost(
    scorer: BoundScorer, scores: Iterable[Score], items: int, store: Store, prices: Prices
) -> dict[str, Any]:
    calls: list[Mapping[str, Any]] = []
    costs: list[float] = []
    erased = 0
    for score in scores:
        digest = score.detail_digest
        if digest is None:
            continue
        if store.blob_state(digest) != "kept":
            erased += 1
            continue
        for call in _calls(store.output(digest)):
            calls.append(call)
            cost = _paid(call, scorer, _began(score.run), prices)
            if cost is not None:
                costs.append(cost)
    total = fsum(costs) if costs else None
    whole = total is not None and len(costs) == len(calls) and not erased
    return {
        "total": total,
        "known": len(costs),
        "calls": len(calls),
        "items": items,
        "per_item": total / items if whole and total is not None and items else None,
        "erased": erased,
        "tokens_in": _sum(calls, "tokens_in"),
        "tokens_out": _sum(calls, "tokens_out"),
    }


def _calls(detail: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every call that a score's detail tells of: votes, of statements too, and the split."""
    if not isinstance(detail, Mapping):
        return
    yield from detail.get("votes") or ()
    if isinstance(detail.get("split"), Mapping):
        yield {**detail["split"], "judge": 0}
    for statement in detail.get("statements") or ():
        yield from statement.get("votes") or ()


def _paid(
    call: Mapping[str, Any], scorer: BoundScorer, began: datetime, prices: Prices
) -> float | None:
    """Return what a call cost: as it was known then, else its tokens at the price of that day."""
    if call.get("cost") is not None:
        return float(call["cost"])
    number = call.get("judge", 0)
    if not 0 <= number < len(scorer.asks):
        return None
    answer = Answer(None, call.get("tokens_in"), call.get("tokens_out"), None, call.get("reported"))
    return prices.cost_of(scorer.asks[number].name, answer, began)


def _began(run: str) -> datetime:
    """Return when a run began, from its id; of another kind of id the earliest day."""
    try:
        return datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%S.%f%z")
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)


def _sum(calls: Iterable[Mapping[str, Any]], name: str) -> int | None:
    known = [call[name] for call in calls if call.get(name) is not None]
    return sum(known) if known else None
