"""Say which requests come from a page of this machine's own server. Knows HTTP, no server.

Any page that is open in a browser on this machine can send requests to 127.0.0.1, and any name can
be made to point there. See docs/security.md.
"""

from collections.abc import Callable

ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost")
# no other page may show this one in a frame and have it clicked
HEADERS = {"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin"}


def own_hosts(port: int) -> set[str]:
    """Return what a browser calls this machine's server on a port."""
    hosts = {f"{name}:{port}" for name in NAMES}
    return hosts | set(NAMES) if port == 80 else hosts  # which a browser leaves out


def refusal(
    header: Callable[[str], str | None], hosts: set[str], method: str, *, is_websocket: bool
) -> tuple[int, str] | None:
    """Return the HTTP status and the reason for which a request is refused; None if it is not.

    `header` returns the value of a header by its name in lower case.
    """
    host, origin = header("host"), header("origin")
    if host is None or host.lower() not in hosts:
        return 421, f"Host is {host!r}; allowed are {' and '.join(sorted(hosts))}."
    is_own = origin is not None and origin.lower() == f"http://{host.lower()}"
    if origin is not None and not is_own:
        return 403, f"Origin is {origin!r}; allowed is the page of this address."
    if is_websocket:
        return None if is_own else (403, "A websocket needs the Origin of this address.")
    is_link = method == "GET" and header("sec-fetch-mode") == "navigate"
    is_link &= header("sec-fetch-dest") in (None, "document")
    if header("sec-fetch-site") not in (None, "same-origin", "none") and not is_link:
        return 403, "The request comes from another page."
    return None
