"""One token for pages that only show: brought once by a link, carried in a cookie since."""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie

from liftgate.web.guard import App, Message, Receive, Send

COOKIE = "liftgate-pass"


class Pass:
    """Wraps an application: nothing is told to a visitor without the token."""

    def __init__(self, app: App, token: str) -> None:
        """Wrap; the token is compared in constant time."""
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from starlette.responses import PlainTextResponse, RedirectResponse

        path: str = scope["path"]
        if path.startswith("/enter/"):
            if self._is(path.removeprefix("/enter/")):
                away = RedirectResponse("/", 303)
                away.set_cookie(COOKIE, self._token.decode(), httponly=True, samesite="strict")
                await away(scope, receive, send)
                return
        elif self._is(_cookie(scope)):
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("A link is needed.", 403)(scope, receive, send)

    def _is(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token)


def _cookie(scope: Message) -> str:
    try:
        jar = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""
