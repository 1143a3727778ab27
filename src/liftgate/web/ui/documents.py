"""Built documents: whether they still hold, and to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.flow.documents_view import Shelf, Sought, document_view, documents_view
from liftgate.web.ui.shell import Page, Site, pages, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of the list and of one document."""
    shelf = Shelf(site.workspace, site.folder)

    def listed(_: Site, asked: QueryParams) -> dict[str, Any]:
        sought = Sought(
            # From a decision one comes by the study's name.
            text=(asked.get("q") or asked.get("study") or "")[:200],
            state=asked.get("state", ""),
            page=whole(asked, "page", 1),
        )
        return documents_view(site.index, shelf, sought, now=asked.get("check") == "now")

    def one(_: Site, asked: QueryParams) -> dict[str, Any]:
        return document_view(shelf, asked.get("file", ""), now=asked.get("check") == "now")

    return pages(
        site,
        Page("/documents", "ui/documents.html.j2", listed),
        Page("/document", "ui/document.html.j2", one, area="/documents"),
    )
