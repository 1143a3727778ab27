"""Who may come in: on this machine everybody, beyond it whoever has the link of a role.

A link is shown once and becomes a cookie that scripts cannot read. The secret of a visitor's forms
is the token; on loopback, where there is none, one that lives as long as the process.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from liftgate.web.guard import App, Message, Receive, Send
from liftgate.web.ui.shell import VISITOR, Role, Visitor

_KEPT_S = 14 * 86_400


def new_tokens() -> dict[Role, str]:
    """Return a token of 192 bits for each role."""
    return {role: secrets.token_urlsafe(24) for role in Role}


class Door:
    """Wraps an application: tells it who asks; a stranger hears nothing."""

    def __init__(self, app: App, tokens: Mapping[Role, str] | None, *, place: str) -> None:
        """Wrap.

        Args:
            app: an ASGI application.
            tokens: of each role; None: whoever reaches this machine is the lead.
            place: names the workspace, so that two of them on one host keep their cookies apart.
        """
        self._app = app
        self._tokens = tokens
        self._cookie = "liftgate-ui-" + hashlib.sha256(place.encode()).hexdigest()[:8]
        self._own = Visitor(Role.LEAD, secrets.token_urlsafe(24))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        from starlette.responses import PlainTextResponse, RedirectResponse

        if scope["type"] != "http" or self._tokens is None:
            scope[VISITOR] = self._own
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith("/enter/"):
            token = path.removeprefix("/enter/")
            if self._whose(token) is not None:
                answer = RedirectResponse("/", 303)
                answer.set_cookie(
                    self._cookie,
                    token,
                    max_age=_KEPT_S,
                    httponly=True,
                    # Of a link in a message "strict" would not be sent with the first request.
                    samesite="lax",
                    secure=scope["scheme"] == "https",
                )
                await answer(scope, receive, send)
                return
        elif (role := self._whose(token := self._shown(scope))) is not None:
            scope[VISITOR] = Visitor(role, token)
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("A link is needed.", 403)(scope, receive, send)

    def _whose(self, token: str) -> Role | None:
        found = None
        for role, known in (self._tokens or {}).items():
            if secrets.compare_digest(token.encode(), known.encode()):
                found = role
        return found

    def _shown(self, scope: Message) -> str:
        try:
            jar = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return ""
        return jar[self._cookie].value if self._cookie in jar else ""
