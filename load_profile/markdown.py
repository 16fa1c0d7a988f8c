"""Write texts of files into Markdown so that they stay text."""

import re

from ingest.letters import one_line

# What CommonMark, tables, links and formulas of GitHub, or HTML act on. Other signs act in a place
# alone: `-`, `+`, `=` and `#` at the beginning of a word, `_` at either end of one, `1.` and `1)`
# as a word, `www.` and `://` in an address.
SIGNS = re.compile(
    r"([*<>\[\\\]`{|}~&$@]|(?<!\S)[-+=#]|(?<![^\W_])_|_(?![^\W_])"
    r"|(?<=\d)[.)](?!\S)|(?<=www)\.|:(?=//))",
    re.IGNORECASE,
)


def as_markdown(text: str) -> str:
    """Markdown that shows the text, in one line: no link, image, HTML or cell comes of it."""
    return SIGNS.sub(r"\\\1", one_line(text))
