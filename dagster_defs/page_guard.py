"""Let nobody but Dagster's page itself talk to its server. Knows HTTP, not Dagster.

Any page that is open in a browser on this machine can send requests to 127.0.0.1. Dagster's server
answers all of them, and takes mutations also by GET and from forms. See docs/security.md.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Application = Callable[[Mapping[str, Any], Callable, Callable], Awaitable[None]]
NAMES = ("127.0.0.1", "localhost")
GRAPHQL = "/graphql"
NO_FILES = ("/notebook", "/dagit/notebook")  # they name a file to be read
# no other page may show this one in a frame and have it clicked
HEADERS = [(b"x-frame-options", b"DENY"), (b"cross-origin-resource-policy", b"same-origin")]


class PageGuard:
    """An ASGI application that passes on what comes from a page of its own address, on one port."""

    def __init__(self, app: Application, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in NAMES}
        if port == 80:  # which a browser leaves out
            self._hosts |= set(NAMES)

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

        def header(name: bytes) -> str | None:
            """The value; two of them are as good as a wrong one."""
            values = [value for key, value in scope["headers"] if key.lower() == name]
            return b", ".join(values).decode("latin-1") if values else None

        host, origin = header(b"host"), header(b"origin")
        if host is None or host.lower() not in self._hosts:
            return 421, f"Host is {host!r}; allowed are {' and '.join(sorted(self._hosts))}."
        is_own = origin is not None and origin.lower() == f"http://{host.lower()}"
        if origin is not None and not is_own:
            return 403, f"Origin is {origin!r}; allowed is the page of this address."
        if scope["type"] == "websocket":
            return None if is_own else (403, "A websocket needs the Origin of this address.")
        method, path = scope["method"], scope["path"].rstrip("/")
        is_link = method == "GET" and header(b"sec-fetch-mode") == "navigate"
        is_link &= header(b"sec-fetch-dest") in (None, "document")
        if header(b"sec-fetch-site") not in (None, "same-origin", "none") and not is_link:
            return 403, "The request comes from another page."
        if path.endswith(GRAPHQL):
            if method != "POST":
                return 405, f"{GRAPHQL} is asked by POST."
            kind = (header(b"content-type") or "").partition(";")[0].strip().lower()
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
