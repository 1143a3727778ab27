"""``liftgate study power``: how likely a study ships what it should, and the size that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from liftgate.cli import options
from liftgate.cli.gate_text import share, table
from liftgate.cli.result import print_json, prints
from liftgate.cli.text import visible
from liftgate.documents.numbers import count

Body = Mapping[str, Any]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--items",
    "sizes",
    metavar="N",
    type=click.IntRange(min=2),
    multiple=True,
    help="Also try the study's own plan with so many items; may be repeated.",
)
@click.option(
    "--power",
    "wanted",
    metavar="X",
    type=click.FloatRange(0.06, 0.99),
    default=0.8,
    show_default=True,
    help="The probability of a ship for which the size is searched.",
)
@click.option(
    "--runs",
    metavar="N",
    type=click.IntRange(min=100),
    default=4000,
    show_default=True,
    help="Simulated uses of the gate under each stopping plan.",
)
@click.option(
    "--pilots",
    metavar="N",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Bootstrap pilots, for the ranges.",
)
@click.option(
    "--item-cost",
    metavar="X",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="What one more item costs, in calls, beside its calls (a label, say): for the best "
    "number of repeats.",
)
@options.QUIET
@prints("study", "items", "planned_calls", "wanted", "plans", "sizes", "…")
def power(
    *,
    file: Path,
    sizes: tuple[int, ...],
    wanted: float,
    runs: int,
    pilots: int,
    item_cost: float,
    quiet: bool,
    as_json: bool,
) -> int:
    """Tell how likely a study ships a candidate that is at its target.

    The joint probability: the primary at its target, nothing else moved, all claims, looks,
    candidates and corrections together, in worlds drawn from the study's pilot or, without one,
    over a grid of assumed spreads. Each stopping plan is tried, with the calls that it makes and
    the items that it needs. Nothing of the study is called.

    Exit codes: 0 computed, 2 wrong use or a bad file, 4 the pilot is too small or cannot show the
    target.
    """
    from liftgate.cli.progress import progress_printer
    from liftgate.flow.power import Request, study_power

    request = Request(runs=runs, pilots=pilots, sizes=sizes, power=wanted, item_cost=item_cost)
    with progress_printer(quiet=quiet) as progress:
        body = study_power(file, request, progress).as_json()
    if as_json:
        print_json(body)
        return 0
    click.secho(visible(_sentence(body)), bold=True)
    for line in _lines(body):
        click.echo(visible(line))
    return 0


def _sentence(body: Body) -> str:
    own = body["plans"][0]
    needed, wanted = own["needed"], f"{100 * body['wanted']:g} %"
    more = f"no number of items up to 500 times as many reaches {wanted}"
    if needed is not None:
        more = f"{wanted} takes about {count(_rounded(needed['items']))}"
        if body["pilot"] is None:
            more += " at worst"
    return (
        f"{body['study']}: ships a candidate at its target in {_ships(own)} of its uses, with "
        f"{count(body['items'])} items; {more}."
    )


def _lines(body: Body) -> Iterator[str]:
    yield _worlds(body)
    yield ""
    wanted = f"items for {100 * body['wanted']:g} %"
    header = ["stopping plan", "ships", "range", "calls", "saved", wanted, "range"]
    rows = [_row(plan, body) for plan in body["plans"] if plan["refused"] is None]
    yield from table(header, rows)
    for plan in body["plans"]:
        if plan["refused"] is not None:
            yield f"Not possible, {_name(plan)}: {plan['refused']}"
    yield from _sizes(body)
    yield ""
    yield from _binding(body)
    yield from _repeats(body)
    for claim, reason in body["not_assessed"].items():
        yield f"Not assessed by simulation, counted as passed: {claim} ({reason})"
    yield from (f"Assumed: {text}" for text in _assumptions(body))


def _worlds(body: Body) -> str:
    clusters = f" in {count(body['clusters'])} clusters"
    planned = f"{count(body['items'])} items"
    planned += clusters if body["clusters"] != body["items"] else ""
    source = "no pilot, a grid of assumed spreads"
    if body["pilot"] is not None:
        source = f"drawn from the pilot ({count(body['pilot']['items'])} items"
        if body["pilot"]["clusters"] != body["pilot"]["items"]:
            source += f" in {count(body['pilot']['clusters'])} clusters"
        source += ")"
    return f"Planned: {planned}. Worlds: {source}; {count(body['runs'])} runs, seed {body['seed']}"


def _row(plan: Body, body: Body) -> list[str]:
    ship, calls, needed = plan["ship"], plan["calls"], plan["needed"]
    planned = body["planned_calls"]
    middle = "" if ship["value"] is None else share(ship["value"])
    spread = f"{share(ship['low'])} to {share(ship['high'])}"
    low, high = round(calls["low"]), round(calls["high"])
    saved = [round(100 * (1 - value / planned)) for value in (high, low)]
    return [
        _name(plan) + (", the study's" if plan["own"] else ""),
        middle or share(ship["low"]),
        spread if ship["low"] != ship["high"] else "",
        count(high) if low == high else f"{count(low)} to {count(high)}",
        f"{saved[0]} %" if saved[0] == saved[1] else f"{saved[0]} to {saved[1]} %",
        "never" if needed is None else f"about {count(_rounded(needed['items']))}",
        "" if needed is None else _needed_range(needed, body),
    ]


def _needed_range(needed: Body, body: Body) -> str:
    """Return what the pilot, or the assumed spreads, leave open about the size."""
    if body["pilot"] is None:
        return f"{count(_rounded(needed['least']))} to {count(_rounded(needed['items']))}"
    if needed["pilot_low"] is None:
        return ""
    low = count(_rounded(needed["pilot_low"]))
    if needed["pilot_high"] is None:
        return f"from {low}"
    return f"{low} to {count(_rounded(needed['pilot_high']))}"


def _name(plan: Body) -> str:
    if plan["design"] == "planned-looks":
        return f"{plan['looks']} planned looks" if plan["looks"] else "planned looks"
    return {"fixed": "one look", "anytime": "unlimited looks"}[plan["design"]]


def _ships(plan: Body) -> str:
    ship = plan["ship"]
    if ship["value"] is None:
        return f"{share(ship['low'])} to {share(ship['high'])}"
    return share(ship["value"])


def _sizes(body: Body) -> Iterator[str]:
    for size in body["sizes"]:
        rates = [rate["rate"] for rate in size["ship"]]
        low, high = share(min(rates)), share(max(rates))
        yield f"With {count(size['items'])} items: {low if low == high else f'{low} to {high}'}"


def _binding(body: Body) -> Iterator[str]:
    binding = body["binding"]
    alone = binding["alone"]
    if len(alone) > 1:
        listed = ", ".join(
            f"{body['claims'][claim]} {share(rate)}" for claim, rate in alone.items()
        )
        yield f"Each claim by itself: {listed}"
        yield f"It binds: {binding['title']}"


def _repeats(body: Body) -> Iterator[str]:
    found = body["repeats"]
    if found is None:
        return
    cost = found["item_cost"]
    budget = f"{count(found['budget'])} calls"
    if cost:
        budget += f" and {cost:g} more for each item"
    yield (
        f"Repeats: {share(found['icc'])} of the variance of one repeat's difference on "
        f"{found['metric']} is the item's; for {budget} best with {found['best']} an item:"
    )
    rows = [
        [f"{one['repeats']} an item", count(one["items"]), f"{one['se']:.4g}"]
        for one in found["allocations"]
    ]
    yield from table(["repeats", "items", "standard error"], rows)


def _assumptions(body: Body) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for world in body["plans"][0]["worlds"]:
        found.setdefault(world["kept"], []).append(world["world"])
    for kept, names in found.items():
        where = f" ({', '.join(names)})" if len(found) > 1 else ""
        yield f"the worlds are tilted to the target, {kept}{where}"
    yield from body["assumptions"]
    if body["pilot"] is not None:
        yield "ranges are 5 to 95 % over bootstrap pilots"
    if body["candidates"] > 1:
        yield "one candidate is at its target, the others have no effect"


def _rounded(items: int) -> int:
    """Return three digits, rounded up: more are not known."""
    unit: int = 10 ** max(len(str(items)) - 3, 0)
    return -(-items // unit) * unit
