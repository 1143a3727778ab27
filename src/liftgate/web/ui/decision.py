"""One study for whoever decides: the decision in one minute, and the whole report."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from liftgate.canon import plain
from liftgate.errors import DataError
from liftgate.flow.decision_view import decision_view
from liftgate.flow.report import entry_page
from liftgate.web import answers
from liftgate.web.guard import POLICY, alone
from liftgate.web.ui.shell import Page, Role, Site, pages, patiently, visitor, whole

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_LINKS = (
    ("Report", "/report", "g"),
    ("Gate and approvals", "/gate", "a"),
    ("Trace", "/trace", "t"),
    ("Items side by side", "/comparison", "c"),
    ("Documents", "/documents", "d"),
)
"""What stands beside a decision: its title, its address, its key."""
_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)


def routes(site: Site) -> list[Route]:
    """Return the routes of the decision and of its report."""
    from starlette.routing import Route

    site.addresses.add("/report")
    return [
        *pages(site, Page("/decision", "ui/decision.html.j2", decision, area="/studies")),
        Route("/report", partial(report, site)),
        Route("/report.json", partial(report_json, site)),
    ]


def decision(site: Site, asked: QueryParams) -> dict[str, Any]:
    """Return a study with its decision and the links to what stands behind it."""
    name = asked.get("study", "")
    if not name:
        raise DataError("study: got nothing, expected a study's name: /decision?study=NAME")
    view = decision_view(
        site.index,
        site.workspace,
        study=name,
        entry=whole(asked, "entry", 0) or None,
        candidate=asked.get("candidate") or None,
    )
    entry = view["decision"]["entry"] if view["decision"] else None
    return {**view, "links": links(site, name, entry)}


def links(site: Site, study: str, entry: int | None) -> list[dict[str, str]]:
    """Return the links beside a decision, as far as there are such pages."""
    query = urlencode({"study": study, **({"entry": entry} if entry else {})})
    return [
        {"title": title, "address": f"{address}?{query}", "key": key}
        for title, address, key in _LINKS
        if address in site.addresses and (entry or address not in ("/report", "/trace"))
    ]


def report(site: Site, request: Request) -> Response:
    """Answer with the report, printed anew from the ledger; it stands alone, without a script."""
    from starlette.responses import HTMLResponse

    visitor(request, Role.READER)

    def made() -> Response:
        _, text = _report(site, request.query_params)
        found = _STYLE.search(text)
        assert found is not None
        return HTMLResponse(text, headers={POLICY: alone(found.group(1))})

    page = Page("/report", "ui/decision.html.j2", decision, area="/studies")
    return patiently(site, request, page, made)


def report_json(site: Site, request: Request) -> Response:
    """Answer with what the report is printed from: the decision's entry."""
    visitor(request, Role.READER)
    entry, _ = _report(site, request.query_params)
    return answers.as_json(plain(entry))


def _report(site: Site, asked: QueryParams) -> tuple[Any, str]:
    number = whole(asked, "entry", 0)
    if not number:
        raise DataError("entry: got nothing, expected that of a decision: /report?entry=N")
    return entry_page(site.workspace, number)
