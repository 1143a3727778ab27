"""The sections of a report beside its gates: items, slices, health, cost, latency, plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.canon import short
from liftgate.documents.claims import Body, Effect, effect_words
from liftgate.documents.numbers import alike, count, fixed, quantity, significant, unit_of
from liftgate.documents.page import Budget, Cut, cut
from liftgate.documents.words import slices_words
from liftgate.figures import ForestRow, Unit, interval_bar, sparkline
from liftgate.figures.forest import domain_of
from liftgate.figures.text import one_line
from liftgate.records import Json

Texts = Callable[[str], str | None]


@dataclass(frozen=True)
class Passage:
    """One text of an item, or the words that say why there is none."""

    heading: str
    text: str | None
    absent: str


@dataclass(frozen=True)
class ItemRow:
    """One item's two answers."""

    item: str
    baseline: str
    candidate: str
    delta: str
    slices: str
    excerpt: str
    """The beginning of the input, on one line."""
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Flip:
    """One cell of the two-by-two table: gained means that only the candidate is right."""

    n: str
    share: str


@dataclass(frozen=True)
class Items:
    """The items that moved most."""

    metric: str
    flips: Mapping[str, Flip]
    gains: Cut
    losses: Cut


@dataclass(frozen=True)
class SliceRow:
    """One value of a slice, exploratory."""

    slice: str
    size: str
    effect: Effect | None
    reason: str
    ref: str


@dataclass(frozen=True)
class ArmRow:
    """What one arm cost and how fast it was."""

    arm: str
    p50: str
    p50_ref: str
    p95: str
    p95_ref: str
    n: str
    passes: str
    spark: str
    first: str
    """p50 and p95 to the first token; empty where no answer was streamed."""
    first_ref: str
    total: str
    known: str
    tokens: str


def items(body: Body, candidate: str, texts: Texts, budget: Budget) -> Items | None:
    """Return a candidate's largest gains and losses with their texts."""
    found = body["items"].get(candidate)
    if found is None:
        return None
    gains, losses = (cut(found[name], budget.rows) for name in ("gains", "losses"))
    show = [Cut(tuple(_item(r, texts) for r in c.shown), c.total) for c in (gains, losses)]
    return Items(found["metric"], flip_cells(found["flips"]), *show)


def slices(
    body: Body, candidate: str, entry: int, budget: Budget
) -> tuple[tuple[str, str, Cut], ...]:
    """Return a candidate's exploratory slices: name, metric, rows with their small intervals."""
    primary = body["claims"][0]
    metric = body["items"].get(candidate, {}).get("metric", primary["metric"])
    if primary["metric"] in body.get("ratios", {}):
        metric = primary["metric"]
    unit = unit_of(metric, body["scales"].get(metric))
    stem = f"{entry}:{candidate}.{primary['id']}." if metric == primary["metric"] else ""
    found = body["slices"].get(candidate, {})
    return tuple(
        (name, metric, slice_rows(rows, unit, budget, stem)) for name, rows in sorted(found.items())
    )


PAIRING = (
    ("paired", "paired items"),
    ("only_baseline", "only in the baseline"),
    ("only_candidate", "only in the candidate"),
    ("changed", "same id, other content"),
    ("duplicated", "duplicated"),
    ("failed_baseline", "failed, baseline"),
    ("failed_candidate", "failed, candidate"),
    ("abstained_baseline", "scorer abstained, baseline"),
    ("abstained_candidate", "scorer abstained, candidate"),
    ("missing_baseline", "missing, baseline"),
    ("missing_candidate", "missing, candidate"),
    ("repeats_baseline", "repeats, baseline"),
    ("repeats_candidate", "repeats, candidate"),
)


@dataclass(frozen=True)
class PairingTable:
    """How the two sides were aligned, one column a metric."""

    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    lists: tuple[tuple[str, Cut], ...]
    """Ids of items that were not simply paired."""


def pairing(reports: Mapping[str, Body], budget: Budget) -> PairingTable:
    """Return the pairing reports of some metrics; lists of ids become counts and named lists."""
    rows = tuple(
        (words, tuple(_size(report[key]) for report in reports.values())) for key, words in PAIRING
    )
    lists: dict[tuple[str, ...], str] = {}
    for report in reports.values():
        for key, words in PAIRING:
            if isinstance(report[key], (list, tuple)) and report[key]:
                lists.setdefault(tuple(report[key]), words)
    named = tuple((words, cut(ids, budget.listed)) for ids, words in lists.items())
    return PairingTable(tuple(reports), rows, named)


def failures(body: Body) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the kinds of failure and, for each arm, how often each happened."""
    kinds = sorted({kind for found in body["failures"].values() for kind in found})
    arms = [arm["name"] for arm in body["arms"]]
    counts = {arm: body["failures"].get(arm) for arm in arms}
    rows = tuple(
        (arm, tuple("not measured" if c is None else count(c.get(kind, 0)) for kind in kinds))
        for arm, c in counts.items()
    )
    return tuple(kinds), rows


def cost_and_latency(body: Body, entry: int) -> tuple[ArmRow, ...]:
    """Return one row an arm; what nobody measured says so."""
    return tuple(_arm(body, arm["name"], entry) for arm in body["arms"])


def passes_of(row: Mapping[str, Any] | None) -> list[float]:
    """Return the per-pass values of an arm's latency, or none."""
    return [] if row is None else list(row.get("passes") or ())


def value_text(value: Any) -> str:
    """Return any JSON value as people read it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return fixed(value, 0)
    if isinstance(value, float):
        return significant(value)
    if isinstance(value, str):
        return short(value) if value.startswith("sha256:") else value
    if (
        isinstance(value, Mapping)
        and value
        and not any(isinstance(v, Mapping) for v in value.values())
    ):
        return ", ".join(f"{name} {value_text(part)}" for name, part in value.items())
    return json.dumps(value, ensure_ascii=False)


def readable(value: Json) -> str:
    """Return an input, target or answer as text: texts as they are, the rest as indented JSON.

    The parts of an input stand under their names; a lone part needs no name.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        return readable(next(iter(value.values())))
    if isinstance(value, Mapping) and value and all(isinstance(v, str) for v in value.values()):
        return "\n\n".join(f"{name}:\n{text}" for name, text in value.items())
    return json.dumps(value, ensure_ascii=False, indent=1)


def _item(row: Body, texts: Texts) -> ItemRow:
    change = row["delta"]
    passages = tuple(
        _passage(heading, row[key], texts, absent) for key, heading, absent in _PASSAGES
    )
    return ItemRow(
        item=row["item"],
        baseline=_score(row["baseline"]),
        candidate=_score(row["candidate"]),
        delta="missing" if change is None else ("+" if change > 0 else "") + significant(change),
        slices=slices_words(row["slices"] or {}),
        excerpt=one_line((passages[0].text or "")[:400], 90),
        passages=passages,
    )


_PASSAGES = (
    ("input", "Input", "no input text is kept"),
    ("target", "Target", "no target"),
    ("baseline_output", "Baseline answered", "no answer: the system failed"),
    ("candidate_output", "Candidate answered", "no answer: the system failed"),
)


def _passage(heading: str, digest: str | None, texts: Texts, absent: str) -> Passage:
    if digest is None:
        return Passage(heading, None, absent)
    text = texts(digest)
    if text is None:
        return Passage(heading, None, f"not kept in the store, or erased ({short(digest)})")
    return Passage(heading, text, "")


def _score(value: float | None) -> str:
    return "missing" if value is None else significant(value)


def flip_cells(found: Mapping[str, int] | None) -> Mapping[str, Flip]:
    """Return the cells ``both``, ``gained``, ``lost`` and ``neither``; none for graded scores."""
    if found is None:
        return {}
    total = sum(found.values()) or 1
    return {
        key: Flip(count(n), f"{fixed(100 * n / total, 1)} %") for key, n in sorted(found.items())
    }


def slice_rows(rows: Sequence[Body], unit: Unit, budget: Budget, stem: str = "") -> Cut:
    """Return rows of slices, all on one axis; ``clusters`` may be None where nobody counted.

    ``stem`` is a reference without the slice's name; empty where the numbers are in no ledger.
    """
    drawn = [_slice_interval(r) for r in rows if r["estimate"] is not None]
    domain = domain_of(drawn)
    shown = tuple(_slice(row, unit, domain, stem) for row in rows[: budget.listed])
    return Cut(shown, len(rows))


def _slice_interval(row: Body) -> ForestRow:
    estimate = row["estimate"]
    ends = (estimate["low"], estimate["high"])
    return ForestRow(label=row["slice"], value=estimate["value"], deciding=ends)


def _slice(row: Body, unit: Unit, domain: tuple[float, float], stem: str) -> SliceRow:
    estimate, clusters = row["estimate"], row["clusters"]
    size = count(row["n"]) if clusters is None else f"{count(row['n'])} in {count(clusters)}"
    effect = None
    if estimate is not None:
        bar = interval_bar(_slice_interval(row), domain=domain)
        effect = effect_words(estimate, None, unit, bar=bar)
    return SliceRow(
        row["slice"], size, effect, row["reason"], f"{stem}{row['slice']}" if stem else ""
    )


def _size(value: Any) -> str:
    return count(len(value) if isinstance(value, (list, tuple)) else value)


def _arm(body: Body, arm: str, entry: int) -> ArmRow:
    latency, cost = body["latency"].get(arm), body["cost"].get(arm)
    passes = passes_of(latency)
    ms = Unit("ms")
    spark = sparkline(passes, title=f"p95 of each pass, {arm}", unit=ms).svg if passes else ""
    return ArmRow(
        arm=arm,
        p50=quantity(latency["p50_ms"], ms) if latency else "not measured",
        p50_ref=f"{entry}:{arm}.latency_p50_ms",
        p95_ref=f"{entry}:{arm}.latency_p95_ms",
        p95=quantity(latency["p95_ms"], ms) if latency else "not measured",
        n=count(latency["n"]) if latency else "",
        passes=alike(passes),
        spark=spark,
        first=_first_token(latency, ms),
        first_ref=f"{entry}:{arm}.ttft_p95_ms",
        total=_total(cost),
        known=f"{count(cost['known'])} of {count(cost['items'])}" if cost else "",
        tokens=_tokens(cost),
    )


def _first_token(latency: Body | None, ms: Unit) -> str:
    if not latency or latency.get("ttft_p95_ms") is None:
        return ""
    p50, p95 = (quantity(latency[f"ttft_{name}_ms"], ms) for name in ("p50", "p95"))
    return f"p50 {p50}, p95 {p95} (n {count(latency['ttft_n'])})"


def _total(cost: Body | None) -> str:
    if cost is None or cost["total"] is None or not cost["known"]:
        return "not measured"
    return significant(cost["total"])


def _tokens(cost: Body | None) -> str:
    if cost is None or (cost["tokens_in"] is None and cost["tokens_out"] is None):
        return "not measured"
    return f"{count(cost['tokens_in'])} in, {count(cost['tokens_out'])} out"
