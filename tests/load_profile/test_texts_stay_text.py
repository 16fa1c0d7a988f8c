"""One hostile set of names, cells and modules goes through everything: it is never more than text.

What was tried, and what comes of it, is a table in docs/reliability.md.
"""

import csv
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree

import pytest
import raw_exports
from alert_servers import mail_server, web_server, write_alerts
from conftest import COMMAND, load_profile, query
from dagster import AssetKey, DagsterInstance, MarkdownMetadataValue
from markdown_it import MarkdownIt

from ingest.export_raw import export_raw
from ingest.review import rebuild_warehouse
from ingest.workspace import Workspace
from load_profile.alerts import send_alert
from load_profile.markdown import as_markdown
from load_profile.plots.catalog import PLANNER_NAMES

FEEDERS = {  # and their meters
    "=cmd[red]": "=1+1",
    "_$x_{1}$ !(a)": "+@SUM(1)",
    "&lt;b&gt; '#x": "<img src=x onerror=alert(1)>[bold]$y$",
}
EVENTS = ("=HYPERLINK(1)", "<script>window.hacked=1</script>", "![x](https:evil.example)")
EVENTS += ("\x1b[31mred\x07", "\u202eevil", "@everyone {{7*7}}", "-cmd|x", r"$\frac$", ":smile:")
REJECTED = (
    "<img src=x onerror=alert(1)>-@x.csv",
    "=cmd[red]-![x](https:evil.example) <script>a\x1b[31m\u202e\nnew, `|.csv",
)
BAD_ROW = "1, <b>, 07/01/24 00:00:00, 07/01/24 00:15:00,\x1b[2J<script>alert(1)</script>,0,0,0"
# what a run in this folder could take for its own
MODULES = ("json", "duckdb", "load_profile", "dagster_defs", "dbt", "multiprocessing")
MODULES += ("sitecustomize",)
PROJECTS = ("dbt_project.yml", "profiles.yml", "dagster.yaml", "workspace.yaml")
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Built:
    root: Path
    said: str
    letter: object
    post: dict


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    """A root with all of them, below folders named like columns; what its run said and sent."""
    root = tmp_path_factory.mktemp("texts") / "feeder=zz" / "local_month=2024-01"
    drop = root / "_dropbox/KW"
    drop.mkdir(parents=True)
    lines = ["sta,meter,multiplier,channel_unit"]
    lines += [f'"{feeder}","{meter}",1,kW' for feeder, meter in FEEDERS.items()]
    (root / "meter-data.csv").write_text("\n".join(lines), encoding="utf-8")
    for feeder in FEEDERS:
        (drop / f"{feeder}-1.csv").write_text(raw_exports.export(rows()), encoding="utf-8")
    for name in REJECTED:
        (drop / name).write_text(raw_exports.export([BAD_ROW]), encoding="utf-8")
    with mail_server() as (letters, mail_port), web_server() as (posts, web_port):
        write_alerts(root, mail_port, web_port)
        write_programs(root)
        done = subprocess.run([COMMAND, "run"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(root, done.stdout + done.stderr, letters[0], posts[0])


def write_programs(root: Path) -> None:
    """Modules that note their import and end it, and settings of other programs."""
    mark = f"open({str(root / 'imported')!r}, 'a').write(__name__)\nraise SystemExit\n"
    for name in MODULES:
        (root / f"{name}.py").write_text(mark)
    for name in PROJECTS:
        (root / name).write_text("evil: [")
    (root / ".env").write_text("LOAD_PROFILE_MEMORY=evil\n")


def rows() -> list[str]:
    return [
        raw_exports.row(number, *ends, "9,0,9,0", EVENTS[number % len(EVENTS)])
        for number, ends in enumerate(raw_exports.intervals(datetime(2024, 7, 1), 96))
    ]


def test_no_module_of_a_root_is_imported_by_a_run_in_it(built):
    assert not (built.root / "imported").exists()
    assert (built.root / "lp/all.csv").exists()


def test_a_folder_named_like_a_column_changes_no_table(built, tmp_path):
    feeders = "select distinct feeder from feeder_profiles order by 1"
    assert query(built.root, feeders) == sorted((feeder,) for feeder in FEEDERS)
    ledger = "select file_id, feeder, sha256 from raw.files order by 1"
    root = copytree(built.root, tmp_path / "feeder=zz" / "local_month=2024-01")
    assert len(export_raw(Workspace(root))) == 7
    rebuild_warehouse(Workspace(root))
    assert query(root, ledger) == query(built.root, ledger)


def test_no_text_steers_the_terminal(built):
    feeder = next(iter(FEEDERS))
    shown = [built.said]
    for words in (("status",), ("why", feeder, "2024-07-01 00:45"), ("diff",), ("release", "x")):
        done = load_profile(*words, "--root", built.root)
        shown.append(done.stdout + done.stderr)
    shown.append(load_profile("analyze", built.root / f"lp/{feeder}.csv").stdout)
    for text in shown:
        assert not UNSEEN.search(text), text
    assert feeder in shown[0] and r"a\x1b[31m\u202e\nnew" in shown[0]  # [red] is no colour
    assert r"\x1b[31mred\x07" in shown[2]


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_no_text_is_a_tag_of_the_report(built):
    page = (built.root / "lp/report.html").read_text(encoding="utf-8")
    tags = Tags(page).found
    assert not [given for _, given in tags if "onerror" in given or given.get("src") == "x"]
    assert "b" not in {tag for tag, _ in tags}
    assert not re.search(r"<script>(alert|window\.hacked)", page)
    assert "&lt;img src=x onerror=alert(1)&gt;-@x" in page and "&amp;lt;b&amp;gt;" in page
    assert not UNSEEN.search(re.sub(r"(?s)<script.*?</script>|\t", "", page))


def test_no_text_is_markdown_on_dagsters_page(built):
    with DagsterInstance.from_config(str(built.root / ".dagster")) as instance:
        for asset in ("net_load_plot", "planner_plots", "published", "report", "profile_files"):
            event = instance.get_latest_materialization_event(AssetKey(asset))
            assert_no_markdown(event.asset_materialization.metadata)
        event = instance.get_latest_materialization_event(AssetKey(["raw", "files"]))
    table = event.asset_materialization.metadata["rejected files"]
    assert {record.data["outcome"] for record in table.records} == {"unreadable"}
    assert not any(UNSEEN.search(str(record.data)) for record in table.records)


def assert_no_markdown(metadata: dict) -> None:
    for value in metadata.values():
        if isinstance(value, MarkdownMetadataValue):
            (line,) = MarkdownIt().parse(value.md_str)[1:-1]
            (plot,) = line.children
            assert plot.type == "image"
            assert plot.attrs["src"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("text", [*FEEDERS, *EVENTS, *REJECTED])
def test_markdown_shows_a_text_as_it_is(text):
    (line,) = MarkdownIt("gfm-like", {"linkify": False}).parse(as_markdown(text))[1:-1]
    assert {child.type for child in line.children} <= {"text", "text_special"}


@pytest.mark.parametrize(
    "text",
    ["- x", "+ x", "---", "===", "# x", "1. x", "12) x", "> x", "_a_ __b__", "a*b*", "![a](b)",
     "<b>x</b>", "&lt;", "a\\*b*", "`x`", "| a |", "~~x~~"],
)  # fmt: skip
def test_a_sign_that_markdown_acts_on_is_shown(text):
    found = MarkdownIt("gfm-like", {"linkify": False}).parse(as_markdown(text))
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in found[1].children) == text


@pytest.mark.parametrize("text", [*PLANNER_NAMES, "heat-map", "a_b (c), d.csv: 1.5, 00:15 #2"])
def test_a_text_without_such_signs_is_as_it_was(text):
    assert as_markdown(text) == text.replace(" #", " \\#")


def test_mail_and_webhook_have_one_subject_and_mention_nobody(built):
    assert built.letter["Subject"] == built.post["subject"] == "load-profile: 2 files rejected"
    body = built.letter.get_payload(decode=True).decode()
    assert not UNSEEN.search(body.replace("\r\n", "\n")) and REJECTED[0] in body
    assert not re.search(r"<[!@]|@everyone|\]\(", built.post["text"])
    assert REJECTED[0] in built.post["text"].replace("\u200b", "")


def test_a_line_end_in_a_subject_makes_no_header(tmp_path):
    with mail_server() as (letters, mail_port), web_server() as (posts, web_port):
        write_alerts(tmp_path, mail_port, web_port)
        assert send_alert(Workspace(tmp_path), "x\r\nBcc: thief@example.org", ["\x1b[2J"]) == []
    assert letters[0]["Bcc"] is None and "\\r\\nBcc" in letters[0]["Subject"]
    assert posts[0]["text"].splitlines()[1] == "\\x1b[2J"


def test_no_cell_of_text_is_a_formula_and_no_number_is_touched(built):
    for path in sorted((built.root / "lp").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    assert cell[:1] not in tuple("=+-@\t") or is_number(cell), (path, cell)
    with (built.root / "lp/=cmd[red].csv").open(encoding="utf-8", newline="") as stream:
        first = next(csv.DictReader(stream))
    assert (first["meter"], first["Event Type"]) == ("'=1+1", "'=HYPERLINK(1)")
    assert first["MW_net"] == "0.009000"


def is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", cell))


def test_each_line_of_a_log_is_of_one_file_and_letters_show_escapes(built):
    log = (built.root / "logs/dropbox.log").read_text(encoding="utf-8")
    assert [line[:2] for line in log.splitlines()] == ["#1", "#2", "#3", "#4", "#5"]
    letters = list((built.root / "data/KW/ERROR").glob("*.txt"))
    assert len(letters) == len(REJECTED)
    for text in (log, *(path.read_text(encoding="utf-8") for path in letters)):
        assert not UNSEEN.search(text)


def test_every_name_has_its_plot(built):
    plots = {path.stem for path in (built.root / "lp/plots").glob("*.png")}
    assert plots >= {*FEEDERS, "all"}
