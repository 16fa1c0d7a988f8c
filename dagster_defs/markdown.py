"""Write texts of files into Markdown so that they stay text."""

import re

from ingest.letters import one_line

SIGNS = re.compile(r"([!-/:-@\[-`{-~])")  # all that CommonMark lets a backslash stand before


def as_markdown(text: str) -> str:
    """Markdown that shows the text, in one line: no link, image, HTML or cell comes of it."""
    return SIGNS.sub(r"\\\1", one_line(text))
