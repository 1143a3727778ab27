"""An optimisation report in words and in pictures, one for each trade with the quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liftgate.documents.numbers import (
    EstimateText,
    count,
    p_value,
    percent,
    quantity,
    significant,
    unit_of,
)
from liftgate.documents.words import amount
from liftgate.figures import FrontAxis, FrontPoint, Unit, pareto, standalone

Body = Mapping[str, Any]

METHOD = (
    "An arm is dominated when another is at least as good in every objective and better in one. "
    "Dominated is said when every objective speaks for one other arm (intersection-union, Berger "
    "1982); on the front, when against every other arm some objective speaks for it (Bonferroni "
    "over the objectives of a pair); everything else is not distinguishable. The tests are paired "
    "by item with clusters, one-sided at level {alpha} for all these statements together (Holm "
    "1979). The share of resamples of whole clusters (Efron 1979, {draws} draws) in which nothing "
    "dominates an arm is shown beside, and has no error rate."
)
MEMORY = (
    "Memory is what a system's own measure() tells, such as the bytes of its weights or its index. "
    "Resident memory is not measured: arms share one process, whose memory cannot be divided."
)


def in_words(table: Body, scales: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a front with its rows in words, as a document prints them.

    Args:
        table: ``flow.front.front_table``.
        scales: of the decision's metrics.
    """
    objectives = [_objective(name, table, scales) for name in table["objectives"]]
    units = {one["name"]: _unit(one["name"], table, scales) for one in objectives}
    return {
        **table,
        "method": METHOD.format(alpha=significant(table["alpha"]), draws=count(table["draws"])),
        "memory": MEMORY,
        "shown": objectives,
        "rows": [_row(place, table, objectives, units) for place in table["places"]],
        "by_slice": [_slice(row, units[table["metric"]]) for row in table["slices"]],
        "margin_words": None
        if table["margin"] is None
        else amount(table["margin"], units[table["metric"]]),
        "pictures": [
            {"name": picture_name(one["name"]), "of": one["name"]} for one in objectives[1:]
        ],
        "scales": {table["metric"]: scales[table["metric"]]},
    }


def companions(table: Body) -> Mapping[str, str]:
    """Return the pictures as files."""
    return {
        picture_name(name): _picture(name, table)
        for name in table["objectives"]
        if name != table["metric"]
    }


def picture_name(objective: str) -> str:
    """Return the name of a picture's file; nothing in an objective's name can leave the folder."""
    plain = "".join(c if c.isalnum() or c in "_-" else "-" for c in objective)
    return f"front-{plain}.svg"


def _unit(name: str, table: Body, scales: Mapping[str, Any]) -> Unit:
    if name.startswith("cost_"):
        return Unit(table["currency"] or "in the systems' own currency")
    return unit_of(name, scales.get(name))


def _objective(name: str, table: Body, scales: Mapping[str, Any]) -> dict[str, Any]:
    higher = bool(scales[name]["higher_is_better"]) if name in scales else False
    exact = name in table["exact"]
    return {"name": name, "better": "higher" if higher else "lower", "exact": exact}


def _row(
    place: Body, table: Body, objectives: list[dict[str, Any]], units: Mapping[str, Unit]
) -> dict[str, Any]:
    system = place["system"]
    means = table["means"][system]
    beaten = " and ".join(place["dominated_by"])
    latency = table["latency"].get(system, {})
    load = table["load"].get(system, {})
    ms = Unit("ms")
    return {
        "system": system,
        "standing": f"dominated by {beaten}" if beaten else place["standing"],
        "share": percent(round(place["share"], 3), 1),
        "p_front": p_value(place["p_front"], against=table["alpha"]),
        "p_dominated": p_value(place["p_dominated"], against=table["alpha"]),
        "values": [_value(means[one["name"]], units[one["name"]]) for one in objectives],
        "p50": quantity(latency.get("p50_ms"), ms),
        "p95": quantity(latency.get("p95_ms"), ms),
        "flight": count(load.get("median")),
        "most_flight": count(load.get("most")),
    }


def _value(mean: Body, unit: Unit) -> str:
    estimate = mean["estimate"]
    if estimate is not None:
        return EstimateText(estimate, unit, signed=False).text
    why = f", without an interval: {mean['reason']}" if mean["reason"] else ", exact"
    return f"{quantity(mean['value'], unit)}{why}"


def _slice(row: Body, unit: Unit) -> dict[str, Any]:
    told = row["kept"] if row["kept"] is not None else row["harm"]
    estimate = told["estimate"]
    shown = "no number" if estimate is None else EstimateText(estimate, unit).text
    kept = row["kept"]
    said = "no margin declared"
    if kept is not None:
        said = "not worse by the margin" if kept["rejected"] else kept["reading"].replace("-", " ")
    return {
        "candidate": row["candidate"],
        "slice": row["slice"],
        "value": row["value"],
        "difference": shown,
        "kept": said,
        "harm": row["harm"]["reading"].replace("-", " ")
        if row["harm"]["status"] != "not-assessed"
        else row["harm"]["reason"],
    }


def _picture(name: str, table: Body) -> str:
    quality = table["metric"]
    scales = table["scales"]
    across, up = (
        FrontAxis(
            one,
            _unit(one, table, scales),
            higher_is_better=one in scales and bool(scales[one]["higher_is_better"]),
        )
        for one in (name, quality)
    )
    points = [
        FrontPoint(
            label=place["system"],
            standing=place["standing"],
            x=table["means"][place["system"]][name]["value"],
            y=table["means"][place["system"]][quality]["value"],
            x_interval=_interval(table["means"][place["system"]][name]),
            y_interval=_interval(table["means"][place["system"]][quality]),
        )
        for place in table["places"]
    ]
    figure = pareto(
        points,
        x=across,
        y=up,
        title=f"{quality} against {name}",
        description="Bars are 95 % intervals. The standing is over all objectives together.",
    )
    return standalone(figure.svg)


def _interval(mean: Body) -> tuple[float | None, float | None] | None:
    estimate = mean["estimate"]
    return None if estimate is None else (estimate["low"], estimate["high"])
