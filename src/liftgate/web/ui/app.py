"""The application over a workspace: the pages of every module, one guard around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from liftgate.errors import LiftgateError
from liftgate.web.answers import fault, icon, not_found, static
from liftgate.web.guard import App, Guarded
from liftgate.web.pages import compiled
from liftgate.web.ui import audit, comparison, decision, documents, gate, judges, studies, trace
from liftgate.web.ui.door import Door
from liftgate.web.ui.shell import Role, Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MODULES: tuple[Callable[[Site], list[Any]], ...] = (
    studies.routes,
    decision.routes,
    comparison.routes,
    documents.routes,
    gate.routes,
    trace.routes,
    audit.routes,
    judges.routes,
)
"""``routes`` of every page module."""


def make_ui_app(
    site: Site, *, hosts: tuple[str, ...] | None, tokens: Mapping[Role, str] | None
) -> App:
    """Return the ASGI application of a workspace.

    Args:
        site: what it shows.
        hosts: names by which it may be asked for; None: any.
        tokens: of each role; None: whoever is on this machine may do everything.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    routes = [
        Route("/", _first),
        Route("/static/{digest}/{name}", static),
        Route("/favicon.ico", icon),
    ]
    for module in MODULES:
        routes += module(site)
    compiled("ui/")
    inner = Starlette(routes=routes, exception_handlers={LiftgateError: fault, 404: not_found})
    return Guarded(Door(inner, tokens, place=str(site.workspace.home)), hosts=hosts)


def _first(request: Request) -> Response:  # noqa: ARG001 - Starlette's door
    from starlette.responses import RedirectResponse

    return RedirectResponse("/studies", 303)
