"""What pages are answered with: HTML, JSON, our own files, and errors as either."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError, LiftgateError, NotAllowed, UnknownName
from liftgate.figures.standalone import STYLE
from liftgate.web.guard import KEPT, POLICY, alone
from liftgate.web.pages import address, asset, page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_STATUS = ((NotAllowed, 403), (UnknownName, 404), (DataError, 400))


def static(request: Request) -> Response:
    """Return a file of our own; a browser keeps it, because its address names its bytes.

    Raises:
        UnknownName: there is no such file, or it has other bytes by now.
    """
    from starlette.responses import Response

    name = request.path_params["name"]
    found = asset(name)
    if found is None or request.url.path != address(name):
        raise UnknownName("file", name[:80], ())
    return Response(found[0], media_type=found[1], headers={"cache-control": KEPT})


def icon(request: Request) -> Response:  # noqa: ARG001 - Starlette's door
    """Return the icon to a browser that asks for it unasked, as on a JSON page."""
    from starlette.responses import RedirectResponse

    return RedirectResponse(address("icon.svg"), 303)


def fault(request: Request, error: Exception) -> Response:
    """Answer with the error, as JSON or as a page, as it was asked for."""
    assert isinstance(error, LiftgateError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if request.url.path.endswith(".json"):
        return as_json({"error": str(error), "hint": error.hint}, status)
    text = f"{error}. {error.hint}".strip()
    return html(_plain("That did not work", text), status)


def not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's door
    """Say that there is no such page."""
    return html(_plain("No such page", "The address may have been cut short."), 404)


def _plain(title: str, text: str) -> str:
    return page("plain.html.j2", {"title": title, "text": text, "home": "/"})


def html(text: str, status: int = 200) -> Response:
    """Return a page."""
    from starlette.responses import HTMLResponse

    return HTMLResponse(text, status)


def svg(text: str) -> Response:
    """Return a picture, in which no script runs and only the style of our own pictures counts."""
    from starlette.responses import Response

    data = text.encode("utf-8", "replace")
    return Response(data, media_type="image/svg+xml", headers={POLICY: alone(STYLE)})


_dumps = partial(json.dumps, ensure_ascii=False, indent=1, allow_nan=False)


def as_json(value: Any, status: int = 200) -> Response:
    """Return a value as JSON."""
    from starlette.responses import Response

    return Response(in_bytes(value), status, media_type="application/json")


def in_bytes(value: Any) -> bytes:
    """Return a value as it is sent."""
    return _dumps(value).encode("utf-8", "replace")
