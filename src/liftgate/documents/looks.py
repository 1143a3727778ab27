"""How far a study with several looks went: the looks as a table and as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.documents.claims import Body, claim_margins, claim_name
from liftgate.documents.numbers import EstimateText, count, p_value, unit_of
from liftgate.documents.page import Budget, Cut, cut
from liftgate.documents.words import contrast_words, share_of
from liftgate.figures import Figure, Look, Unit, looks

_MOST_FIGURES = 6
"""Pictures of one candidate; the table has all claims."""


@dataclass(frozen=True)
class LookRow:
    """One claim at one look."""

    look: str
    items: str
    claim: str
    value: str
    limits: str
    p: str
    shown: str


@dataclass(frozen=True)
class CandidateLooks:
    """One candidate over the looks."""

    name: str
    rows: Cut
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Looked:
    """What a report says about the looks."""

    sentence: str
    candidates: tuple[CandidateLooks, ...]


def how_far(body: Body, budget: Budget) -> Looked | None:
    """Return how far a study looked; None for one that looks once."""
    found = body.get("looks")
    if found is None:
        return None
    names = [d["candidate"] for d in body["decisions"]] if found["path"] else []
    return Looked(looks_sentence(found), tuple(_candidate(body, n, budget) for n in names))


def looks_sentence(found: Mapping[str, Any]) -> str:
    """Return in one line how far a study looked and what that saved.

    Args:
        found: the ``looks`` of a decision's body.
    """
    planned, of = count(found["planned_items"]), count(found["of"])
    if not found["taken"]:
        return f"No look was reached: the first of {of} needs more items than every arm answered."
    trials = found["trials"] + found["trials_saved"]
    saved = (
        f": {count(found['trials_saved'])} of {count(trials)} calls were not needed"
        if found["trials_saved"] and found["settled"]
        else ""
    )
    return (
        f"Looked {count(found['taken'])} of {of} times, at {count(found['items'])} of {planned} "
        f"items{saved}."
    )


def _candidate(body: Body, name: str, budget: Budget) -> CandidateLooks:
    claims = {claim["id"]: claim for claim in body["claims"]}
    path = body["looks"]["path"]
    asked = [key for key in claims if any(key in step["candidates"].get(name, {}) for step in path)]
    rows = [
        _row(body, claims[key], step, step["candidates"][name][key])
        for step in path
        for key in asked
        if key in step["candidates"].get(name, {})
    ]
    drawn = () if budget.lean else asked[:_MOST_FIGURES]
    figures = tuple(_figure(body, name, claims[key]) for key in drawn)
    return CandidateLooks(name, cut(rows, budget.listed), figures)


def _row(body: Body, claim: Body, step: Body, point: Body) -> LookRow:
    head = (
        f"{step['look']} of {count(body['looks']['of'])}",
        count(step["items"]),
        claim_name(claim),
    )
    shown = "shown" if point["rejected"] else "not shown"
    if point["value"] is None:
        return LookRow(*head, "too early for the method", "", "", shown)
    words = EstimateText(point, _unit(body, claim), signed=claim["rule"] != "within")
    p = p_value(point["p"], against=body["alpha"])
    unit = f" {words.unit.name}" if words.unit.name else ""
    return LookRow(*head, f"{words.value}{unit}", words.limits, p, shown)


def _figure(body: Body, name: str, claim: Body) -> Figure:
    path = [
        Look(
            look=step["look"],
            items=step["items"],
            value=point["value"],
            low=point["low"],
            high=point["high"],
            shown=point["rejected"],
        )
        for step in body["looks"]["path"]
        if (point := step["candidates"].get(name, {}).get(claim["id"])) is not None
    ]
    unit, share = _unit(body, claim), share_of(claim["params"].get("margin"))
    text = "Filled: the claim was shown by this look. The limits hold at all looks together."
    if share is not None:
        scale = body["scales"].get(claim["metric"])
        higher = scale is None or scale["higher_is_better"]
        text = f"{contrast_words(share, higher_is_better=higher)}. {text}"
    margins = claim_margins(claim, _null(body, name, claim), unit)
    return looks(
        path,
        title=f"{name}: {claim_name(claim)} over the looks",
        planned=body["looks"]["planned_items"],
        tested=margins[0] if margins else None,
        zero=None if claim["rule"] == "within" else 0.0,
        description=text,
        unit=unit,
    )


def _null(body: Body, name: str, claim: Body) -> Body:
    """Return the tested value and side of a claim, from its verdict where that has an estimate."""
    for decision in body["decisions"]:
        if decision["candidate"] == name:
            for verdict in decision["verdicts"]:
                if verdict["claim"] == claim["id"] and verdict["estimate"]:
                    estimate = verdict["estimate"]
                    return {key: estimate[key] for key in ("null", "alternative")}
    return {"null": 0.0, "alternative": "greater"}


def _unit(body: Body, claim: Body) -> Unit:
    return unit_of(claim["metric"], body["scales"].get(claim["metric"]))
