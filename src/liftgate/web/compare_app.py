"""The comparison's pages: a flip table, a page for each item, a JSON twin of both. All is read."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError, LiftgateError, NotAllowed, UnknownName
from liftgate.flow.flip_view import filter_of, item_view, list_view
from liftgate.flow.side_by_side import SideBySide
from liftgate.web.guard import App, Guarded
from liftgate.web.pages import address, asset, page
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


def static(request: Request) -> Response:
    """Return a file of our own."""
    from starlette.responses import Response

    found = asset(request.path_params["name"])
    if found is None:
        raise UnknownName("file", request.path_params["name"][:80], ())
    return Response(found[0], media_type=found[1])


def icon(request: Request) -> Response:  # noqa: ARG001 - Starlette's door
    """Return the icon to a browser that asks for it unasked, as on a JSON page."""
    from starlette.responses import RedirectResponse

    return RedirectResponse(address("icon.svg"), 303)


_STATUS = ((NotAllowed, 403), (UnknownName, 404), (DataError, 400))


def fault(request: Request, error: Exception) -> Response:
    """Answer with the error, as JSON or as a page, as it was asked for."""
    assert isinstance(error, LiftgateError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if request.url.path.endswith(".json"):
        return as_json({"error": str(error), "hint": error.hint}, status)
    text = f"{error}. {error.hint}".strip()
    return html(page("plain.html.j2", {"title": "That did not work", "text": text}), status)


def not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's door
    """Say that there is no such page."""
    text = "Begin at the first page: /"
    return html(page("plain.html.j2", {"title": "No such page", "text": text}), 404)


def html(text: str, status: int = 200) -> Response:
    """Return a page."""
    from starlette.responses import HTMLResponse

    return HTMLResponse(text, status)


_dumps = partial(json.dumps, ensure_ascii=False, indent=1, allow_nan=False)


def as_json(value: Any, status: int = 200) -> Response:
    """Return a value as JSON."""
    from starlette.responses import Response

    data = _dumps(value).encode("utf-8", "replace")
    return Response(data, status, media_type="application/json")
