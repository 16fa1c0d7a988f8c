"""Let nobody but Dagster's page itself talk to its server. Knows HTTP, not Dagster.

Any page that is open in a browser on this machine can send requests to 127.0.0.1. Dagster's server
answers all of them, and takes mutations also by GET and from forms. See docs/security.md.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from load_profile.own_page import HEADERS as OWN_HEADERS
from load_profile.own_page import own_hosts, refusal

Application = Callable[[Mapping[str, Any], Callable, Callable], Awaitable[None]]
GRAPHQL = "/graphql"
NO_FILES = ("/notebook", "/dagit/notebook")  # they name a file to be read
HEADERS = [(name.lower().encode(), value.encode()) for name, value in OWN_HEADERS.items()]


class PageGuard:
    """An ASGI application that passes on what comes from a page of its own address, on one port."""

    def __init__(self, app: Application, port: int) -> None:
        self._app = app
        self._hosts = own_hosts(port)

    async def __call__(self, scope: Mapping[str, Any], receive, send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal:
                return await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
            return await self._app(scope, receive, send)
        if refusal:
            return await _refuse(send, *refusal)

        async def send_with_headers(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Mapping[str, Any]) -> tuple[int, str] | None:
        """The HTTP status and the reason for which a request is refused; None if it is not."""

        def header(name: str) -> str | None:
            """The value; two of them are as good as a wrong one."""
            wanted = name.encode()
            values = [value for key, value in scope["headers"] if key.lower() == wanted]
            return b", ".join(values).decode("latin-1") if values else None

        is_websocket = scope["type"] == "websocket"
        method, path = scope.get("method", ""), scope["path"].rstrip("/")
        refused = refusal(header, self._hosts, method, is_websocket=is_websocket)
        if refused or is_websocket:
            return refused
        if path.endswith(GRAPHQL):
            if method != "POST":
                return 405, f"{GRAPHQL} is asked by POST."
            kind = (header("content-type") or "").partition(";")[0].strip().lower()
            return None if kind == "application/json" else (415, "The body must be JSON.")
        if method not in ("GET", "HEAD"):
            return 405, "Only GET is allowed here."
        return (403, "This page reads no notebooks.") if path in NO_FILES else None


async def _refuse(send, status: int, reason: str) -> None:
    kind = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*kind, *HEADERS]})
    await send({"type": "http.response.body", "body": f"{reason}\n".encode()})
