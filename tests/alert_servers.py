"""Servers on this machine that keep the e-mail and webhook calls they get."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message


class Letters(Message):
    """Keeps every message that a mail server on this machine gets."""

    def __init__(self) -> None:
        super().__init__()
        self.got = []

    def handle_message(self, message) -> None:
        self.got.append(message)


@contextmanager
def mail_server():
    letters = Letters()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield letters.got, port
    finally:
        controller.stop()


@contextmanager
def web_server():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield got, server.server_port
        server.shutdown()


def write_alerts(root: Path, mail_port: int, web_port: int) -> None:
    (root / "settings.toml").write_text(
        f"""
        [email]
        server = "127.0.0.1"
        port = {mail_port}
        sender = "load-profile@example.org"
        recipients = ["planning@example.org", "metering@example.org"]

        [webhook]
        url = "http://127.0.0.1:{web_port}/hooks/42"
        """
    )
