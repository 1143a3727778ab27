"""The page of ``liftgate compare --html``: two foreign tables, paired, metric by metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liftgate.canon import short
from liftgate.documents import sections
from liftgate.documents.claims import Body, Effect, Level, effect_words, ends, relative_margin
from liftgate.documents.comparison_notes import LOWER, check_words
from liftgate.documents.numbers import (
    EstimateText,
    count,
    named,
    p_value,
    percent,
    significant,
    unit_of,
)
from liftgate.documents.page import Budget, Cut, badge_icon, cut, fit, render_page
from liftgate.documents.words import Badge, contrast_words
from liftgate.figures import Figure, ForestRow, Margin, Unit, forest, interval_bar
from liftgate.figures.forest import domain_of

_MOST_METRICS = 50
_MOST_BADGES = 8


@dataclass(frozen=True)
class Change:
    """One item that moved."""

    item: str
    baseline: str
    candidate: str
    delta: str


@dataclass(frozen=True)
class Metric:
    """Everything that the page says about one metric."""

    name: str
    anchor: str
    about: str
    margin: str
    sentence: str
    badge: Badge
    reason: str
    baseline: Level | None
    candidate: Level | None
    effect: Effect | None
    worst_case: str
    requirement: str
    needed: tuple[str, ...]
    detectable: str
    flips: Mapping[str, sections.Flip]
    moves: str
    gains: tuple[Change, ...]
    losses: tuple[Change, ...]
    slices: Cut
    notes: tuple[str, ...]


def render_comparison(comparison: Mapping[str, Any], ratios: Sequence[Sequence[str]] = ()) -> str:
    """Return a comparison as one self-contained HTML file.

    Args:
        comparison: ``plain(Comparison)``. Names of items, slices and columns are hostile data.
        ratios: what is to be said of each ratio, a heading first; see ``ratio_lines``.

    Raises:
        LiftgateError: the page is too large however little of the lists it shows.
    """
    return fit(lambda budget: _page(comparison, ratios, budget))


def _page(comparison: Body, ratios: Sequence[Sequence[str]], budget: Budget) -> str:
    metrics = comparison["metrics"][:_MOST_METRICS]
    told = tuple(_metric(metric, i, comparison, budget) for i, metric in enumerate(metrics))
    badges = _answers(comparison)
    alone = badges[0] if len(badges) == 1 else Badge("none", "", "quiet")
    context = {
        "comparison": comparison,
        "title": f"{comparison['candidate']['name']} against {comparison['baseline']['name']}",
        "icon": badge_icon(alone),
        "tone": alone.tone,
        "badges": badges,
        "sides": tuple(_side(comparison[key], key) for key in ("baseline", "candidate")),
        "metrics": Cut(told, len(comparison["metrics"])),
        "details": Cut(told[: budget.listed], len(comparison["metrics"])),
        "figures": comparison_figures(metrics),
        "pairing": sections.pairing({m["metric"]: m["pairing"] for m in metrics}, budget),
        "alpha": percent(comparison["question"]["alpha"]),
        "ratios": tuple(tuple(lines) for lines in ratios),
        "notes": cut(comparison["notes"], budget.listed),
    }
    return render_page("comparison.html.j2", context, budget)


_READINGS = {
    "superior": Badge("yes", "better", "good"),
    "non-inferior": Badge("yes", "not worse", "good"),
    "equivalent": Badge("yes", "no difference that matters", "good"),
    "inferior": Badge("no", "worse", "bad"),
    "inconclusive": Badge("open", "can't tell", "open"),
}


def _badge(reading: str) -> Badge:
    return _READINGS.get(reading, Badge("none", reading.replace("-", " "), "quiet"))


def _answers(comparison: Body) -> tuple[Badge, ...]:
    """The page's badges: what was required where something was, else each metric's answer."""
    asked = comparison["requirement"]
    if asked is not None:
        want = asked["want"].replace("-", " ")
        if asked["met"]:
            return (Badge("yes", f"{want}: met", "good"),)
        harm = Badge("no", f"{want}: harm shown", "bad")
        return (harm if asked["harmed"] else Badge("open", f"{want}: not shown", "open"),)
    found = [(m["metric"], _badge(m["verdict"]["reading"])) for m in comparison["metrics"]]
    if len(found) == 1:
        return (found[0][1],)
    shown = tuple(Badge(b.icon, f"{name}: {b.word}", b.tone) for name, b in found[:_MOST_BADGES])
    more = len(found) - len(shown)
    return (*shown, Badge("none", f"{count(more)} more below", "quiet")) if more else shown


def _side(side: Body, role: str) -> tuple[str, str, tuple[str, ...]]:
    columns = {
        part: ", ".join(value) if isinstance(value, (list, tuple)) else value
        for part, value in side["columns"].items()
        if value
    }
    used = "; ".join(
        f"{part} = {name}{' (guessed)' if part in side['guessed'] else ''}"
        for part, name in columns.items()
    )
    lines = [
        f"{count(side['rows'])} rows, {count(side['items'])} items, digest {short(side['digest'])}",
        f"Columns: {used}" if used else "No columns were named or guessed",
    ]
    if side.get("format"):
        lines.append(f"Recognised as: {side['format']}")
    lines += check_words(side.get("checks", ()))
    if side["left_out"]:
        left = "; ".join(f"{name} ({why})" for name, why in side["left_out"].items())
        lines.append(f"Not used: {left}")
    return (f"{role}: {side['name']}", side["system"] or "", tuple(lines))


def _metric(metric: Body, place: int, comparison: Body, budget: Budget) -> Metric:
    unit = unit_of(metric["metric"], metric["scale"])
    verdict, moves = metric["verdict"], metric["moves"]
    words = metric["verdict"]["reason"]
    return Metric(
        name=metric["metric"],
        anchor=f"metric-{place + 1}",
        about=_about(metric),
        margin=_margin_words(metric["margin"], unit),
        sentence=metric["sentence"],
        badge=_badge(verdict["reading"]),
        reason=words,
        baseline=_level(metric["baseline"], unit),
        candidate=_level(metric["candidate"], unit),
        effect=_effect(metric, unit, comparison),
        worst_case=_other(metric["worst_case"]),
        requirement=_other(metric["requirement"]),
        needed=tuple(_needed(needed) for needed in metric["needed"]),
        detectable=""
        if metric["detectable"] is None
        else named(significant(metric["detectable"] * unit.factor, 2), unit),
        flips=_flips(moves),
        moves=f"{count(moves['gained'])} better, {count(moves['lost'])} worse, "
        f"{count(moves['same'])} the same",
        gains=tuple(_change(change, metric["scale"]) for change in moves["gains"]),
        losses=tuple(_change(change, metric["scale"]) for change in moves["losses"]),
        slices=_slices(metric["slices"], unit, budget),
        notes=tuple(metric["notes"]),
    )


def _about(metric: Body) -> str:
    scale = metric["scale"]
    direction = "larger is better" if scale["higher_is_better"] else LOWER
    low, high = scale["low"], scale["high"]
    inside = "" if low is None or high is None else f", {low:g} to {high:g}"
    guessed = " (guessed)" if metric["scale_guessed"] else ""
    failure = metric["failure_score"]
    scored = "" if failure is None else f"; a failure scores {failure:g}"
    return f"{scale['kind']}{inside}{guessed}; {direction}{scored}"


def _margin_words(margin: Body | None, unit: Unit) -> str:
    if margin is None:
        return "no margin was named"
    if margin["relative"]:
        return f"{margin['value'] * 100:g} % of the baseline"
    return named(significant(margin["value"] * unit.factor), unit)


def _level(estimate: Body | None, unit: Unit) -> Level | None:
    if estimate is None:
        return None
    words = EstimateText(estimate, unit, signed=False)
    return Level(named(words.value, unit), f"{words.level}: {words.limits}", "")


def _contrast(metric: Body) -> str:
    """What the deciding estimate compares with 0 where the margin is relative; else empty."""
    margin = metric["margin"]
    if margin is None or not margin["relative"]:
        return ""
    higher = metric["scale"]["higher_is_better"]
    return contrast_words(margin["value"], higher_is_better=higher)


def _effect(metric: Body, unit: Unit, comparison: Body) -> Effect | None:
    verdict = metric["verdict"]
    if verdict["estimate"] is None:
        return None
    row = _row(metric, unit)
    return effect_words(
        verdict["estimate"],
        verdict["descriptive"],
        unit,
        p=p_value(verdict["p_value"], against=comparison["question"]["alpha"]),
        contrast=_contrast(metric),
        bar=interval_bar(row, domain=domain_of([row])),
    )


def _row(metric: Body, unit: Unit) -> ForestRow:
    verdict, contrast = metric["verdict"], _contrast(metric)
    estimate, wide = verdict["estimate"], verdict["descriptive"]
    if estimate is None:
        return ForestRow(label=metric["metric"], value=None, reason=verdict["reason"])
    margin = metric["margin"]
    lines: tuple[Margin, ...] = ()
    if margin is not None and contrast:
        lines = (relative_margin(margin["value"]),)
    elif margin is not None:
        text = f"margin −{named(significant(margin['value'] * unit.factor), unit)}"
        lines = (Margin(-margin["value"], text),)
    return ForestRow(
        label=metric["metric"],
        value=estimate["value"],
        deciding=ends(estimate),
        wide=None if wide is None or contrast else ends(wide),
        margins=lines,
        text=EstimateText(estimate, unit).text,
    )


def comparison_figures(metrics: Sequence[Body]) -> tuple[Figure, ...]:
    """Return a forest plot for each unit; metrics in units of their own stand alone.

    Args:
        metrics: of a comparison, as JSON values.
    """
    groups: dict[str, list[ForestRow]] = {}
    units: dict[str, Unit] = {}
    for metric in metrics:
        unit = unit_of(metric["metric"], metric["scale"])
        key = unit.name if unit.factor != 1 else metric["metric"]
        units[key] = unit
        groups.setdefault(key, []).append(_row(metric, unit))
    text = "Right of the full line the candidate is better. A dashed line marks the margin."
    return tuple(
        forest(rows, title="Difference, candidate − baseline", description=text, unit=units[key])
        for key, rows in groups.items()
    )


def _other(verdict: Body | None) -> str:
    """A second verdict beside the main one; its reason holds its numbers."""
    if verdict is None:
        return ""
    return f"{_badge(verdict['reading']).word}: {verdict['reason'].rstrip('.')}."


def _needed(needed: Body) -> str:
    if needed["items"] is None:
        return f"No number of items would show: {needed['question']}."
    return f"About {count(needed['items'])} items in all would show: {needed['question']}."


def _flips(moves: Body) -> Mapping[str, sections.Flip]:
    if moves["both_right"] is None or moves["both_wrong"] is None:
        return {}
    return sections.flip_cells(
        {
            "both": moves["both_right"],
            "gained": moves["gained"],
            "lost": moves["lost"],
            "neither": moves["both_wrong"],
        }
    )


def _change(change: Body, scale: Body) -> Change:
    step = change["candidate"] - change["baseline"]
    gain = step if scale["higher_is_better"] else -step
    sign = "+" if gain > 0 else ""
    return Change(
        item=change["item"],
        baseline=significant(change["baseline"]),
        candidate=significant(change["candidate"]),
        delta=f"{sign}{significant(gain)}",
    )


def _slices(found: list[Body], unit: Unit, budget: Budget) -> Cut:
    rows = [
        {
            "slice": f"{row['slice']}: {row['value']}",
            "n": row["items"],
            "clusters": row["estimate"]["clusters"] if row["estimate"] else None,
            "estimate": row["estimate"],
            "reason": row["reason"],
        }
        for row in found
    ]
    return sections.slice_rows(rows, unit, budget)
