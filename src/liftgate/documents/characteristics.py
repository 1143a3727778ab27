"""The picture of a gate: what becomes of a candidate, against its true effect on the primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liftgate.documents.numbers import fixed, named, unit_of
from liftgate.documents.page import plain_page
from liftgate.documents.pictures import drawn, with_numbers
from liftgate.errors import NotEnoughData
from liftgate.figures import Figure, Outcome, escape, outcomes

Body = Mapping[str, Any]


def draw(body: Body, suffix: str) -> bytes:
    """Return the picture as SVG or PNG, or as a page with the numbers under it.

    Args:
        body: ``Simulated.as_json()``, simulated with a curve.
        suffix: ``.svg``, ``.png`` or ``.html``.

    Raises:
        DataError: PNG cannot be drawn here.
        NotEnoughData: no point of the curve was reached, or the primary is no difference.
    """
    figure = figure_of(body)
    return _page(figure, body).encode() if suffix == ".html" else drawn(figure, suffix)


def figure_of(body: Body) -> Figure:
    """Return the picture with its data. Raises NotEnoughData as ``draw``."""
    if not body["curve"]:
        raise NotEnoughData(
            "there is no curve to draw: the primary claims no difference of the arms, or no "
            "effect on it can be reached"
        )
    metric = _primary_metric(body)
    unit = unit_of(metric, body["scales"].get(metric))
    worlds = list(dict.fromkeys(point["world"] for point in body["curve"]))
    # Of several assumed worlds the one that ships least at the largest effect.
    shown = min(worlds, key=lambda world: _last_ship(body, world))
    rows = [_outcome(p) for p in body["curve"] if p["world"] == shown]
    place = f" (assumed: {shown})" if shown else ""
    return outcomes(
        rows,
        title=f"{body['study']}: what becomes of a candidate{place}",
        description=f"Against the true effect on {metric}, every other metric unchanged. "
        f"{body['runs']:,} simulated uses a point; the bands are 95 % Monte-Carlo limits.",
        unit=unit,
        axis=f"true effect on {metric}" + (f", {unit.name}" if unit.name else ""),
    )


def _primary_metric(body: Body) -> str:
    metric: str = next(f["metric"] for f in body["faces"] if f["claim"] == "primary")
    return metric


def _last_ship(body: Body, world: str) -> float:
    last = [p for p in body["curve"] if p["world"] == world][-1]
    rate: float = last["ship"]["rate"]
    return rate


def _outcome(point: Body) -> Outcome:
    def band(word: str) -> tuple[float, float, float]:
        found = point[word]
        return found["rate"], found["lower"], found["upper"]

    return Outcome(point["effect"], band("ship"), band("hold"), band("inconclusive"))


def _page(figure: Figure, body: Body) -> str:
    worst = body["false_ship"]
    summary = (
        f"Worst false ship {100 * worst['rate']:.1f} %, at most {100 * worst['upper']:.1f} %, over "
        "the simulated worlds."
    )
    told = f"<h1>{escape(figure.title)}</h1><p>{escape(summary)}</p>"
    return plain_page(figure.title, told + with_numbers(figure, cells_of(figure)), sort="pictures")


def cells_of(figure: Figure) -> list[list[str]]:
    """Return the numbers of a picture as texts: the effect in its unit, then shares in per cent."""
    return [_cells(row, figure) for row in figure.rows]


def _cells(row: tuple[str | float | None, ...], figure: Figure) -> list[str]:
    effect, *shares = row
    assert isinstance(effect, float)
    first = named(fixed(effect * figure.unit.factor, 1, signed=True), figure.unit)
    return [first, *(f"{100 * share:.1f} %" for share in shares if isinstance(share, float))]
