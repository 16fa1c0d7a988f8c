"""The total and its members count the same readings of every interval."""

from conftest import FILES, bring_up_to_date, only, query

from ingest.workspace import Workspace

HEADER = "Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-\n"
METERS = "sta,meter,multiplier,channel_unit\nnorth,1,1,MW\nsouth,2,1,MW\n"


def test_a_whole_reading_counts_in_both_beside_one_that_starts_inside_its_interval(tmp_path):
    space = Workspace(tmp_path)
    space.prepare()
    space.meter_data.write_text(METERS)
    files = {
        "north-1": [("00:00", "00:15", 2), ("00:15", "00:30", 2)],
        "south-1": [("00:00", "00:15", 3), ("00:15", "00:30", 3)],
        "south-2": [("00:07", "00:22", 9)],
    }
    for name, rows in files.items():
        lines = [
            f"{place},Normal,07/01/24 {start}:00,07/01/24 {end}:00,{mw},0,,\n"
            for place, (start, end, mw) in enumerate(rows)
        ]
        (space.dropbox / f"{name}.csv").write_text(HEADER + "".join(lines))
    bring_up_to_date(tmp_path, *only(*FILES))
    totals = "select mw_total::int, feeders_reporting, missing_feeders from combined_profiles"
    assert query(tmp_path, totals) == [(5, 2, None)] * 2
    members = "select feeder, mw_net::int from member_profiles order by all"
    assert query(tmp_path, members) == [("north", 2)] * 2 + [("south", 3)] * 2
    header, *rows = (space.profiles / "all.csv").read_text().splitlines()
    columns = header.split(",")
    for row in rows:
        shown = dict(zip(columns, row.split(","), strict=True))
        assert (shown["south_MW_net"], shown["MW_total"]) == ("3.000000", "5.000000")
