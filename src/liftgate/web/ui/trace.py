"""From a printed number to its rows, and on to a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError
from liftgate.flow.trace_rows import KeptRows
from liftgate.flow.trace_view import response_view, trace_view
from liftgate.web.ui.later import tell
from liftgate.web.ui.shell import Page, Site, pages, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of traces and responses."""
    kept = KeptRows(site.index.seen)

    def trace(site: Site, asked: QueryParams) -> dict[str, Any]:
        return traced(site, asked, kept)

    return pages(
        site,
        Page("/trace", "ui/trace.html.j2", trace, area="/studies"),
        Page("/response", "ui/response.html.j2", response, area="/studies"),
    )


def traced(site: Site, asked: QueryParams, kept: KeptRows) -> dict[str, Any]:
    """Return what stands behind a reference, or behind the decision of an entry."""
    reference = asked.get("ref", "") or asked.get("entry", "")
    if not reference:
        raise DataError(
            "ref: got nothing, expected a reference as it stands beside a number",
            hint="/trace?ref=4:new.primary",
        )
    return trace_view(
        site.index,
        site.workspace,
        reference[:500],
        page=whole(asked, "page", 1),
        kept=kept,
        tell=tell,
    )


def response(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return one response."""
    number, item, arm = whole(asked, "entry", 0), asked.get("item", ""), asked.get("arm", "")
    if not (number and item and arm):
        raise DataError("expected entry, item and arm: /response?entry=N&item=ID&arm=NAME")
    repeat = whole(asked, "repeat", 0, least=0)
    return response_view(
        site.index, site.workspace, entry=number, item=item, arm=arm, repeat=repeat
    )
