"""The comparison's pages: a flip table, a page for each item, a JSON twin of both. All is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liftgate.errors import LiftgateError
from liftgate.flow.side_by_side import SideBySide
from liftgate.web.answers import as_json, fault, html, icon, not_found, static
from liftgate.web.flips import codes, flip_of, flips_of, richest, richest_view
from liftgate.web.guard import App, Guarded
from liftgate.web.pages import page
from liftgate.web.pass_by import Pass

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


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
        Route("/codes.csv", pages.codes),
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
        view = flips_of(self._look, request.query_params)
        return html(page("flips.html.j2", {"view": view, "query": request.url.query}))

    def flips_json(self, request: Request) -> Response:
        """The flip table as JSON."""
        return as_json(flips_of(self._look, request.query_params))

    def item(self, request: Request) -> Response:
        """One item."""

        def written(most: int) -> str:
            view = flip_of(self._look, request.query_params, most)
            return page("flip.html.j2", {"view": view, "query": request.url.query})

        return html(richest(written))

    def item_json(self, request: Request) -> Response:
        """One item as JSON."""
        asked = request.query_params
        return as_json(richest_view(lambda most: flip_of(self._look, asked, most)))

    def codes(self, request: Request) -> Response:
        """The codes as a sheet."""
        return codes(self._look, request.query_params)

    def comparison_json(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's door
        """The whole answer, as ``liftgate compare --json`` prints it."""
        from liftgate.canon import plain

        return as_json(plain(self._look.comparison))
