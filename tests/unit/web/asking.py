"""Asks an ASGI application in this process: no port, no client package."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)


class Client:
    """One visitor with a jar of cookies."""

    def __init__(self, app, host="127.0.0.1:8000"):
        self.app, self.host, self.cookies = app, host, {}

    def get(self, path, **headers):
        """Ask as often as the answer says that the page is being made."""
        while True:
            answer = self.once(path, **headers)
            if answer.status != 202:
                return answer
            time.sleep(0.02)

    def once(self, path, **headers):
        return self.ask("GET", path, b"", headers)

    def post(self, path, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"origin": f"http://{self.host}", **headers}
        return self.ask("POST", path, data, headers)

    def ask(self, method, path, body, headers):
        sent = {"host": self.host, **{k.replace("_", "-"): v for k, v in headers.items() if v}}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
        }  # fmt: skip
        return asyncio.run(self._ask(scope, body))

    async def _ask(self, scope, body):
        got, given = [], [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return given.pop() if given else {"type": "http.disconnect"}

        async def send(message):
            got.append(message)

        await self.app(scope, receive, send)
        headers = {k.decode().lower(): v.decode() for k, v in got[0]["headers"]}
        for name, morsel in SimpleCookie(headers.get("set-cookie", "")).items():
            self.cookies[name] = morsel.value
        text = b"".join(message.get("body", b"") for message in got[1:]).decode()
        return Answer(got[0]["status"], headers, text)
