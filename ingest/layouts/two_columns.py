"""Describe a table of which a person names the column of the time and that of the value.

For looking at a series, not for loading it: the value is taken as a net one, without a unit, and
the length of an interval is not looked for.
"""

from ingest.layouts.delimited_text import LINE_END, text_of
from ingest.layouts.layout_file import LayoutFile
from ingest.layouts.parsed import LayoutError
from ingest.layouts.propose import MOMENTS, formats_of, table_in

ENCODINGS = ["utf-8", "cp1252"]


def layout_of_columns(
    data: bytes, time: str, value: str, known: tuple[str, ...] = ()
) -> LayoutFile:
    """Return the layout of a table with these two columns; raise LayoutError without them.

    `known` are the forms that the times may have, if that is known.
    """
    text = text_of(data, ENCODINGS)
    delimiter, above, rows = table_in(LINE_END.split(text), (time, value))
    at = rows[0].index(time)
    texts = [row[at] for row in rows[1:] if at < len(row)]
    formats = formats_of(texts[:50], known or MOMENTS)
    formats = formats or [form for form in known if "%z" not in form]
    if not formats:
        values = {"column": time, "text": texts[0][:80], "formats": "a date and a time of day"}
        raise LayoutError("layout_time", above + 2, values=values)
    has_offset = all("%z" in form for form in formats)
    return LayoutFile.model_validate(
        {
            "name": "two-columns",
            "title": "columns that a person has named",
            "dialect": {
                "delimiter": delimiter,
                "decimalChar": "." if delimiter == "," else [".", ","],
                "groupChar": [",", "."] if delimiter != "," else ",",
                "encoding": ENCODINGS,
            },
            "header": {"match": [time, value]},
            "time": {
                "start": time,
                "formats": formats,
                "clock": "offset" if has_offset else "meter",
                "minutes": 1,
            },
            "channel": [{"columns": value, "quantity": "net", "required": True}],
        }
    )
