"""Report failed runs and rejected files by e-mail and webhook, as settings.toml says.

Most chat programs show the "text" of {"subject": ..., "text": ...}, which a webhook gets.
"""

import json
import os
import re
from collections.abc import Iterable

from ingest.letters import one_line, visible
from ingest.settings import Email, SettingsError, Webhook, read_settings
from ingest.workspace import Workspace

SECONDS = 20  # for a server to answer
MOST_LINES = 50
PASSWORD = "LOAD_PROFILE_MAIL"
# <!channel>, @everyone, [text](address): with a space of no width behind the sign they are text
MARKUP = re.compile(r"([<@\]])")


def send_alert(workspace: Workspace, subject: str, lines: Iterable[str]) -> list[str]:
    """Send to every channel; returns what could not be sent, for an alert never stops a run."""
    lines = list(lines)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES:,} more"]
    subject = one_line(subject)  # a header is one line
    text = visible("\n".join([*lines, "", f"root: {workspace.root}"]))
    try:
        settings = read_settings(workspace.settings)
    except SettingsError as error:
        return [str(error)]
    failed = []
    for name, channel, send in (
        ("email", settings.email, _mail),
        ("webhook", settings.webhook, _post),
    ):
        try:
            if channel:
                send(channel, f"load-profile: {subject}", text)
        except (OSError, ValueError) as error:
            failed.append(f"alert by {name} not sent: {error}")
    return failed


def _mail(email: Email, subject: str, text: str) -> None:
    import smtplib
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"], message["From"] = subject, email.sender
    message["To"] = ", ".join(email.recipients)
    message.set_content(text)
    with smtplib.SMTP(email.server, email.port, timeout=SECONDS) as server:
        if email.starttls:
            server.starttls()
        if email.user:
            server.login(email.user, os.environ.get(PASSWORD, ""))
        server.send_message(message)


def _post(webhook: Webhook, subject: str, text: str) -> None:
    from urllib.request import Request, urlopen

    said = MARKUP.sub("\\1\u200b", f"{subject}\n{text}")
    body = json.dumps({"subject": subject, "text": said}).encode()
    request = Request(webhook.url, body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=SECONDS) as answer:
        answer.read()
