"""Parts of the main job alone, each to be run cold: python benchmarks/stages.py STAGE ROOT."""

import sys
from pathlib import Path

import duckdb


def ingest(root: Path) -> None:
    """Hash, check, load and archive the drop folder, as the first step of a run does."""
    from ingest.load_files import load_files, save_meter_data
    from ingest.meter_data import read_meter_data
    from ingest.workspace import Workspace

    workspace = Workspace(root)
    save_meter_data(workspace, read_meter_data(workspace.meter_data))
    load_files(workspace)


def bare_read(root: Path) -> None:
    """The practical limit: DuckDB reads the same files into a table of the same types, no more."""
    with duckdb.connect(str(root / "bare.duckdb")) as con:
        read_exports(con, root)


def read_exports(con: duckdb.DuckDBPyConnection, root: Path, temporary: bool = False) -> None:
    """Read the drop folder's classic files, all with a header in the same line, into `reads`."""
    paths = sorted(str(path) for path in (root / "_dropbox" / "KW").glob("*.csv"))
    header = Path(paths[0]).read_bytes()
    lines = header[: header.index(b"\n", header.index(b"Record No."))].count(b"\n") + 1
    channels = ("kw_del", "kw_rec", "kva_del", "kva_rec")
    columns = {"record_no": "bigint", "event_type": "varchar"}
    columns |= {"start_local": "timestamp", "end_local": "timestamp"}
    columns |= dict.fromkeys(channels, "decimal(38, 18)")
    rows = con.read_csv(
        paths,
        skiprows=lines,
        header=False,
        columns=columns,
        auto_detect=False,
        sep=",",
        quotechar="",
        escapechar="",
        timestamp_format="%m/%d/%y %H:%M:%S",
        filename=True,
    )
    if temporary:
        con.execute("create temp table reads as from rows")
    else:
        rows.create("reads")


def plots(root: Path) -> None:
    """Draw the plots of net load from a built warehouse."""
    from ingest.warehouse import open_warehouse
    from ingest.workspace import Workspace
    from load_profile.plots.draw import draw_net_load

    workspace = Workspace(root)
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        draw_net_load(con, workspace)


if __name__ == "__main__":
    {"ingest": ingest, "bare_read": bare_read, "plots": plots}[sys.argv[1]](Path(sys.argv[2]))
