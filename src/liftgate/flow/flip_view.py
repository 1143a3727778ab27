"""The comparison's pages as data: what the HTML and its JSON twin both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from liftgate.canon import plain
from liftgate.documents.numbers import EstimateText, count, significant, unit_of
from liftgate.documents.page import clip
from liftgate.errors import DataError, UnknownName
from liftgate.flow.flip_codes import codes_of, coding_of_item, coding_of_list
from liftgate.flow.flip_item import people_view, tries_view
from liftgate.flow.flip_look import SLICE, Filter, Look
from liftgate.gates.evidence import PairsEvidence
from liftgate.gates.pairs import complete, take
from liftgate.records import Pairs

MOVES = ("changed", "worse", "better", "same", "missing", "all")
PAGE = 100
_MOST_CHIPS = 60
_MOST_FLAGS = 50
_MOST_KEPT = 200
_TEXT = 160


def filter_of(look: Look, given: Sequence[tuple[str, str]]) -> Filter:
    """Read a filter from an address.

    Raises:
        DataError: a value that cannot be read.
        UnknownName: a metric or a slice that is not there.
    """
    one = dict(given)
    metric = one.get("metric") or look.metrics[0]
    names = look.pairs(metric).slices
    slices = [(k.removeprefix(SLICE), v) for k, v in given if k.startswith(SLICE)]
    for name, _ in slices:
        if name not in names:
            raise UnknownName("slice", name, names)
    move = one.get("move") or "changed"
    if move not in MOVES:
        raise UnknownName("move", move, MOVES)
    page = one.get("page") or "1"
    if not page.isascii() or not page.isdigit() or not 1 <= int(page[:9]) == int(page):
        raise DataError(f"page: got {page[:20]!r}, expected a whole number from 1 on")
    flags = tuple(dict.fromkeys(v for k, v in given if k == "flag"))[:_MOST_FLAGS]
    return Filter(
        metric=metric,
        move=move,
        slices=tuple(dict(slices).items()),
        text=one.get("q", "")[:200],
        page=int(page),
        diff=one.get("diff") != "off",
        flags=flags,
        flagged=one.get("flagged") == "1",
        people=one.get("people") != "off",
        codes=codes_of(v for k, v in given if k == "code"),
        about=look.about,
    )


def list_view(look: Look, asked: Filter) -> dict[str, Any]:
    """Return the flip table: one page of items, and the estimate on what the filter keeps."""
    pairs, gain = look.pairs(asked.metric), look.gain(asked.metric)
    kept = _kept(look, asked)
    order = _order(kept & _moved(gain, asked.move), gain)
    pages = max(1, -(-len(order) // PAGE))
    page = min(asked.page, pages)
    shown = order[(page - 1) * PAGE : page * PAGE]
    asked = replace(asked, page=page)
    return {
        **_head(look, asked),
        "estimate": _estimate(look, asked, pairs, kept),
        "moves": [
            {
                "move": move,
                "items": int((kept & _moved(gain, move)).sum()),
                "chosen": move == asked.move,
                "query": asked.query(move=move, page=1),
            }
            for move in MOVES
        ],
        "slices": _chips(look, asked, pairs),
        "rows": [_row(look, asked, pairs, gain, int(at)) for at in shown],
        "items": len(order),
        "page": page,
        "pages": pages,
        "previous": asked.query(page=page - 1) if page > 1 else None,
        "next": asked.query(page=page + 1) if page < pages else None,
        "coding": coding_of_list(look, asked),
    }


def item_view(look: Look, asked: Filter, item: str, most: int) -> dict[str, Any]:
    """Return one item: both sides' texts, scores, traces; and its neighbours in the list.

    Args:
        look: both tables.
        asked: the filter by which the item was found.
        item: its id.
        most: characters that are shown of one text.

    Raises:
        UnknownName: no such item on both sides.
    """
    if item not in look.place:
        raise UnknownName("compared item", item[:80], ())
    at, pairs, gain = look.place[item], look.pairs(asked.metric), look.gain(asked.metric)
    order = _order(_kept(look, asked) & _moved(gain, asked.move), gain)
    found = np.flatnonzero(order == at)
    near = int(found[0]) if found.size else None
    told = [look.texts.of(side, item) for side in (0, 1)]
    flags = tuple(f for f in asked.flags if f != item)
    flagged = item in asked.flags
    return {
        **_head(look, asked),
        "item": item,
        **_row(look, asked, pairs, gain, at),
        "slices": {name: str(values[at]) for name, values in pairs.slices.items()},
        "place": None if near is None else near + 1,
        "items": len(order),
        "previous": _neighbour(look, order, near, -1),
        "next": _neighbour(look, order, near, 1),
        "query": asked.query(),
        "other_diff": asked.query(diff=not asked.diff),
        "flagged": flagged,
        "other_flag": asked.query(flags=flags if flagged else (*flags, item)),
        "scores": [_scores(look, metric, at) for metric in look.metrics],
        "has_texts": look.texts.has_texts,
        "tries": tries_view(told, most, diff=asked.diff),
        "people": people_view(look, item, most) if asked.people else None,
        "other_people": None
        if look.texts.rated(item) is None
        else asked.query(people=not asked.people),
        "coding": coding_of_item(look, asked, item),
    }


def _head(look: Look, asked: Filter) -> dict[str, Any]:
    return {
        "doors": look.doors._asdict(),
        "about": [list(pair) for pair in look.about],
        "baseline": look.names[0],
        "candidate": look.names[1],
        "sentence": look.sentence,
        "notes": list(look.notes),
        "filter": plain(asked),
        "metrics": list(look.metrics),
        "digests": list(look.digests),
        "searched": look.texts.searched,
    }


def _kept(look: Look, asked: Filter) -> NDArray[np.bool_]:
    """Return what the filter keeps whatever the scores are; shape (n,)."""
    mask = np.ones(len(look.items), dtype=np.bool_)
    for name, value in asked.slices:
        values, codes = look.labels(name)
        mask &= codes == (values.index(value) if value in values else -1)
    if asked.text:
        low, within = asked.text.lower(), look.texts.items_with(asked.text)
        mask &= np.array([low in i.lower() or i in within for i in look.items], dtype=np.bool_)
    if asked.flagged:
        mask &= np.array([item in asked.flags for item in look.items], dtype=np.bool_)
    return mask


def _moved(gain: NDArray[np.float64], move: str) -> NDArray[np.bool_]:
    lost = np.isnan(gain)
    if move == "changed":
        return np.asarray(~lost & (gain != 0), dtype=np.bool_)
    if move == "missing":
        return lost
    if move == "all":
        return np.ones_like(lost)
    found = {"worse": gain < 0, "better": gain > 0, "same": gain == 0}[move]
    return np.asarray(found, dtype=np.bool_)


def _order(mask: NDArray[np.bool_], gain: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of the kept items, the largest |Δ| first, then by id."""
    places = np.flatnonzero(mask)
    size = np.nan_to_num(np.abs(gain[places]), nan=-1.0)
    return np.asarray(places[np.argsort(-size, kind="stable")], dtype=np.int64)


def _estimate(look: Look, asked: Filter, pairs: Pairs, kept: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the estimate of a filter, made once."""
    flags = asked.flags if asked.flagged else None
    key = (asked.metric, asked.slices, asked.text, flags)
    if key not in look.estimates:
        if len(look.estimates) >= _MOST_KEPT:
            look.estimates.clear()
        look.estimates[key] = _estimated(look, asked, pairs, kept)
    return look.estimates[key]


def _estimated(look: Look, asked: Filter, pairs: Pairs, kept: NDArray[np.bool_]) -> dict[str, Any]:
    """Estimate the difference on the items of the slices and the search, never on those moved.

    Who keeps only what got worse has chosen by the outcome: a mean of that says nothing.
    """
    part = replace(complete(take(pairs, kept)), bounds=None)
    narrowed = bool(asked.slices or asked.text or asked.flagged)
    found: dict[str, Any] = {"n": len(part.items), "narrowed": narrowed, "text": None, "why": ""}
    alpha = look.alpha
    estimate = PairsEvidence(part, alpha=alpha).descriptive() if part.items else None
    if estimate is None:
        found["why"] = "too few items with both scores for an interval"
        return found
    unit = unit_of(asked.metric, plain(pairs.scale))
    words = EstimateText(plain(estimate), unit)
    return {**found, "text": words.text, "level": words.level, "estimate": plain(estimate)}


def _chips(look: Look, asked: Filter, pairs: Pairs) -> list[dict[str, Any]]:
    chosen = dict(asked.slices)
    found = []
    for name in pairs.slices:
        values, _ = look.labels(name)
        chips = []
        for value in values[:_MOST_CHIPS]:
            others = {k: v for k, v in chosen.items() if k != name}
            on = chosen.get(name) == value
            after = others if on else {**others, name: value}
            query = asked.query(slices=tuple(after.items()), page=1)
            chips.append({"value": value, "chosen": on, "query": query})
        found.append({"slice": name, "chips": chips, "more": max(0, len(values) - _MOST_CHIPS)})
    return found


def _row(
    look: Look, asked: Filter, pairs: Pairs, gain: NDArray[np.float64], at: int
) -> dict[str, Any]:
    delta = None if np.isnan(gain[at]) else float(gain[at])
    word = "missing" if delta is None else "same" if not delta else "better"
    return {
        "item": look.items[at],
        "label": clip(look.items[at], _TEXT),
        "link": asked.query() + "&" + urlencode([("id", look.items[at])]),
        "baseline": _number(pairs.baseline[at]),
        "candidate": _number(pairs.candidate[at]),
        "repeats": [_right(look, asked.metric, side, at) for side in (0, 1)],
        "delta": delta,
        "delta_text": "" if delta is None else f"{'+' if delta > 0 else ''}{significant(delta)}",
        "move": "worse" if delta is not None and delta < 0 else word,
        "flagged": look.items[at] in asked.flags,
        "code": dict(asked.codes).get(look.items[at]),
    }


def _number(value: float) -> str:
    return "missing" if np.isnan(value) else significant(float(value))


def _right(look: Look, metric: str, side: int, at: int) -> str:
    """Return k/n where an item was tried more than once and its tries are right or wrong."""
    pairing, pairs = look.pairs(metric).pairing, look.pairs(metric)
    if max(pairing.repeats_baseline, pairing.repeats_candidate) < 2:
        return ""
    tries = look.tries(metric, side, at)
    if any(score not in (0.0, 1.0) for score in tries) or pairs.scale.best is None:
        return f"{count(len(tries))} tries"
    return f"{sum(score == pairs.scale.best for score in tries)}/{len(tries)}"


def _scores(look: Look, metric: str, at: int) -> dict[str, Any]:
    pairs = look.pairs(metric)
    return {
        "metric": metric,
        "baseline": _number(pairs.baseline[at]),
        "candidate": _number(pairs.candidate[at]),
        "repeats": [_right(look, metric, side, at) for side in (0, 1)],
    }


def _neighbour(look: Look, order: NDArray[np.int64], near: int | None, step: int) -> str | None:
    if near is None:
        return look.items[int(order[0])] if len(order) and step > 0 else None
    at = near + step
    return look.items[int(order[at])] if 0 <= at < len(order) else None
