"""Report failed runs and rejected files by e-mail and webhook, as alerts.toml says.

alerts.toml lies beside meter-data.csv; without it nothing is sent:

    [email]
    server = "mail.example.org"
    port = 587                # 25 if left out
    starttls = true           # false if left out
    sender = "load-profile@example.org"
    recipients = ["planning@example.org"]
    user = "load-profile"     # with the password in the environment variable LOAD_PROFILE_MAIL

    [webhook]
    url = "https://chat.example.org/hooks/42"

A webhook gets a POST of {"subject": ..., "text": ...} as JSON: most chat programs show "text".
"""

import json
import os
import re
import tomllib
from collections.abc import Iterable

from ingest.letters import one_line, visible
from ingest.workspace import Workspace

SECONDS = 20  # for a server to answer
MOST_LINES = 50
PASSWORD = "LOAD_PROFILE_MAIL"
KEYS = {
    "email": {"server", "port", "starttls", "sender", "recipients", "user"},
    "webhook": {"url"},
}
# <!channel>, @everyone, [text](address): with a space of no width behind the sign they are text
MARKUP = re.compile(r"([<@\]])")
REQUIRED = {"email": ("server", "sender", "recipients"), "webhook": ("url",)}


class AlertError(ValueError):
    """alerts.toml is wrong; the text names file, key, value and what is allowed."""


def read_alerts(workspace: Workspace) -> dict[str, dict]:
    """The channels that alerts.toml names; none if there is no such file. Raises AlertError."""
    path = workspace.root / "alerts.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AlertError(f"{path}: {error}") from error
    for channel, values in settings.items():
        if channel not in KEYS or not isinstance(values, dict):
            raise AlertError(f"{path}: {channel!r}: allowed are [{'], ['.join(KEYS)}].")
        for key in values.keys() - KEYS[channel]:
            allowed = ", ".join(sorted(KEYS[channel]))
            raise AlertError(f"{path}: [{channel}] {key!r}: allowed are {allowed}.")
        for key in REQUIRED[channel]:
            if not values.get(key):
                raise AlertError(f"{path}: [{channel}] has no {key!r}.")
    return settings


def send_alert(workspace: Workspace, subject: str, lines: Iterable[str]) -> list[str]:
    """Send to every channel; returns what could not be sent, for an alert never stops a run."""
    lines = list(lines)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES:,} more"]
    subject = one_line(subject)  # a header is one line
    text = visible("\n".join([*lines, "", f"root: {workspace.root}"]))
    try:
        settings = read_alerts(workspace)
    except AlertError as error:
        return [str(error)]
    failed = []
    for channel, values in settings.items():
        try:
            {"email": _mail, "webhook": _post}[channel](values, f"load-profile: {subject}", text)
        except (OSError, ValueError) as error:
            failed.append(f"alert by {channel} not sent: {error}")
    return failed


def _mail(values: dict, subject: str, text: str) -> None:
    import smtplib
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"], message["From"] = subject, values["sender"]
    message["To"] = ", ".join(values["recipients"])
    message.set_content(text)
    with smtplib.SMTP(values["server"], values.get("port", 25), timeout=SECONDS) as server:
        if values.get("starttls", False):
            server.starttls()
        if "user" in values:
            server.login(values["user"], os.environ.get(PASSWORD, ""))
        server.send_message(message)


def _post(values: dict, subject: str, text: str) -> None:
    from urllib.request import Request, urlopen

    said = MARKUP.sub("\\1\u200b", f"{subject}\n{text}")
    body = json.dumps({"subject": subject, "text": said}).encode()
    request = Request(values["url"], body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=SECONDS) as answer:
        answer.read()
