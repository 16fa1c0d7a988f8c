"""Recognise the files that the product writes below lp/, which are no readings of a meter."""

from ingest.layouts.delimited_text import first_lines
from ingest.layouts.parsed import LayoutError

# what of the header row tells a kind of file from others, each in lower case
KINDS = {
    "lp/all.csv": {"start time", "mw_total", "mva_total", "pf_total"},
    "lp/monthly.csv": {"feeder", "month", "peak_mw", "peak_start"},
    "the gaps of lp/": {"gap_start", "gap_end", "gap_duration"},
    "the profiles of lp/": {"meter", "start time", "kw_del", "mw_del", "mw_net"},
}
DELIMITERS = ",;\t"


def own_output(data: bytes) -> str | None:
    """Return which of the product's own files a text is, None if it is none."""
    try:
        lines = first_lines(data, ("utf-8", "cp1252"))
    except LayoutError:
        return None
    header = next((line for line in lines if line.strip()), "")
    for delimiter in DELIMITERS:
        cells = {cell.strip(' "').lower() for cell in header.split(delimiter)}
        for kind, names in KINDS.items():
            if names <= cells:
                return kind
    return None
