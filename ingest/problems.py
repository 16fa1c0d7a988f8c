"""Define what can be wrong with a file, as codes with values. Knows no words: letters has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.sequence_breaks import Break, Release

CODES = {
    "unreadable": (
        *("too_large", "too_many_values", "utf_16", "not_text", "no_header", "wrong_header"),
        "no_layout",
        *("layout_doubts", "long_lines", "mixed_line_ends", "open_quotes", "cell_count"),
        *("bad_record", "bad_time", "bad_value", "bad_row", "bad_channel_value"),
        *("one_direction", "no_power", "other_channels", "channel_unclear", "channel_changes"),
        *("other_channel_unit", "inexact_unit", "other_clock"),
        *(
            "own_output",
            "two_layouts",
            "layout_header",
            "layout_columns",
            "layout_point",
            "layout_unit",
        ),
        *("layout_time", "layout_other_date", "layout_two_dates", "layout_two_labels"),
        *(
            "layout_value",
            "layout_two_numbers",
            "layout_length",
            "layout_zone",
            "layout_two_clocks",
        ),
        *("other_layout", "misplaced_record", "short_record", "no_end", "no_point"),
        *("value_count", "interval_length", "unit_of_channel", "bad_number", "bad_date"),
        *("bad_quality", "quality_span", "xml", "xml_entities", "xml_link", "edifact"),
        *("workbook", "two_sheets", "too_many_cells", "uncalculated"),
        *("archive_damaged", "archive_encrypted", "archive_nested", "archive_members"),
        *("archive_size", "archive_empty", "two_clocks"),
        *("no_register_reads", "register_columns", "register_meter", "register_time"),
        "register_value",
    ),
    "empty": ("empty_file", "no_rows"),
    "unknown_meter": (
        *("unknown_feeder", "feeder_at_other_times", "unclear_name"),
        *("other_meter", "two_serials"),
        *("unlisted_points", "two_points", "point_at_other_times"),
    ),
    "sequence_error": (
        *("date", "other_unit", "midnight_slip", "register_conflict", "register_date"),
        *("hole", "years", "doubled", "contradiction", "repeated_block", "block", "misfit"),
        *("newest_first", "two_meters", "skipped_hour", "interleaved_hour", "backward_row"),
        *("clock_forward", "clock_forward_within", "clock_back", "clock_back_within"),
    ),
}
OUTCOME_OF = {code: outcome for outcome, codes in CODES.items() for code in codes}
# A person can accept these after review, as any break of the sequence but those below.
RELEASABLE = {"date", "other_meter", "two_serials", "other_unit"}
NEVER_RELEASED = {
    *("two_meters", "skipped_hour", "midnight_slip"),
    *("clock_forward", "clock_forward_within", "clock_back", "clock_back_within"),
}


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be loaded: a code, the first bad line and record, and values.

    The words of the code name the values. A broken sequence has its breaks and what a release of
    the file would make of its rows; so has another problem of a file whose sequence is broken too.
    """

    code: str
    line: int | None = None
    record: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    breaks: tuple[Break, ...] = ()
    release: Release | None = None

    @property
    def outcome(self) -> str:
        """The outcome that the ledger lists."""
        return OUTCOME_OF[self.code]

    @property
    def is_holed(self) -> bool:
        """Whether nothing is wrong but that whole intervals are missing between good rows."""
        return self.code == "hole" and all(b.kind == "hole" and b.is_whole for b in self.breaks)

    @property
    def is_releasable(self) -> bool:
        """Whether a release may be offered: no break of the file puts rows where they are not."""
        kinds = {self.code, *(found.kind for found in self.breaks)}
        return (self.release is not None or self.code in RELEASABLE) and not kinds & NEVER_RELEASED
