"""The comparison's pages: a flip table, a page for each item, a JSON twin of both. All is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.errors import LiftgateError
from liftgate.flow.flip_view import filter_of, item_view, list_view
from liftgate.flow.side_by_side import SideBySide
from liftgate.web.answers import as_json, fault, html, icon, not_found, static
from liftgate.web.guard import App, Guarded
from liftgate.web.pages import page
from liftgate.web.pass_by import Pass

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MAX_BYTES = 300_000
_SHOWN = (20_000, 6_000, 2_000, 600, 150, 40)
"""Characters of one text, from the richest page to the barest."""


def make_compare_app(look: SideBySide, *, hosts: tuple[str, ...] | None, token: str | None) -> App:
    """Return the ASGI application of a comparison.

    Args:
        look: both tables, read.
        hosts: names by which it may be asked for; None: any.
        token: what a visitor must bring; None: whoever is on this machine may look.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    pages = ComparePages(look)
    routes = [
        Route("/", pages.flips),
        Route("/flips.json", pages.flips_json),
        Route("/item", pages.item),
        Route("/item.json", pages.item_json),
        Route("/comparison.json", pages.comparison_json),
        Route("/static/{digest}/{name}", static),
        Route("/favicon.ico", icon),
    ]
    site = Starlette(routes=routes, exception_handlers={LiftgateError: fault, 404: not_found})
    return Guarded(site if token is None else Pass(site, token), hosts=hosts)


class ComparePages:
    """The pages; one for each address. Plain functions: they run beside one another in threads."""

    def __init__(self, look: SideBySide) -> None:
        self._look = look

    def flips(self, request: Request) -> Response:
        """The flip table."""
        view = self._flips(request)
        return html(page("flips.html.j2", {"view": view, "query": request.url.query}))

    def flips_json(self, request: Request) -> Response:
        """The flip table as JSON."""
        return as_json(self._flips(request))

    def item(self, request: Request) -> Response:
        """One item, as richly as ``MAX_BYTES`` allow."""
        text = ""
        for most in _SHOWN:
            view = self._item(request, most)
            text = page("flip.html.j2", {"view": view, "query": request.url.query})
            if len(text.encode()) <= MAX_BYTES:
                return html(text)
        raise LiftgateError(f"the page of this item has {len(text):,} characters without its texts")

    def item_json(self, request: Request) -> Response:
        """One item as JSON."""
        return as_json(self._item(request, _SHOWN[0]))

    def comparison_json(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's door
        """The whole answer, as ``liftgate compare --json`` prints it."""
        from liftgate.canon import plain

        return as_json(plain(self._look.comparison))

    def _flips(self, request: Request) -> dict[str, Any]:
        return list_view(self._look, filter_of(self._look, request.query_params.multi_items()))

    def _item(self, request: Request, most: int) -> dict[str, Any]:
        asked = filter_of(self._look, request.query_params.multi_items())
        return item_view(self._look, asked, request.query_params.get("id", ""), most)
