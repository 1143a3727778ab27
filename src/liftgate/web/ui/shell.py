"""What every page of a workspace has: its place, its frame, its JSON twin, who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from liftgate.errors import DataError, LiftgateError, NotAllowed
from liftgate.flow.study_index import StudyIndex
from liftgate.store import Workspace
from liftgate.web import answers
from liftgate.web.guard import FORM_TOKEN, body_of, check_sender, form_token
from liftgate.web.pages import page as rendered
from liftgate.web.ui.later import Later

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

NAV = (
    ("Studies", "/studies"),
    ("Comparison", "/comparison"),
    ("Audit trail", "/audit"),
    ("Judges and raters", "/judges"),
    ("Documents", "/documents"),
)
"""Title and address of the areas, in their order; one without a page is not shown."""
MAX_BYTES = 300_000
VISITOR = "liftgate.visitor"


class Role(StrEnum):
    """What a visitor may do; each may do what those before it may."""

    READER = "reader"
    LEAD = "lead"

    def may(self, needed: Role) -> bool:
        """Whether this role includes another."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class Visitor:
    """Who asks: a role, and the secret that its forms are bound to."""

    role: Role
    token: str


@dataclass
class Site:
    """What the pages are about."""

    workspace: Workspace
    folder: Path
    """Where studies and documents lie: the folder that the workspace belongs to."""
    addresses: set[str] = field(default_factory=set)
    """Of the pages that there are."""
    index: StudyIndex = field(init=False)
    """Every study, without reading the ledger again."""
    later: Later = field(default_factory=Later)
    """Pages that are being made."""

    def __post_init__(self) -> None:
        self.index = StudyIndex(self.workspace)

    @property
    def name(self) -> str:
        """What the workspace is called: the folder that it belongs to."""
        return self.folder.name or str(self.folder)

    def nav(self, here: str) -> list[dict[str, Any]]:
        """Return the areas that have a page, and which of them an address belongs to."""
        return [
            {"title": title, "address": address, "here": here == address}
            for title, address in NAV
            if address in self.addresses
        ]


View = Callable[[Site, "QueryParams"], Mapping[str, Any]]
Act = Callable[[Site, Mapping[str, str], Visitor], str]


@dataclass(frozen=True)
class Page:
    """One page, at an address and as JSON at the address with ``.json``."""

    address: str
    template: str
    view: View
    area: str = ""
    """Address of the area in the navigation; empty: its own."""
    needs: Role = Role.READER


def pages(site: Site, *some: Page) -> list[Route]:
    """Return the routes of pages and of their JSON twins."""
    from starlette.routing import Route

    found = []
    for one in some:
        site.addresses.add(one.address)
        found.append(Route(one.address, partial(_page, site, one)))
        found.append(Route(f"{one.address}.json", partial(_twin, site, one)))
    return found


def acting(site: Site, address: str, act: Act, *, needs: Role = Role.LEAD) -> Route:
    """Return the route of something that changes: a POST that answers with where to go on.

    Args:
        site: what it is about.
        address: where it is sent to.
        act: told the fields of the form and who sends it; returns the address of the next page.
        needs: the role that may.
    """
    from starlette.routing import Route

    async def done(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import RedirectResponse

        who = visitor(request, needs)
        fields = _fields(await body_of(request))
        given = fields.pop("form_token", "") or request.headers.get(FORM_TOKEN, "")
        check_sender(request, who.token, given)
        return RedirectResponse(await run_in_threadpool(act, site, fields, who), 303)

    return Route(address, done, methods=["POST"])


def visitor(request: Request, needs: Role) -> Visitor:
    """Return who asks.

    Raises:
        NotAllowed: the role does not include what is needed.
    """
    found = request.scope[VISITOR]
    assert isinstance(found, Visitor)
    if not found.role.may(needs):
        raise NotAllowed(
            f"this is for the role {needs.value}, your link is for {found.role.value}",
            hint="ask whoever serves these pages for the other link",
        )
    return found


def framed(site: Site, request: Request, page: Page, view: Mapping[str, Any]) -> str:
    """Return a page as HTML."""
    who = visitor(request, page.needs)
    query = request.url.query
    return rendered(
        page.template,
        {
            "view": view,
            "query": query,
            "twin": f"{page.address}.json" + (f"?{query}" if query else ""),
            "there": site.addresses,
            "nav": site.nav(page.area or page.address),
            "workspace": site.name,
            "role": who.role.value,
            "form_token": form_token(who.token),
        },
    )


def _page(site: Site, page: Page, request: Request) -> Response:
    visitor(request, page.needs)

    def made() -> Response:
        text = framed(site, request, page, page.view(site, request.query_params))
        _refuse_large(page.address, text.encode())
        return answers.html(text)

    return patiently(site, request, page, made)


def _refuse_large(address: str, data: bytes | memoryview) -> None:
    if len(data) > MAX_BYTES:
        raise LiftgateError(f"{address}: the page has more than {MAX_BYTES:,} bytes")


def patiently(site: Site, request: Request, page: Page, made: Callable[[], Response]) -> Response:
    """Answer with a page, or, where it takes long, with one that says so and asks again.

    A part of a page that stands already, fetched by htmx, is waited for.
    """
    if request.headers.get("hx-request"):
        return made()

    def waiting(said: str) -> Response:
        again = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        shown = Page(page.address, "ui/wait.html.j2", page.view, page.area, page.needs)
        answer = answers.html(framed(site, request, shown, {"said": said, "again": again}), 202)
        answer.headers["refresh"] = "1"
        return answer

    key = (request.url.path, request.url.query, visitor(request, page.needs).token)
    return site.later.answer(key, made, waiting)


def _twin(site: Site, page: Page, request: Request) -> Response:
    return as_twin(site, request, lambda: page.view(site, request.query_params), page.needs)


def as_twin(
    site: Site, request: Request, view: Callable[[], Any], needs: Role = Role.READER
) -> Response:
    """Answer with a view as JSON.

    A program waits for what takes long, unless it says ``Prefer: respond-async`` (RFC 7240): then
    it is told with 202 that the view is being made, how far it is, and what to ask for again.
    """
    who = visitor(request, needs)

    def made() -> Response:
        answer = answers.as_json(view())
        _refuse_large(request.url.path, answer.body)
        return answer

    if "respond-async" not in request.headers.get("prefer", "").lower():
        return made()

    def waiting(said: str) -> Response:
        again = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        answer = answers.as_json({"being_made": said, "again": again}, 202)
        answer.headers["retry-after"] = "1"
        answer.headers["preference-applied"] = "respond-async"
        return answer

    return site.later.answer((request.url.path, request.url.query, who.token), made, waiting)


def whole(asked: QueryParams, name: str, default: int, *, least: int = 1) -> int:
    """Return a whole number of the query.

    Raises:
        DataError: it is none, or below ``least``.
    """
    text = asked.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 15 or int(text) < least:
        raise DataError(f"{name}: got {text[:80]!r}, expected a whole number from {least}")
    return int(text)


def _fields(body: bytes) -> dict[str, str]:
    try:
        parsed = parse_qs(body.decode("utf-8"), keep_blank_values=True)
    except ValueError as error:
        raise DataError("form: expected UTF-8") from error
    return {name: _last(values) for name, values in parsed.items()}


def _last(values: Sequence[str]) -> str:
    return values[-1]
