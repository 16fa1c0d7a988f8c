"""The layout files of a root: used wherever a file is read, and as they are at that moment."""

import os

from dropped_files import export, prepare, query, take_in

from ingest.layouts import recognise_in
from ingest.layouts.delimited import SHIPPED, layouts_in
from ingest.layouts.layout_file import read_layout

TABLE = """
name = "kiosk"
title = "kiosk"
[header]
match = ["When", "In"]
[time]
start = "When"
formats = ["%Y-%m-%d %H:%M"]
minutes = 15
[[channel]]
columns = "In"
quantity = "del"
unit = "kW"
"""
DATA = b"When,In\n2024-07-12 11:00,4\n2024-07-12 11:15,5\n"


def test_a_roots_own_classic_layout_reads_what_the_scan_of_all_rows_finds(tmp_path):
    space = prepare(tmp_path)
    head, *rows = export(range(6)).rstrip().rpartition(b"-4-")[::2]
    lines = rows[0].split(b"\r\n")
    data = head + b"-4-" + b"\r\n".join([*lines[:3], b"Tagessumme,,,,9,9,9,9", *lines[3:], b""])
    assert take_in(space, {"north-1.csv": data}).outcomes == {"unreadable": 1}
    own = (SHIPPED / "classic.toml").read_text().replace("trailer = [", 'trailer = ["tagessumme", ')
    space.layouts.mkdir()
    (space.layouts / "classic.toml").write_text(own)
    assert take_in(space, {"north-2.csv": data}).outcomes == {"accepted": 1}
    assert query(space, "select count(*) from raw.interval_reads") == [(6,)]


def test_a_layout_file_that_is_added_edited_or_taken_away_counts_at_once(tmp_path):
    space = prepare(tmp_path)
    recognise = recognise_in(space)
    names = {layout.name for layout in layouts_in()}

    def unit() -> str | None:
        layout, outline = recognise(DATA, "north.csv")
        return outline.channels[0].unit if layout else None

    assert unit() is None
    space.layouts.mkdir()
    own = space.layouts / "kiosk.toml"
    for text in (TABLE, TABLE.replace('"kW"', '"MW"'), TABLE):
        own.write_text(text)
        assert unit() == read_layout(text, "kiosk.toml").channel[0].unit
    assert {layout.name for layout in layouts_in((space.layouts,))} == {*names, "kiosk"}
    before = own.stat()
    own.write_text(TABLE.replace('"kW"', '"MW"'))  # as long, and later
    os.utime(own, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert unit() == "MW"
    own.unlink()
    assert unit() is None
