"""What answers cost, in words: per item, per 1,000 items, per success, and what was saved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.documents.claims import Body
from liftgate.documents.numbers import EstimateText, count, named, significant
from liftgate.figures import Unit

QUANTITIES = ("per_item", "per_1000", "per_success")
_MOST_DECIMALS = 12
NOT_KNOWN = "not known, which is not zero"


@dataclass(frozen=True)
class CostCell:
    """One number with its reference."""

    text: str
    note: str
    """Why there is no number or no interval, and what was left out."""
    ref: str


@dataclass(frozen=True)
class CostRow:
    """One arm, or one difference from the baseline."""

    name: str
    cells: tuple[CostCell, ...]


@dataclass(frozen=True)
class Costs:
    """What a report says about cost beside the sums."""

    unit: str
    success: str
    rows: tuple[CostRow, ...]
    saved: str


def costs(body: Body, entry: int) -> Costs | None:
    """Return what answers cost; None where no call's cost is known."""
    found = body.get("money")
    if found is None:
        return None
    arms = [arm["name"] for arm in body["arms"] if arm["name"] in found["arms"]]
    rows = [_row(arm, found["arms"][arm], f"{entry}:{arm}", signed=False) for arm in arms]
    base = next(arm["name"] for arm in body["arms"] if arm["role"] == "baseline")
    rows += [
        _row(f"{name} − {base}", one, f"{entry}:{name}", signed=True)
        for name, one in found["differences"].items()
    ]
    success = found["success"]
    told = f"{success} at its best" if success else "no metric is right or wrong"
    return Costs(currency_of(body) or "their own currency", told, tuple(rows), saved_sentence(body))


def saved_sentence(body: Body) -> str:
    """Return what stopping early saved; empty where nothing was, or it is not known."""
    saved = (body.get("money") or {}).get("saved")
    if not saved:
        return ""
    amount = named(significant(saved["about"], 3), Unit(saved["currency"] or ""))
    return (
        f"Stopping early saved about {amount}: {count(saved['calls'])} calls that were not made, "
        "at what each arm's calls cost on average."
    )


@dataclass(frozen=True)
class JudgeCostRow:
    """What one judge's calls cost."""

    name: str
    total: str
    total_ref: str
    per_item: str
    per_item_ref: str
    known: str
    tokens: str


def judge_rows(body: Body, entry: int) -> tuple[JudgeCostRow, ...]:
    """Return one row a judge; a cost that nobody knows says so."""
    return tuple(
        JudgeCostRow(
            name=metric,
            total=_amount(found["total"]),
            total_ref=f"{entry}:judge.{metric}.cost_total",
            per_item=_amount(found["per_item"]),
            per_item_ref=f"{entry}:judge.{metric}.cost_per_item",
            known=f"{count(found['known'])} of {count(found['calls'])}",
            tokens=_tokens(found),
        )
        for metric, found in body.get("judge_cost", {}).items()
    )


def _amount(value: float | None) -> str:
    return "not known" if value is None else significant(value)


def _tokens(found: Mapping[str, Any]) -> str:
    sums = (found["tokens_in"], found["tokens_out"])
    return " / ".join("not measured" if one is None else count(one) for one in sums)


def cost_lines(body: Body) -> Iterator[str]:
    """Yield one line an arm and one a difference; an arm of unknown cost says so."""
    yield from _arm_lines(body)
    unit = currency_of(body)
    for metric, found in body.get("judge_cost", {}).items():
        yield f"Cost of the judge {metric}: {_judge_line(found, unit)}"


def _judge_line(found: Body, unit: str) -> str:
    if found["total"] is None:
        return f"{NOT_KNOWN} ({count(found['calls'])} calls)"
    behind = f" {unit}" if unit else ""
    told = f"{significant(found['total'])}{behind} for {count(found['calls'])} calls"
    if found["per_item"] is not None:
        return f"{told}, {significant(found['per_item'])}{behind} an item"
    return f"{told}, of which {count(found['calls'] - found['known'])} are not known"


def _arm_lines(body: Body) -> Iterator[str]:
    found = body.get("money")
    if found is None:
        names = ", ".join(arm["name"] for arm in body["arms"])
        yield f"Cost of {names}: {NOT_KNOWN}"
        return
    unit = currency_of(body)
    success = found["success"]
    for name, one in found["arms"].items():
        yield f"Cost of {name}: {_line(one, unit, success, signed=False)}"
    for name, one in found["differences"].items():
        yield f"Cost of {name} less the baseline's: {_line(one, unit, success, signed=True)}"
    if saved := saved_sentence(body):
        yield saved


def _line(one: Body, unit: str, success: str | None, *, signed: bool) -> str:
    behind = f" {unit}" if unit else ""
    item = _cell(one["per_item"], "", signed=signed)
    thousand = _cell(one["per_1000"], "", signed=signed)
    if one["per_item"]["value"] is None and one["per_item"]["estimate"] is None:
        return f"{NOT_KNOWN} ({one['per_item']['reason']})"
    parts = [f"{item.text}{behind} an item", f"{thousand.text}{behind} per 1,000"]
    each = _cell(one["per_success"], "", signed=signed)
    known = one["per_success"]["estimate"] is not None
    name = f" ({success})" if success else ""
    parts.append(
        f"{each.text}{behind} a success{name}" if known else f"a success{name}: {each.note}"
    )
    return "; ".join(parts)


def _row(name: str, one: Body, stem: str, *, signed: bool) -> CostRow:
    tail = "_difference" if signed else ""
    return CostRow(
        name,
        tuple(_cell(one[key], f"{stem}.cost_{key}{tail}", signed=signed) for key in QUANTITIES),
    )


def _cell(number: Mapping[str, Any], ref: str, *, signed: bool) -> CostCell:
    estimate, reason = number["estimate"], number["reason"]
    if estimate is not None:
        words = EstimateText(estimate, Unit(""), signed=signed, decimals=_decimals(estimate))
        left_out = [text for text in estimate["warnings"] if "left out" in text]
        return CostCell(words.text, "; ".join(left_out), ref)
    if number["value"] is None:
        return CostCell("not measured", reason, ref)
    sign = "+" if signed and number["value"] > 0 else ""
    return CostCell(f"{sign}{significant(number['value'])}", f"no interval: {reason}", ref)


def _decimals(estimate: Mapping[str, Any]) -> int:
    """Return the decimals that show two digits of the half-width; of money also tiny amounts."""
    low, high, value = estimate["low"], estimate["high"], estimate["value"]
    ends = [end for end in (low, high) if end is not None]
    half = max((abs(end - value) for end in ends), default=0.0) or abs(value)
    if not half:
        return 1
    return min(max(1 - math.floor(math.log10(half)), 0), _MOST_DECIMALS)


def currency_of(body: Body) -> str:
    """Return the currency of the decision's prices; empty: everybody reported in its own."""
    prices = body.get("prices")
    return str(prices["currency"]) if prices else ""
