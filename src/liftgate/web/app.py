"""The rating server: one page for each rater, one for the lead, a JSON twin of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from liftgate.errors import BrokenChain, DataError, LiftgateError, NotAllowed, UnknownName
from liftgate.flow.rating import Room
from liftgate.flow.rating_view import lead_view
from liftgate.humans.desk import Desk, rubric_view
from liftgate.humans.draw import LEAD
from liftgate.humans.ratings import Overtaken
from liftgate.humans.settling import settle, settle_view
from liftgate.web.answers import as_json, html, icon, static
from liftgate.web.guard import FORM_TOKEN, App, Guarded, body_of, check_sender, form_token
from liftgate.web.pages import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_KEPT_DAYS = 14
_STATUS = (
    (Overtaken, 409),
    (NotAllowed, 403),
    (UnknownName, 404),
    (DataError, 400),
    (BrokenChain, 500),
)


@dataclass(frozen=True)
class Visitor:
    """Who asks: a rater or the lead, by the token of the cookie."""

    name: str
    token: str


def make_app(room: Room, *, hosts: tuple[str, ...] | None) -> App:
    """Return the ASGI application of a batch.

    Args:
        room: the batch with its ratings, open as long as the application is used.
        hosts: names by which it may be asked for; None: any.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    server = RatingServer(room)
    routes = [
        Route("/", server.home),
        Route("/enter/{token}", server.enter),
        Route("/static/{digest}/{name}", static),
        Route("/favicon.ico", icon),
        Route("/rate", server.rate),
        Route("/rate.json", server.rate_json),
        Route("/rate/act", server.act, methods=["POST"]),
        Route("/lead", server.lead),
        Route("/lead.json", server.lead_json),
        Route("/lead/settle/{subject:path}", server.settle, methods=["GET"]),
        Route("/lead/settle/{subject:path}", server.settled, methods=["POST"]),
    ]
    return Guarded(
        Starlette(routes=routes, exception_handlers={LiftgateError: _fault, 404: _not_found}),
        hosts=hosts,
    )


class RatingServer:
    """The pages; one for each address."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._cookie = f"liftgate-{room.batch.id}"

    def home(self, request: Request) -> Response:
        """Say what to do to somebody without a link, or lead on who has one."""
        from starlette.responses import RedirectResponse

        visitor = self._visitor(request)
        if visitor is None:
            return html(page("plain.html.j2", _WITHOUT_LINK), 403)
        return RedirectResponse("/lead" if visitor.name == LEAD else "/rate", 303)

    def enter(self, request: Request) -> Response:
        """Take the token of a link, and go on to the page that it opens."""
        from starlette.responses import RedirectResponse

        token = request.path_params["token"]
        name = self._room.access.whose(token)
        if name is None:
            return html(page("plain.html.j2", _WITHOUT_LINK), 403)
        answer = RedirectResponse("/lead" if name == LEAD else "/rate", 303)
        answer.set_cookie(
            self._cookie,
            token,
            max_age=_KEPT_DAYS * 86_400,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    def rate(self, request: Request) -> Response:
        """The rater's page; what is on the desk comes as JSON, afterwards."""
        visitor = self._rater(request)
        context = {
            "rubric": rubric_view(self._room.batch),
            "form_token": form_token(visitor.token),
            "pseudonym": visitor.name,
            "harms": sorted({s.harm for s in self._room.batch.subjects.values() if s.harm}),
        }
        return html(page("rate.html.j2", context))

    def rate_json(self, request: Request) -> Response:
        """What is on the rater's desk."""
        visitor = self._rater(request)
        return as_json({**self._desk(visitor).view(), "rubric": rubric_view(self._room.batch)})

    async def act(self, request: Request) -> Response:
        """Do what a rater's page asks for, and return what is on the desk then."""
        visitor = self._rater(request)
        check_sender(request, visitor.token, request.headers.get(FORM_TOKEN, ""))
        given = _parsed(await body_of(request))
        return await _aside(lambda: as_json(_done(self._desk(visitor), given)))

    def lead(self, request: Request) -> Response:
        """The lead's page."""
        self._lead(request)
        return html(page("lead.html.j2", {"view": lead_view(self._room)}))

    def lead_json(self, request: Request) -> Response:
        """The lead's page as JSON."""
        self._lead(request)
        return as_json(lead_view(self._room))

    def settle(self, request: Request) -> Response:
        """The page on which the lead settles one disagreement; arms are hidden here, too."""
        visitor = self._lead(request)
        room = self._room
        view = settle_view(room.batch, request.path_params["subject"], room.ratings, room.text)
        context = {"view": view, "form_token": form_token(visitor.token)}
        return html(page("settle.html.j2", context))

    async def settled(self, request: Request) -> Response:
        """Keep the lead's word, and go back to the queue."""
        from starlette.responses import RedirectResponse

        visitor = self._lead(request)
        form = {k: v[0] for k, v in parse_qs((await body_of(request)).decode("utf-8")).items()}
        check_sender(request, visitor.token, form.get("form_token", ""))

        def keep() -> Response:
            settle(
                self._room.batch,
                request.path_params["subject"],
                self._room.ratings,
                value=_number(form.get("value", "")),
                reason=form.get("reason", ""),
                request=form.get("request", ""),
                as_shown=True,
            )
            return RedirectResponse("/lead#queue", 303)

        return await _aside(keep)

    def _desk(self, visitor: Visitor) -> Desk:
        return Desk(self._room.batch, visitor.name, self._room.ratings, self._room.text)

    def _visitor(self, request: Request) -> Visitor | None:
        token = request.cookies.get(self._cookie, "")
        name = self._room.access.whose(token) if token else None
        return None if name is None else Visitor(name, token)

    def _rater(self, request: Request) -> Visitor:
        visitor = self._visitor(request)
        if visitor is None or visitor.name == LEAD:
            raise NotAllowed("this page is for raters", hint="open your own link")
        return visitor

    def _lead(self, request: Request) -> Visitor:
        visitor = self._visitor(request)
        if visitor is None or visitor.name != LEAD:
            raise NotAllowed("this page is for the lead", hint="open the lead's link")
        return visitor


_WITHOUT_LINK = {
    "title": "A link is needed",
    "text": "Open the link that was made for you. If it is not taken, ask whoever sent it.",
}


def _done(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    """Do one act; answers with the desk as it is then."""
    act = given.get("act")
    if act == "draft":
        desk.draft(_whole(given, "task"), given.get("comment", ""))
        return {"kept": True}
    once: dict[str, Any] = {"request": str(given.get("request", "")), "seen": _whole(given, "seen")}
    more: dict[str, Any] = {"comment": given.get("comment", ""), "seconds": given.get("seconds")}
    if act == "rate":
        value = given.get("value")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise DataError(f"value: got {value!r}, expected a number")
        desk.rate(_whole(given, "task"), value, **once, **more)
    elif act == "skip":
        desk.skip(_whole(given, "task"), str(given.get("reason", "")), **once, **more)
    elif act == "undo":
        desk.undo(**once)
    elif act in ("refuse", "allow"):
        desk.refuse(str(given.get("category", "")), back=act == "allow", **once)
    else:
        raise DataError(f"act: got {act!r}, expected rate, skip, undo, refuse, allow or draft")
    return desk.view()


async def _aside(work: Callable[[], Response]) -> Response:
    """Do what waits for the disk in a thread of its own."""
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(work)


def _fault(request: Request, error: Exception) -> Response:
    """Answer with the error, as JSON or as a page, as it was asked for."""
    assert isinstance(error, LiftgateError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
    if request.url.path.endswith((".json", "/act")):
        return as_json({"error": str(error), "hint": error.hint}, status)
    text = f"{error}. {error.hint}".strip()
    return html(page("plain.html.j2", {"title": "That did not work", "text": text}), status)


def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's door
    return html(page("plain.html.j2", {"title": "No such page", "text": "Open your link."}), 404)


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(data)
    except ValueError as error:
        raise DataError("request: expected JSON") from error
    if not isinstance(given, dict):
        raise DataError("request: expected a JSON object")
    return given


def _whole(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise DataError(f"{name}: got {value!r}, expected a whole number")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"value: got {text!r}, expected one of the rubric's values") from error
