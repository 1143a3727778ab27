"""The measured figures as a page of the reference, made from their JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]
_INTRODUCTION = """# Measured errors

What every shipped method really does, written by `liftgate stats verify --long --json` and turned
into this page by `make docs`. How to read and repeat it:
[verify the statistics](../how-to/verify-the-statistics.md). The methods: [methods](methods.md).

One-sided errors are rejections of a null that is exactly true, at a nominal 5 %, as a gate tests
it. Coverage is that of 95 % intervals, as `compare` shows them. A cell passes within its band,
three Monte-Carlo standard errors allowed; "enumerated" figures have no such error. The worst of
many real pairs is found on three streams of random numbers, ever fewer pairs on ever more samples,
and measured on a fourth, so that its figure was not selected for being large. A refusal is never
an error."""


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.3g} %" if share < 0.1 else f"{100 * share:.1f} %"


def figure(body: Body) -> str:
    """Return what was measured, with its Monte-Carlo error."""
    if body["measured"] is None:
        return "–"
    value = f"{100 * body['measured']:.2f} %"
    return f"{value} ± {100 * body['se']:.2f}" if body["se"] else value


def band(body: Body) -> str:
    """Return where the figure must lie."""
    low, high = body["at_least"], body["at_most"]
    if low is not None and high is not None:
        return f"{percent(low)} … {percent(high)}"
    if high is not None:
        return f"≤ {percent(high)}"
    return "reported" if low is None else f"≥ {percent(low)}"


def runs_of(body: Body) -> str:
    """Return how many samples there were."""
    if body["runs"] is None:
        return "–"
    return f"{body['runs']:,}" if body["runs"] else "enumerated"


def anchor(method: str) -> str:
    """Return the anchor of a method's heading, as Markdown viewers make it."""
    kept = re.sub(r"[^\w\- ]", "", method.casefold())
    return kept.replace(" ", "-")


def page(report: Body) -> str:
    """Return the page of a report's JSON."""
    cells: list[Body] = list(report["cells"])
    lines = [_INTRODUCTION, "", *_summary(cells)]
    methods = dict.fromkeys(method for one in cells for method in one["methods"])
    for method in methods:
        lines += ["", f"## {method}", ""]
        own = [one for one in cells if one["methods"][0] == method]
        others = {one["methods"][0]: None for one in cells if method in one["methods"][1:]}
        if own:
            lines += ["| cell | world | n | measured | band | samples | refused | mark |"]
            lines += ["|" + "---|" * 8, *(_row(one) for one in own)]
        if own and others:
            lines += [""]
        if others:
            links = ", ".join(f"[{name}](#{anchor(name)})" for name in others)
            lines += [f"Measured together with {links}."]
    return "\n".join(lines) + "\n"


def _summary(cells: list[Body]) -> Iterator[str]:
    passed = sum(one["outcome"] == "pass" for one in cells)
    yield f"{passed} of {len(cells)} cells lie in their bands."
    missed = [one for one in cells if one["outcome"] != "pass"]
    if not missed:
        return
    yield from ("", "The others:", "")
    for one in missed:
        why = f": {one['gap']}" if one["gap"] else ""
        yield f"- {one['name']}: **{figure(one)}**, band {band(one)}, {one['outcome']}{why}"


def _row(one: Body) -> str:
    name = one["name"] if one["outcome"] == "pass" else f"**{one['name']}** ({one['outcome']})"
    world = one["world"] + (f" ({one['domain']})" if one["domain"] else "")
    measured = figure(one) + (f"; {one['note']}" if one["note"] else "")
    refused = percent(one["refused"]) if one["refused"] else ""
    columns = (name, world, one["n"], measured, band(one), runs_of(one), refused, one["mark"])
    return "| " + " | ".join(str(column).replace("|", "\\|") for column in columns) + " |"
