"""The studies of a workspace: running, decided, stale, silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.flow.studies_view import SILENT_DAYS, Wanted, state_of, studies_view
from liftgate.web.ui.shell import Page, Site, pages, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of the list."""
    return pages(site, Page("/studies", "ui/studies.html.j2", studies))


def studies(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return the list of studies for a filter."""
    wanted = Wanted(
        state=state_of(asked.get("state", "")),
        text=asked.get("q", "")[:200],
        owner=asked.get("owner", "")[:200],
        silent_days=whole(asked, "days", SILENT_DAYS),
        page=whole(asked, "page", 1),
    )
    return studies_view(site.index, site.workspace, wanted)
