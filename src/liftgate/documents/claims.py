"""Verdicts as rows of tables and as forest plots; every number comes from the decision's body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from liftgate.documents.numbers import (
    EstimateText,
    count,
    named,
    p_value,
    percent,
    quantity,
    significant,
    unit_of,
)
from liftgate.documents.words import (
    Badge,
    amount,
    contrast_words,
    counting,
    demand_words,
    share_of,
    standing,
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
        roles = {a["role"]: a["name"] for a in body["arms"]}
        self._baseline = roles["baseline"]
        self._floor = roles.get("floor", "")

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
            key = self._key(claim)
            units[key] = self._unit(claim)
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
        sides, about = (self._baseline, verdict["candidate"]), ""
        if claim["part"] == "floor":
            sides, about = (self._floor, self._baseline), "the baseline against the floor: "
        return Gate(
            ref=ref,
            metric=claim["metric"],
            part=claim["part"],
            status=counting(verdict, claim["part"]),
            test=about + demand_words(claim, self._unit(claim)),
            direction="" if scale is None or scale["higher_is_better"] else "lower is better",
            baseline=self._level(sides[0], claim),
            candidate=self._level(sides[1], claim),
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
        zero = None if level else 0.0
        domain = domain_of([row], None) if level else self._domains[self._key(claim)]
        bar = interval_bar(row, domain=domain, zero=zero)
        return effect_words(
            estimate,
            verdict["descriptive"],
            self._unit(claim),
            signed=not level,
            contrast=self._contrast(claim),
            p=p_value(verdict["p_value"], against=self._body["alpha"]),
            size=f"{estimate['n']} passes" if "passes" in claim["params"] else "",
            bar=bar,
        )

    @cached_property
    def _domains(self) -> Mapping[str, tuple[float, float]]:
        """One axis for all differences of a unit, so that small pictures can be compared."""
        groups: dict[str, list[ForestRow]] = {}
        for verdict in self._decision["verdicts"]:
            claim = self._claims[verdict["claim"]]
            for part in verdict["parts"] or (verdict,):
                if not is_level(claim, part):
                    groups.setdefault(self._key(claim), []).append(self._row(part))
        return {key: domain_of(rows) for key, rows in groups.items()}

    def _key(self, claim: Body) -> str:
        """What two differences must share to stand on one axis: points, or the same metric."""
        unit = self._unit(claim)
        return unit.name if unit.factor != 1 else str(claim["metric"])

    def _row(self, verdict: Body) -> ForestRow:
        claim = self._claims[verdict["claim"]]
        return claim_row(claim, verdict, self._unit(claim))

    def _contrast(self, claim: Body) -> str:
        """What the estimate of a claim with a relative margin compares with 0; else empty."""
        share = share_of(claim["params"].get("margin"))
        if share is None:
            return ""
        scale = self._body["scales"].get(claim["metric"])
        higher = scale is None or scale["higher_is_better"]
        return contrast_words(share, higher_is_better=higher)

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
            low, high = (None if e is None else e / limit for e in ends(estimate))
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


def claim_name(claim: Body) -> str:
    """Return what a claim is called in a table."""
    if claim["part"] == "floor":
        return f"{claim['metric']} of the baseline above the floor"
    return f"{claim['metric']} {claim['rule'].replace('_', '-')}"


def claim_row(claim: Body, verdict: Body, unit: Unit) -> ForestRow:
    """Return one verdict as the row of a forest plot.

    Where the margin is relative the estimate is a contrast: another quantity than the difference,
    whose 95 % interval is not drawn with it.
    """
    name = claim_name(claim)
    contrast = share_of(claim["params"].get("margin")) is not None
    estimate, wide = verdict["estimate"], verdict["descriptive"]
    if estimate is None:
        return ForestRow(label=name, value=None, reason=verdict["reason"])
    return ForestRow(
        label=name,
        value=estimate["value"],
        deciding=ends(estimate),
        wide=None if wide is None or contrast else ends(wide),
        margins=claim_margins(claim, estimate, unit),
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
    contrast: str = "",
    bar: str = "",
) -> Effect:
    """Return the words of an estimate and of its descriptive 95 % interval.

    ``size`` says what was counted, where that is neither items nor clusters; ``contrast`` names
    what the estimate compares with 0 where that is not the difference.
    """
    words = EstimateText(estimate, unit, signed=signed)
    point, decides = words.value, f"{words.level}: {words.limits}"
    beside = ""
    if contrast:
        decides = f"{contrast}, {decides}"
    if wide is not None:
        other = EstimateText(wide, unit, signed=signed, decimals=words.decimals)
        beside = f"{'difference, ' if contrast else ''}{other.level}: {other.limits}"
        point = other.value if contrast else point
    return Effect(
        value=named(point, unit),
        deciding=decides,
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
        return Level(named(words.value, unit), f"{words.level}: {words.limits}", ref)
    measures: Body = next((a["measures"] for a in body["arms"] if a["name"] == arm), {})
    if metric in measures:
        return Level(quantity(measures[metric], unit), "exact", ref)
    key = metric.removeprefix("latency_")
    latency = body["latency"].get(arm) or {}
    if metric.startswith("ttft_") and latency.get(metric) is not None:
        return Level(
            quantity(latency[metric], unit), f"these {count(latency['ttft_n'])} calls", ref
        )
    if metric.startswith("latency_") and latency.get(key) is not None:
        return Level(quantity(latency[key], unit), f"these {count(latency['n'])} calls", ref)
    return None


def ends(estimate: Body) -> tuple[float | None, float | None]:
    """Return the two limits of an estimate."""
    return estimate["low"], estimate["high"]


def relative_margin(share: float) -> Margin:
    """Return the line of a relative margin: its contrast is compared with 0."""
    return Margin(0.0, f"worse by {percent(share)} of the baseline")


def claim_margins(claim: Body, estimate: Body, unit: Unit) -> tuple[Margin, ...]:
    """Return the tested value; for equivalence, and for it alone, one on each side.

    Args:
        claim: plain(Claim).
        estimate: of that claim; its null and alternative are used.
        unit: how the quantity is shown.
    """
    margin = claim["params"].get("margin")
    if claim["rule"] == "equivalent" and isinstance(margin, (int, float)):
        size = significant(margin * unit.factor)
        return (Margin(-margin, f"−{size}"), Margin(margin, f"+{size}", "above"))
    share = share_of(margin)
    if share is not None:
        return (relative_margin(share),)
    null = estimate["null"]
    if claim["rule"] == "none_shown_worse" or (claim["rule"] == "superior" and null == 0):
        return ()
    side = "above" if estimate["alternative"] == "less" else "below"
    name = "margin" if claim["rule"] in ("non_inferior", "each_non_inferior") else "tested value"
    text = f"{name} {amount(null, unit, signed=True)}"
    return (Margin(null, text, "above" if side == "above" else "below"),)
