"""Read settings.toml of a root, which may be absent. Knows keys and their limits, not their use.

holes = "quarantine"      # what becomes of a file with nothing wrong but whole intervals missing:
                          # "quarantine" rejects it until it is released, "accept" takes it in
date_format = "iso"       # order of dates in the report, in plots and on the terminal: "iso"
                          # 2024-07-31, "day-first" 31.07.2024, "month-first" 07/31/2024
keep_runs = 60            # how many of the latest runs Dagster's page keeps; 1 to 100,000

[email]                   # who is sent failed runs and rejected files; left out: nobody
server = "mail.example.org"
port = 587                # 25 if left out
starttls = true           # false if left out
sender = "load-profile@example.org"
recipients = ["planning@example.org"]
user = "load-profile"     # with the password in the environment variable LOAD_PROFILE_MAIL

[webhook]                 # gets a POST of {"subject": ..., "text": ...} as JSON
url = "https://chat.example.org/hooks/42"
"""

import json
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

from annotated_types import Interval, MinLen

ALERTS = "alerts.toml"  # what held [email] and [webhook] before
STRICT = {"extra": "forbid", "strict": True}
Text = Annotated[str, MinLen(1)]
UNKNOWN, MISSING = "unexpected_keyword_argument", "missing"  # of pydantic's types of errors


class SettingsError(ValueError):
    """settings.toml is wrong; the message names file, line, key, value and what is allowed."""


@dataclass(frozen=True)
class Email:
    """The mail server that sends alerts, and to whom."""

    server: Annotated[Text, "the name of a mail server"]
    sender: Annotated[Text, "an address"]
    recipients: Annotated[list[Text], MinLen(1), "a list of one or more addresses"]
    port: Annotated[int, Interval(ge=1, le=65_535), "a whole number from 1 to 65,535"] = 25
    starttls: Annotated[bool, "true or false"] = False
    user: Annotated[Text | None, "a name"] = None
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class Webhook:
    """The address that alerts are posted to."""

    url: Annotated[Text, "an address"]
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class Settings:
    """The settings of a root's settings.toml, or the defaults.

    The text beside each type is what a message says is allowed.
    """

    keep_runs: Annotated[int, Interval(ge=1, le=100_000), "a whole number from 1 to 100,000"] = 60
    holes: Annotated[Literal["quarantine", "accept"], '"quarantine" or "accept"'] = "quarantine"
    date_format: Annotated[
        Literal["iso", "day-first", "month-first"], '"iso", "day-first" or "month-first"'
    ] = "iso"
    email: Annotated[Email | None, "a table [email]"] = None
    webhook: Annotated[Webhook | None, "a table [webhook]"] = None
    __pydantic_config__ = STRICT


TABLES = {"email": Email, "webhook": Webhook}


def read_settings(path: Path) -> Settings:
    """Return the settings of a file, the defaults without it. Raises SettingsError."""
    if path.with_name(ALERTS).exists():
        raise SettingsError(
            f"{path.with_name(ALERTS)} is no longer read: move [email] and [webhook] into "
            f"{path.name} beside it, and delete it."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except FileNotFoundError:
        return Settings()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    from pydantic import TypeAdapter, ValidationError  # most roots have no settings.toml

    try:
        # as JSON, of which strict validation takes a table for a dataclass
        return TypeAdapter(Settings).validate_json(json.dumps(found, default=str))
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise SettingsError(f"{path}{_words(details, text)}") from None


def _words(details: list[dict], text: str) -> str:
    """Return where settings are wrong first, and what is allowed there; unknown keys come first."""
    found = min(details, key=lambda each: each["type"] != UNKNOWN)
    *tables, key = [part for part in found["loc"] if isinstance(part, str)]
    table = next((kind for name, kind in TABLES.items() if [name] == tables), Settings)
    hints = get_type_hints(table, include_extras=True)
    known = {each.name: hints[each.name].__metadata__[-1] for each in fields(table)}
    name = f"[{tables[0]}] {key}" if tables else key
    if found["type"] == MISSING:
        return f"{_line(tables[0], text)}: [{tables[0]}] has no {key!r}; it is {known[key]}."
    if found["type"] == UNKNOWN:
        words = f"{name!r} is unknown; allowed are {', '.join(known)}."
    else:
        words = f"{name} is {found['input']!r}; allowed is {known[key]}."
    return f"{_line(key, text)}: {words}"


def _line(key: str, text: str) -> str:
    """Return `, line 3` for the line of a key or a table, nothing where it cannot be found."""
    written = re.compile(rf"[\s\[]*['\"]?{re.escape(key)}['\"]?\s*[\]=.]")
    lines = enumerate(text.splitlines(), 1)
    return next((f", line {number}" for number, line in lines if written.match(line)), "")
