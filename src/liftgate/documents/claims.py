"""Verdicts as rows of tables and as forest plots; every number comes from the decision's body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from liftgate.documents.numbers import EstimateText, count, p_value, quantity, significant, unit_of
from liftgate.documents.words import (
    Badge,
    amount,
    counting,
    standing,
    test_words,
    verdict_badge,
)
from liftgate.figures import Figure, ForestRow, Margin, Unit, forest, interval_bar
from liftgate.figures.forest import domain_of

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Level:
    """One arm's own value of a metric."""

    value: str
    detail: str
    """Interval, n and method, or why there is none."""
    ref: str


@dataclass(frozen=True)
class Effect:
    """The words of one estimate and its small picture."""

    value: str
    deciding: str
    """The interval that decides, with its level."""
    wide: str
    """The descriptive interval, or empty."""
    p: str
    size: str
    method: str
    warnings: tuple[str, ...]
    bar: str
    """SVG markup."""


@dataclass(frozen=True)
class Gate:
    """One row of the gates table, or one slice of a claim over slices."""

    ref: str
    metric: str
    part: str
    status: str
    test: str
    direction: str
    baseline: Level | None
    candidate: Level | None
    effect: Effect | None
    exact: str
    """The value of a measured claim; empty for others."""
    badge: Badge
    standing: str
    reason: str
    slice: str
    parts: tuple[Gate, ...]


class Evidence:
    """Reads one decision's claims out of a body.

    Args:
        body: the body of a decision entry.
        decision: plain(Decision), one of the body's or of its original's.
        entry: the ledger entry's number, the head of every reference.
    """

    def __init__(self, body: Body, decision: Body, entry: int) -> None:
        self._body = body
        self._decision = decision
        self._entry = entry
        self._claims: dict[str, Body] = {claim["id"]: claim for claim in body["claims"]}
        self._baseline = next(a["name"] for a in body["arms"] if a["role"] == "baseline")

    def gates(self) -> tuple[Gate, ...]:
        """Return one row for each verdict, in the order of the decision."""
        return tuple(self._gate(verdict) for verdict in self._decision["verdicts"])

    def differences(self) -> tuple[Figure, ...]:
        """Return a forest plot for each unit in which the claims' differences are measured."""
        groups: dict[str, list[ForestRow]] = {}
        units: dict[str, Unit] = {}
        for verdict in self._decision["verdicts"]:
            claim = self._claims[verdict["claim"]]
            if is_level(claim, verdict) or verdict["parts"]:
                continue
            unit = self._unit(claim)
            key = unit.name if unit.factor != 1 else claim["metric"]
            units[key] = unit
            groups.setdefault(key, []).append(self._row(verdict))
        return tuple(self._forest(rows, units[key]) for key, rows in groups.items())

    def limits(self) -> Figure | None:
        """Return one plot of all limit claims, each as a share of its own limit."""
        rows = [
            row
            for verdict in self._decision["verdicts"]
            if is_level(self._claims[verdict["claim"]], verdict)
            and (row := self._share(verdict)) is not None
        ]
        if not rows:
            return None
        title = f"Limits: {self._decision['candidate']} as a share of each limit"
        text = "A dashed line marks the limit; the shaded side fails."
        return forest(rows, title=title, description=text, unit=Unit("% of the limit", 100.0))

    def _gate(self, verdict: Body) -> Gate:
        claim = self._claims[verdict["claim"]]
        scale = self._body["scales"].get(claim["metric"])
        harmed = verdict["claim"] in self._decision["harms"]
        ref = self._ref(verdict)
        return Gate(
            ref=ref,
            metric=claim["metric"],
            part=claim["part"],
            status=counting(verdict, claim["part"]),
            test=test_words(claim, self._unit(claim)),
            direction="" if scale is None or scale["higher_is_better"] else "lower is better",
            baseline=self._level(self._baseline, claim),
            candidate=self._level(verdict["candidate"], claim),
            effect=self._effect(verdict),
            exact=quantity(verdict["measured"], self._unit(claim))
            if verdict["status"] == "measured"
            else "",
            badge=verdict_badge(verdict),
            standing=standing(verdict, claim["part"], harmed=harmed),
            reason=verdict["reason"],
            slice=verdict["slice"] or "",
            parts=tuple(self._gate(part) for part in verdict["parts"]),
        )

    def _ref(self, verdict: Body) -> str:
        base = f"{self._entry}:{verdict['candidate']}.{verdict['claim']}"
        return f"{base}.{verdict['slice']}" if verdict["slice"] is not None else base

    def _unit(self, claim: Body) -> Unit:
        return unit_of(claim["metric"], self._body["scales"].get(claim["metric"]))

    def _level(self, arm: str, claim: Body) -> Level | None:
        return arm_level(self._body, arm, claim["metric"], self._entry)

    def _effect(self, verdict: Body) -> Effect | None:
        estimate = verdict["estimate"]
        if estimate is None:
            return None
        claim = self._claims[verdict["claim"]]
        level = is_level(claim, verdict)
        row = self._row(verdict)
        siblings = [row, *self._neighbours(claim, level=level)]
        zero = None if level else 0.0
        bar = interval_bar(row, domain=domain_of(siblings, zero), zero=zero)
        return effect_words(
            estimate,
            verdict["descriptive"],
            self._unit(claim),
            signed=not level,
            p=p_value(verdict["p_value"], against=self._body["alpha"]),
            size=f"{estimate['n']} passes" if "passes" in claim["params"] else "",
            bar=bar,
        )

    def _neighbours(self, claim: Body, *, level: bool) -> Iterable[ForestRow]:
        """The rows whose small pictures share an axis with this one: same unit, differences."""
        if level:
            return
        unit = self._unit(claim)
        for verdict in self._decision["verdicts"]:
            other = self._claims[verdict["claim"]]
            same = other["metric"] == claim["metric"] or (
                unit.factor != 1 and self._unit(other) == unit
            )
            if not same or is_level(other, verdict):
                continue
            for part in verdict["parts"] or (verdict,):
                if part["estimate"] is not None:
                    yield self._row(part)

    def _row(self, verdict: Body) -> ForestRow:
        claim = self._claims[verdict["claim"]]
        return claim_row(claim, verdict, self._unit(claim))

    def _forest(self, rows: Sequence[ForestRow], unit: Unit) -> Figure:
        name = self._decision["candidate"]
        title = f"Differences: {name} − {self._baseline}"
        text = "Right of the full line is better. A dashed line marks the tested value."
        axis = Unit("points, larger is better" if unit.factor == 100 else unit.name, unit.factor)
        return forest(rows, title=title, description=text, unit=axis)

    def _share(self, verdict: Body) -> ForestRow | None:
        claim = self._claims[verdict["claim"]]
        limit = claim["params"].get("limit")
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit <= 0:
            return None
        label, unit = f"{claim['metric']} within", self._unit(claim)
        margin = (Margin(1.0, f"limit {amount(limit, unit)}", "above"),)
        estimate, measured = verdict["estimate"], verdict["measured"]
        if estimate is not None:
            words = EstimateText(estimate, unit, signed=False)
            low, high = (None if e is None else e / limit for e in _ends(estimate))
            return ForestRow(
                label=label,
                value=estimate["value"] / limit,
                deciding=(low, high),
                margins=margin,
                text=words.text,
            )
        if measured is not None:
            text = f"{quantity(measured, unit)} (exact)"
            return ForestRow(label=label, value=measured / limit, margins=margin, text=text)
        return ForestRow(label=label, value=None, margins=margin, reason=verdict["reason"])


def is_level(claim: Body, verdict: Body) -> bool:
    """Tell whether a claim speaks about the candidate's own value and not about a difference."""
    return claim["rule"] == "within" or bool(claim["is_measure"]) or verdict["measured"] is not None


def claim_row(claim: Body, verdict: Body, unit: Unit, label: str = "") -> ForestRow:
    """Return one verdict as the row of a forest plot."""
    name = label or f"{claim['metric']} {claim['rule'].replace('_', '-')}"
    estimate, wide = verdict["estimate"], verdict["descriptive"]
    if estimate is None:
        return ForestRow(label=name, value=None, reason=verdict["reason"])
    return ForestRow(
        label=name,
        value=estimate["value"],
        deciding=_ends(estimate),
        wide=None if wide is None else _ends(wide),
        margins=_margins(claim, estimate, unit),
        text=EstimateText(estimate, unit, signed=not is_level(claim, verdict)).text,
    )


def effect_words(
    estimate: Body,
    wide: Body | None,
    unit: Unit,
    *,
    signed: bool = True,
    p: str = "",
    size: str = "",
    bar: str = "",
) -> Effect:
    """Return the words of an estimate and of its descriptive 95 % interval.

    ``size`` says what was counted, where that is neither items nor clusters.
    """
    words = EstimateText(estimate, unit, signed=signed)
    beside = ""
    if wide is not None:
        other = EstimateText(wide, unit, signed=signed)
        beside = f"{other.level}: {other.limits}"
    return Effect(
        value=f"{words.value} {unit.name}".rstrip(),
        deciding=f"{words.level}: {words.limits}",
        wide=beside,
        p=p,
        size=size or words.size,
        method=f"{estimate['method']}, {estimate['mark']}",
        warnings=tuple(estimate["warnings"]),
        bar=bar,
    )


def arm_level(body: Body, arm: str, metric: str, entry: int) -> Level | None:
    """Return an arm's own mean, or its measure, or nothing when neither was taken."""
    ref = f"{entry}:{arm}.{metric}"
    unit = unit_of(metric, body["scales"].get(metric))
    estimate = body["means"].get(arm, {}).get(metric)
    if estimate is not None:
        words = EstimateText(estimate, unit, signed=False)
        return Level(f"{words.value} {unit.name}".rstrip(), f"{words.level}: {words.limits}", ref)
    measures: Body = next((a["measures"] for a in body["arms"] if a["name"] == arm), {})
    if metric in measures:
        return Level(quantity(measures[metric], unit), "exact", ref)
    key = metric.removeprefix("latency_")
    latency = body["latency"].get(arm) or {}
    if metric.startswith("latency_") and latency.get(key) is not None:
        return Level(quantity(latency[key], unit), f"these {count(latency['n'])} calls", ref)
    return None


def _ends(estimate: Body) -> tuple[float | None, float | None]:
    return estimate["low"], estimate["high"]


def _margins(claim: Body, estimate: Body, unit: Unit) -> tuple[Margin, ...]:
    """The tested value; for equivalence, and for it alone, one on each side."""
    margin = claim["params"].get("margin")
    if claim["rule"] == "equivalent" and isinstance(margin, (int, float)):
        size = significant(margin * unit.factor)
        return (Margin(-margin, f"−{size}"), Margin(margin, f"+{size}", "above"))
    null = estimate["null"]
    if claim["rule"] == "none_shown_worse" or (claim["rule"] == "superior" and null == 0):
        return ()
    side = "above" if estimate["alternative"] == "less" else "below"
    name = "margin" if claim["rule"] in ("non_inferior", "each_non_inferior") else "tested value"
    text = f"{name} {amount(null, unit, signed=True)}"
    return (Margin(null, text, "above" if side == "above" else "below"),)
