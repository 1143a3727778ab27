"""A gate's operating characteristics on a terminal."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from liftgate.cli.text import visible
from liftgate.documents.numbers import count, fixed, named, percent, unit_of

Body = Mapping[str, Any]

_POINTS = {
    "target": "at the target, nothing else moved",
    "no effect": "without any effect",
    "corner": "with every claim at its boundary",
    "no harm, at its edge": "without harm, at its edge",
}

ALL_KEPT = "discordance and correlation kept"


def show(body: Body) -> None:
    """Print what a simulation found; coloured on a terminal unless NO_COLOR is set."""
    colour = False if os.environ.get("NO_COLOR") else None
    click.secho(visible(_sentence(body)), bold=True, color=colour)
    for line in _lines(body):
        click.echo(visible(line))


def _sentence(body: Body) -> str:
    worst, power = body["false_ship"], body["power"]
    return (
        f"{body['study']}: in the worst simulated world it ships something bad in at most "
        f"{most(worst['upper'])}; at the target it ships in {_range(power)}."
    )


def _lines(body: Body) -> Iterator[str]:
    yield _plan(body)
    yield _drawn(body)
    yield ""
    yield from _faces(body)
    yield ""
    yield from _points(body)
    yield ""
    yield from _rates(body)
    for claim, reason in body["not_assessed"].items():
        yield f"Not assessed by simulation, counted as passed: {claim} ({reason})"
    yield from (f"Not reached: {text}" for text in body["unreached"])
    yield from (f"Assumed: {text}" for text in (*_kept(body), *body["assumptions"]))


def _plan(body: Body) -> str:
    items = f"{count(body['items'])} items"
    if body["units"] != body["items"]:
        items += f" in {count(body['units'])} clusters"
    several = body["candidates"]
    sides = f"{several} candidates, " if several > 1 else ""
    return (
        f"Gate: {len(body['claims'])} claims, {sides}{items}, {_stopping(body)}; alpha "
        f"{percent(body['alpha'])}, alpha_hold {percent(body['alpha_hold'])}"
    )


def _stopping(body: Body) -> str:
    if body["design"] == "planned-looks":
        return f"{len(body['looks'])} planned looks"
    return {"fixed": "one look", "anytime": "unlimited looks"}[body["design"]]


def _drawn(body: Body) -> str:
    runs = f"{count(body['runs'])} runs a point, seed {body['seed']}"
    pilot = body["pilot"]
    if pilot is None:
        return f"Worlds: no pilot, a grid of assumed spreads; {runs}"
    items = f"{count(pilot['items'])} items"
    if pilot["clusters"] != pilot["items"]:
        items += f" in {count(pilot['clusters'])} clusters"
    return f"Worlds: drawn from the pilot ({items}), both arms together; {runs}"


def _faces(body: Body) -> Iterator[str]:
    rows = []
    for face in _worst(body["faces"], ("title", "at", "others"), _false_ship):
        where = f" ({face['others']})" if face["others"] else ""
        rate = face["false_ship"]
        row = [f"{face['title']}{where}", _at(face, body), share(rate["rate"])]
        row.append(most(rate["upper"]))
        rows.append(row + _naive(face))
    header = ["false ship: this claim just fails", "at", "ships", "at most"]
    yield from table(header + _naive_header(body["faces"]), rows)
    if any(face["naive"] for face in body["faces"]):
        yield "  naive: ships when the mean reaches that threshold; peeked: at any of five looks"


def _points(body: Body) -> Iterator[str]:
    several = body["candidates"] > 1
    rows = []
    for point in _worst(body["points"], ("name",), _trouble):
        row = [_POINTS[point["name"]]]
        row += [share(point[word]["rate"]) for word in ("ship", "hold", "inconclusive")]
        row += [share(point["any_ship"]["rate"])] if several else []
        rows.append(row + _naive(point))
    header = ["a candidate", "ships", "is held", "can't tell", *(["any ships"] if several else [])]
    yield from table(header + _naive_header(body["points"]), rows)


def _rates(body: Body) -> Iterator[str]:
    worst, hold = body["false_ship"], body["false_hold"]
    where = f" in the world {worst['world']}" if worst["world"] else ""
    count_faces = len(body["faces"])
    yield (
        f"Worst false ship: {share(worst['rate'])}{where}, at most {most(worst['upper'])} "
        f"(95 % Monte-Carlo bounds, together over {_faces_word(count_faces)}). It is the worst "
        f"over the simulated worlds; the proof that it is at most {percent(body['alpha'])} is the "
        "intersection-union test, as far as each claim's own test holds its level."
    )
    if hold is not None:
        yield (
            f"False hold: {share(hold['rate'])}, at most {most(hold['upper'])}, every claim at "
            "the edge of harm"
        )
    pilots = body["pilots"]
    over = "over the assumed worlds"
    if pilots is not None:
        low, high = pilots["percentiles"]
        over = f"{low} to {high} % of {pilots['count']} bootstrap pilots"
        if pilots["infeasible"]:
            over += f"; {pilots['infeasible']} more could not show the target"
    yield f"Power at the target: {_range(body['power'])} ({over})"
    if len(body["claims"]) > 1:
        yield f"Each claim by itself at the target: {_alone(body)}"
    calls = body["calls"]
    planned = f"of {count(body['planned_calls'])} planned"
    low, high = count(round(calls["low"])), count(round(calls["high"]))
    spread = low if low == high else f"{low} to {high}"
    yield f"Calls at the target: {spread} {planned}"


def _alone(body: Body) -> str:
    """Tell each claim's own power, of several assumed worlds the lowest to the highest."""
    found: dict[str, list[float]] = {}
    for point in body["points"]:
        if point["name"] == "target":
            for claim, rate in point["passed"].items():
                found.setdefault(claim, []).append(rate["rate"])
    return ", ".join(
        f"{body['claims'][claim]} {share(min(rates))}"
        + (f" to {share(max(rates))}" if max(rates) > min(rates) else "")
        for claim, rates in found.items()
    )


def _faces_word(number: int) -> str:
    return "1 face" if number == 1 else f"{number} faces"


def _kept(body: Body) -> Iterator[str]:
    """Say what of the pilot the tilted worlds keep, and where they cannot."""
    rows = [*body["faces"], *body["points"], *body["curve"]]
    if any(row["kept"] == ALL_KEPT for row in rows):
        yield f"the worlds are tilted, {ALL_KEPT}"
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["kept"] != ALL_KEPT:
            where = f" ({row['world']})" if row["world"] else ""
            found.setdefault(row["kept"], []).append((row.get("title") or row["name"]) + where)
    for kept, names in found.items():
        yield f"{kept}: {', '.join(dict.fromkeys(names))}"


def _worst(
    rows: Sequence[Body], keys: Sequence[str], badness: Callable[[Body], float]
) -> list[Body]:
    """Return one row of each kind: of several assumed worlds, the worst."""
    worst: dict[tuple[Any, ...], Body] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if key not in worst or badness(row) > badness(worst[key]):
            worst[key] = row
    return list(worst.values())


def _false_ship(face: Body) -> float:
    rate: float = face["false_ship"]["rate"]
    return rate


def _trouble(point: Body) -> float:
    """At the target it is bad not to ship; without harm, to hold; elsewhere, to ship."""
    ship: float = point["ship"]["rate"]
    hold: float = point["hold"]["rate"]
    return {"target": -ship, "no harm, at its edge": hold}.get(point["name"], ship)


def _at(face: Body, body: Body) -> str:
    unit = unit_of(face["metric"], body["scales"].get(face["metric"]))
    text = fixed(face["at"] * unit.factor, 1, signed=face["difference"])
    return named(text, unit)


def _naive(row: Body) -> list[str]:
    if row["naive"] is None:
        return ["", ""] if "naive" in row and row.get("others") else []
    return [share(row["naive"]["rate"]), share(row["naive_peeked"]["rate"])]


def _naive_header(rows: Sequence[Body]) -> list[str]:
    return ["naive", "peeked"] if any(row["naive"] for row in rows) else []


def _range(found: Body) -> str:
    low, high = share(found["low"]), share(found["high"])
    spread = low if low == high else f"{low} to {high}"
    if found["value"] is None:
        return spread
    value = share(found["value"])
    return value if value == spread else f"{value}, range {spread}"


def share(rate: float) -> str:
    """Return a rate as a percentage with one decimal."""
    return f"{100 * rate:.1f} %"


def most(bound: float) -> str:
    """Return an upper bound as a percentage with one decimal, rounded up."""
    return f"{math.ceil(1000 * bound - 1e-9) / 10:.1f} %"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Give the lines of a table: the first column to the left, the others to the right."""
    filled = [[*row, *[""] * (len(header) - len(row))] for row in rows]
    widths = [max(len(line[at]) for line in [header, *filled]) for at in range(len(header))]
    yield _line(header, widths)
    yield "─" * (sum(widths) + 3 * (len(widths) - 1))
    yield from (_line(row, widths) for row in filled)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "   ".join([first, *rest]).rstrip()
