"""A console on which texts from files stay text. Knows characters, not what they say."""

from rich.console import Console
from rich.text import Text

from ingest.letters import visible


class PlainConsole(Console):
    """A console that shows control characters and direction marks as escapes, in tables too.

    Markup is still markup: a text of a file goes through rich's `escape` first.
    """

    def __init__(self, **options: object) -> None:
        super().__init__(emoji=False, **options)

    def render_str(self, text: str, **options: object) -> Text:
        """As rich does, of what can be seen of the text."""
        return super().render_str(visible(text), **options)
