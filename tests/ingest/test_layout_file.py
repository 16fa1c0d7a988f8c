"""Check that the error of a layout file names file, key, value and what is allowed."""

from pathlib import Path

import pytest

from ingest.layouts.layout_file import LayoutFileError, read_layout, read_layouts

GOOD = """
name = "ours"
title = "our meters"

[header]
match = ["time", "kWh"]

[time]
start = "time"
formats = "%Y-%m-%d %H:%M"

[[channel]]
columns = "kWh"
quantity = "del"
unit = "kWh"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"del"', '"delivered"', "ours.toml: channel.0.quantity = 'delivered': expected '', 'del'"),
        ('unit = "kWh"', 'unit = "GWh"', "ours.toml: channel.0.unit = 'GWh': expected 'W', 'kW'"),
        ("[header]", "[haeder]", "ours.toml: header: expected a value; the key is missing"),
        ("columns =", "column =", "ours.toml: channel.0.columns: expected a value; the key is mi"),
        ("start =", "# start =", "ours.toml: time: expected start, end, period or label"),
        (
            "formats =",
            'clock = "Mars"\nformats =',
            "ours.toml: time.clock = 'Mars': expected meter",
        ),
        (
            "formats =",
            'clock = "offset"\nformats =',
            "time: expected clock = offset with %z in eve",
        ),
        ('"time", "kWh"', '"time", "/(/"', "header.match.1 = '/(/': expected a regular expression"),
        (
            'name = "ours"',
            'name = "Our meters"',
            "name = 'Our meters': expected String should match",
        ),
        ("[time]", "[time", "ours.toml: not TOML: "),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(
    old: str, new: str, message: str
) -> None:
    assert old in GOOD
    with pytest.raises(LayoutFileError) as caught:
        read_layout(GOOD.replace(old, new, 1), "ours.toml")
    assert message in str(caught.value)


def test_a_key_that_is_not_known_is_refused() -> None:
    with pytest.raises(LayoutFileError, match=r"time\.zone = 'UTC': expected no such key"):
        read_layout(GOOD.replace("formats =", 'zone = "UTC"\nformats ='), "ours.toml")


def test_a_layout_of_the_user_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    for folder, title in ((own, "mine"), (shipped, "shipped")):
        folder.mkdir()
        text = GOOD.replace("our meters", title)
        (folder / "ours.toml").write_text(text, encoding="utf-8")
    assert [layout.title for layout in read_layouts([own, shipped])] == ["mine"]
    (own / "again.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(LayoutFileError, match=r"again\.toml and ours\.toml"):
        read_layouts([own, shipped])
