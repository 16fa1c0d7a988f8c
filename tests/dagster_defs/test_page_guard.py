"""Who may talk to Dagster's page: hand-made requests, and a real browser on a foreign page.

Beside the guard alone there is the real page in test_page.py, which uses the same checks.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from dagster_defs.page_guard import PageGuard

OWN = "http://127.0.0.1:3000"
JSON = "application/json"


async def answered(scope, _, send) -> None:
    """An application that says yes to everything."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.accept"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})


def asked(method: str, path: str = "/", port: int = 3000, **headers: str | None) -> int:
    """The status of a request; 101 for a websocket that opens, 403 for one that does not."""
    named = {"host": f"127.0.0.1:{port}", **headers}
    pairs = [
        (name.replace("_", "-").encode(), part.encode("latin-1"))
        for name, value in named.items()
        if value is not None
        for part in value.split("|")
    ]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs}
    if method == "WS":
        scope = {"type": "websocket", "path": path, "headers": pairs}
    said = []

    async def send(message) -> None:
        said.append(message)

    # in a thread of its own, as a browser of another test may have this thread's loop
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, PageGuard(answered, port)(scope, None, send)).result()
    if method == "WS":
        return 101 if said[0]["type"] == "websocket.accept" else 403
    names = dict(said[0]["headers"])
    assert names[b"x-frame-options"] == b"DENY"
    return said[0]["status"]


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        # what the page itself does
        (200, "GET", "/", {}),
        (200, "HEAD", "/", {}),
        (200, "GET", "/", {"host": "localhost:3000"}),
        (200, "GET", "/runs/1", {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"}),
        (200, "GET", "/a.js", {"origin": OWN, "sec_fetch_site": "same-origin"}),
        (200, "POST", "/graphql", {"origin": OWN, "content_type": JSON}),
        (200, "POST", "/graphql", {"origin": OWN, "content_type": f"{JSON}; charset=utf-8"}),
        (101, "WS", "/graphql", {"origin": OWN}),
        # a program on this machine, and a link to the page in a letter
        (200, "POST", "/graphql", {"content_type": JSON}),
        (200, "GET", "/", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}),
        # another name for this machine: DNS rebinding
        (421, "GET", "/", {"host": "evil.example:3000"}),
        (421, "POST", "/graphql", {"host": "evil.example:3000", "content_type": JSON}),
        (421, "GET", "/", {"host": "127.0.0.1.evil.example:3000"}),
        (421, "GET", "/", {"host": "127.0.0.1"}),
        (421, "GET", "/", {"host": "127.0.0.1:3001"}),
        (421, "GET", "/", {"host": "[::1]:3000"}),
        (421, "GET", "/", {"host": "0.0.0.0:3000"}),
        (421, "GET", "/", {"host": "127.0.0.1:3000|evil.example"}),
        (421, "GET", "/", {"host": "127.0.0.1:3000@evil.example"}),
        (421, "GET", "/", {"host": None}),
        (
            403,
            "WS",
            "/graphql",
            {"host": "evil.example:3000", "origin": "http://evil.example:3000"},
        ),
        # another page
        *(
            (403, method, "/graphql", {"origin": origin, "content_type": JSON})
            for method in ("POST", "WS")
            for origin in (
                "http://evil.example",
                "http://127.0.0.1:3001",
                "http://localhost:3000",
                "https://127.0.0.1:3000",
                "http://127.0.0.1:3000.evil.example",
                "null",
                "",
                f"{OWN}|http://evil.example",
            )
        ),
        (403, "WS", "/graphql", {}),
        (403, "GET", "/", {"origin": "http://evil.example"}),
        (403, "GET", "/a.js", {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}),
        (403, "GET", "/", {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"}),
        (
            403,
            "GET",
            "/",
            {
                "sec_fetch_site": "cross-site",
                "sec_fetch_mode": "navigate",
                "sec_fetch_dest": "iframe",
            },
        ),
        (
            403,
            "POST",
            "/graphql",
            {"origin": OWN, "content_type": JSON, "sec_fetch_site": "cross-site"},
        ),
        # GraphQL in any other way than JSON by POST
        (405, "GET", "/graphql", {}),
        (405, "GET", "/graphql/", {}),
        (405, "HEAD", "/graphql", {}),
        (405, "OPTIONS", "/graphql", {}),
        (405, "PUT", "/graphql", {"content_type": JSON}),
        *(
            (415, "POST", "/graphql", {"origin": OWN, "content_type": kind})
            for kind in (
                None,
                "text/plain",
                "application/graphql",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=application/json",
                "text/plain; application/json",
                f"{JSON}|text/plain",
            )
        ),
        # nothing else changes anything
        (405, "POST", "/report_asset_materialization/gaps", {"content_type": JSON}),
        (405, "DELETE", "/", {}),
        (405, "OPTIONS", "/", {}),
        (403, "GET", "/notebook", {}),
        (403, "GET", "/dagit/notebook/", {}),
    ],
)
def test_only_the_page_itself_and_programs_here_are_answered(status, method, path, headers):
    assert asked(method, path, **headers) == status


def test_a_browser_leaves_out_port_80():
    assert asked("GET", port=80, host="localhost") == 200
    assert asked("POST", "/graphql", port=80, host="localhost", content_type=JSON) == 200
    own = {"host": "localhost", "origin": "http://localhost", "content_type": JSON}
    assert asked("POST", "/graphql", port=80, **own) == 200
    assert asked("GET", port=80, host="evil.example") == 421
