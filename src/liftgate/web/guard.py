"""What every answer and every request must keep to, whatever page it is about.

Nothing is loaded from elsewhere, no script or style but our own files runs, no other site may frame
a page or send a form to it. Whoever comes in shows the token of a link once and carries it in a
cookie that scripts cannot read. What changes something must come from the same origin *and* carry
the token of the very page that it was sent from: a page of one rater cannot write for another who
has come in by the same browser since.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from liftgate.errors import NotAllowed

if TYPE_CHECKING:
    from starlette.requests import Request

POLICY = "content-security-policy"
HEADERS = {
    POLICY: (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With no-referrer a browser sends "Origin: null" with a form, which check_sender refuses.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_BODY = 64_000
FORM_TOKEN = "x-form-token"  # noqa: S105 - the name of a header
KEPT = "public, max-age=31536000, immutable"
"""How long a browser keeps what lies at an address that names its bytes."""
CACHE = b"cache-control"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Guarded:
    """Wraps an application: every answer carries the headers, a request for another host none."""

    def __init__(self, app: App, *, hosts: tuple[str, ...] | None) -> None:
        """Wrap.

        Args:
            app: an ASGI application.
            hosts: names by which it may be asked for; None: any (it is served off loopback).
        """
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.encode(): value.encode() for name, value in HEADERS.items()}
                given = message.get("headers", [])
                own |= {name: value for name, value in given if _may(name, value, message)}
                kept = [pair for pair in given if pair[0].lower() not in own]
                message["headers"] = [*kept, *own.items()]
            await send(message)

        if self._hosts is not None and _host(scope) not in self._hosts:
            from starlette.responses import PlainTextResponse

            answer = PlainTextResponse("This server is asked for by another name.", 421)
            await answer(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def alone(style: str) -> str:
    """Return the policy of a page that stands alone: one style sheet inside, and no script at all.

    Args:
        style: the text of its style sheet.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


# An answer may keep these two headers of its own, in no other words.
_EMPTY = re.escape(base64.b64encode(hashlib.sha256(b"").digest()).decode())
_ALONE = re.compile(re.escape(alone("")).replace(_EMPTY, "[A-Za-z0-9+/]{43}=").encode())


def _may(name: bytes, value: bytes, message: Message) -> bool:
    """Whether an answer's own header stays: it is kept for good, or stands alone."""
    if name == CACHE:
        return bool(message["status"] == 200 and value == KEPT.encode())
    return name == POLICY.encode() and _ALONE.fullmatch(value) is not None


def form_token(token: str) -> str:
    """Return what a page of the owner of a token must send back; does not tell the token."""
    return hmac.new(token.encode(), b"liftgate form", hashlib.sha256).hexdigest()


def check_sender(request: Request, token: str, given: str) -> None:
    """Refuse what was not sent by a page of ours, made for the owner of this token.

    Args:
        request: one that changes something.
        token: the token that its cookie carries.
        given: the form token that it carries.

    Raises:
        NotAllowed: another origin, no origin, or a page of somebody else.
    """
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("the request does not come from this page")
    if not hmac.compare_digest(given.encode(), form_token(token).encode()):
        raise NotAllowed(
            "the page was opened for somebody else", hint="open your own link, then go on"
        )


async def body_of(request: Request) -> bytes:
    """Return a request's body.

    Raises:
        NotAllowed: it is larger than anything that a page sends.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise NotAllowed(f"the request has more than {MAX_BODY:,} bytes")
    return body


def _host(scope: Message) -> str:
    named = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return (urlsplit(f"//{named}").hostname or "") if named else ""
