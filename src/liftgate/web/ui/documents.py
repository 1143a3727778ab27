"""Built documents: whether they still hold, and to be read."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from liftgate.flow.documents_view import Shelf, Sought, document_view, documents_view
from liftgate.web import answers
from liftgate.web.ui.later import tell
from liftgate.web.ui.shell import Page, Role, Site, pages, visitor, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_BOUND = re.compile('<data id="(m[0-9]+)" value="([^"]*)">(.*?)</data>', re.DOTALL)


def routes(site: Site) -> list[Route]:
    """Return the routes of the list, of one document, and of its pictures."""
    from starlette.routing import Route

    shelf = Shelf(site.index, site.workspace, site.folder)

    def listed(_: Site, asked: QueryParams) -> dict[str, Any]:
        sought = Sought(
            # From a decision one comes by the study's name.
            text=(asked.get("q") or asked.get("study") or "")[:200],
            state=asked.get("state", ""),
            page=whole(asked, "page", 1),
        )
        return documents_view(site.index, shelf, sought, now=asked.get("check") == "now", tell=tell)

    def one(_: Site, asked: QueryParams) -> dict[str, Any]:
        view = document_view(shelf, asked.get("file", ""), now=asked.get("check") == "now")
        return {**view, "html": traced(view["html"])} if "/trace" in site.addresses else view

    def picture(request: Request) -> Response:
        visitor(request, Role.READER)
        asked = request.query_params
        return answers.svg(shelf.picture(asked.get("file", ""), asked.get("name", "")))

    return [
        *pages(
            site,
            Page("/documents", "ui/documents.html.j2", listed),
            Page("/document", "ui/document.html.j2", one, area="/documents"),
        ),
        Route("/document/picture", picture),
    ]


def traced(html: str) -> str:
    """Return a document's HTML in which each bound number leads to what is behind it.

    Args:
        html: made by ``documents.compiled.inner_html``, which alone writes ``<data>``.
    """

    def linked(found: re.Match[str]) -> str:
        mark, value, text = found.groups()
        reference = unquote(unescape(value)).rpartition("#")[0]
        if ":" not in reference or reference.startswith("constant:"):
            return found.group(0)
        return f'<a id="{mark}" href="/trace?{escape(urlencode({"ref": reference}))}">{text}</a>'

    return _BOUND.sub(linked, html)
