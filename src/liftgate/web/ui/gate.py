"""A study's gate: its policy, who signed, how it stands and how often it errs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liftgate.errors import DataError
from liftgate.flow.gate_view import characteristics_view, gate_view, status_view
from liftgate.web.ui.shell import Page, Site, pages

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.routing import Route


def routes(site: Site) -> list[Route]:
    """Return the routes of a gate."""
    area = "/studies"
    return pages(
        site,
        Page("/gate", "ui/gate.html.j2", gate, area=area),
        Page("/gate/status", "ui/gate_status.html.j2", status, area=area),
        Page("/gate/errors", "ui/gate_errors.html.j2", errors, area=area),
    )


def gate(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return policy, power and signatures."""
    return gate_view(site.index, site.workspace, site.folder, study=_study(asked))


def status(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return how the decision stands now, and which signatures are about it as it is."""
    name = _study(asked)
    told = status_view(site.workspace, site.folder, study=name)
    now = {"study": name, "evidence": told["evidence"]}
    signed = gate_view(site.index, site.workspace, site.folder, **now)["signatures"]
    return {**told, "signatures": signed}


def errors(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return how often the gate errs, simulated now."""
    return characteristics_view(site.workspace, site.folder, study=_study(asked))


def _study(asked: QueryParams) -> str:
    name = asked.get("study", "")
    if not name:
        raise DataError("study: got nothing, expected a study's name: /gate?study=NAME")
    return name
