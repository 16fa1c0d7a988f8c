"""Serve the page on 127.0.0.1, to a browser on this machine and to no other page in it.

Bokeh's server answers any host and tells a browser nothing about what the page may load. Here each
request passes the check of `load_profile.own_page` first, and each answer has headers that forbid
the browser to send anything elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from bokeh.settings import settings
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
)
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.routing import Router

from ingest.workspace import Workspace
from load_profile.explore.download import Download
from load_profile.explore.page import Page
from load_profile.explore.read import Published
from load_profile.own_page import ADDRESS, HEADERS, own_hosts, refusal

# Bokeh compiles the page's own callbacks and templates: 'unsafe-eval'
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GONE = 15_000  # milliseconds after which the state of a page that was closed is dropped


class PortInUseError(OSError):
    """Another program listens on the port."""


class _Refusal(web.RequestHandler):
    """Answers a request from elsewhere with the reason why it is refused."""

    def initialize(self, status: int, reason: str) -> None:
        self.status, self.words = status, reason

    def prepare(self) -> None:
        self.set_status(self.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self.words}\n")


class _WithHeaders(HTTPConnection):
    """A connection whose answers have more headers; in all else the connection itself."""

    def __init__(self, connection: HTTPConnection, headers: Mapping[str, str]) -> None:
        self._connection, self._headers = connection, headers

    def write_headers(self, start_line, headers: HTTPHeaders, chunk: bytes | None = None):
        headers.update(self._headers)
        return self._connection.write_headers(start_line, headers, chunk)

    def write(self, chunk: bytes):
        return self._connection.write(chunk)

    def finish(self) -> None:
        self._connection.finish()

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


class _Guard(Router):
    """Hands a request of the page itself on to Bokeh's server, and refuses all others."""

    def __init__(self, pages: BokehTornado, hosts: set[str]) -> None:
        self._pages, self._hosts, self._refusing = pages, hosts, web.Application()
        sockets = " ".join(f"ws://{host}" for host in sorted(hosts))
        self._headers = HEADERS | {
            "Content-Security-Policy": POLICY.format(sockets=sockets),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }

    def find_handler(
        self, request: HTTPServerRequest, **options: object
    ) -> HTTPMessageDelegate | None:
        headers, method = request.headers, request.method or ""
        is_websocket = headers.get("upgrade", "").lower() == "websocket"
        # two headers of one name are joined by a comma, which is as good as a wrong one
        refused = refusal(headers.get, self._hosts, method, is_websocket=is_websocket)
        if not refused and method not in ("GET", "HEAD"):
            refused = 405, "Only GET is allowed here."
        if refused or not is_websocket:
            request.connection = _WithHeaders(request.connection, self._headers)
        if refused:
            status, reason = refused
            words = {"status": status, "reason": reason}
            return self._refusing.get_handler_delegate(request, _Refusal, words)
        return self._pages.find_handler(request, **options)


def serve(workspace: Workspace, port: int, ready: Callable[[str], None]) -> None:
    """Serve until this process is interrupted or terminated; `ready` is given the address."""
    settings.resources = "server"  # whatever the environment says
    logging.getLogger("bokeh").setLevel(logging.ERROR)  # it warns of each page that is closed
    try:
        sockets = bind_sockets(port, ADDRESS)
    except OSError as error:
        raise PortInUseError(f"Port {port} is in use; --port takes another one.") from error
    asyncio.set_event_loop(asyncio.new_event_loop())
    hosts = own_hosts(port)
    published = Published(workspace.published)
    pages = Application(FunctionHandler(lambda doc: Page(doc, published, workspace).open()))
    tornado = BokehTornado(
        {"/": pages},
        extra_patterns=[("/download.csv", Download, {"published": published})],
        extra_websocket_origins=sorted(hosts),
        unused_session_lifetime_milliseconds=GONE,
        check_unused_sessions_milliseconds=GONE,
    )
    http = HTTPServer(_Guard(tornado, hosts))
    http.add_sockets(sockets)
    server = BaseServer(IOLoop.current(), tornado, http)
    ready(f"http://{ADDRESS}:{port}")
    server.run_until_shutdown()
