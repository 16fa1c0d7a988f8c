"""The main job in Polars, a yardstick: what a skilled user would write instead of installing this.

    python benchmarks/polars_method.py ROOT

The product's files in lp/ for good data: meters on UTC, one interval length, power in W. It knows
files by their hash, turns away a broken sequence and archives by month; it has no letters, no
corrections, no crash safety, no other units or zones, no plots, and builds all anew every time.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import polars as pl

CLOCK = "%m/%d/%y %H:%M:%S"
TEXTS = ("Record No.", "Event Type", "Start Time", "End Time")
CHANNELS = ("kw_del", "kw_rec", "kva_del", "kva_rec")
SCHEMA = dict.fromkeys(TEXTS, pl.String) | dict.fromkeys(CHANNELS, pl.Float64)
POWERS = ("MW_del", "MW_rec", "MVA_del", "MVA_rec")
NETS = ("MW_net", "MVA_net", "PF_net")
INTERVAL = "15m"


@dataclass(frozen=True)
class Export:
    """A raw file: the feeder in its name, its hash, how many lines stand before the data."""

    path: Path
    feeder: str
    sha256: str
    lines_before: int

    @classmethod
    def read(cls, path: Path) -> "Export":
        data = path.read_bytes()
        before = data[: data.index(b"\n", data.index(b"Record No.")) + 1].count(b"\n")
        return cls(path, path.name.split("-")[0].lower(), hashlib.sha256(data).hexdigest(), before)


def main(root: Path) -> None:
    """Take the dropped files in, write every feeder's profile, then everything together."""
    (root / "lp").mkdir(exist_ok=True)
    meters = pl.read_csv(root / "meter-data.csv").with_columns(pl.col("sta").str.to_lowercase())
    exports = {
        feeder: list(files)
        for feeder, files in groupby(_new_and_archived(root), key=lambda export: export.feeder)
    }
    profiles = {}
    for feeder, meter, multiplier in meters.select("sta", "meter", "multiplier").iter_rows():
        if feeder in exports:
            frame = _profile(_good_rows(root, exports[feeder]), meter, multiplier)
            frame.drop("start").write_csv(root / "lp" / f"{feeder}.csv", float_precision=6)
            profiles[feeder] = frame.select("start", *NETS)
    _write_combined(root, meters["sta"].to_list(), profiles)


def _new_and_archived(root: Path) -> Iterator[Export]:
    """All files by feeder, the dropped ones last; a dropped file that is known already goes."""
    archive, index = root / "data" / "KW", root / ".hashes.json"
    archived = sorted(archive.glob("[0-9]*/*.csv"))
    dropped = sorted((root / "_dropbox" / "KW").glob("*.csv"))
    seen = set(json.loads(index.read_text())) if index.exists() else set()
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(Export.read, [*archived, *dropped]))
    kept = found[: len(archived)]
    for export in found[len(archived) :]:
        if export.sha256 in seen:
            export.path.unlink()
        else:
            seen.add(export.sha256)
            kept.append(export)
    index.write_text(json.dumps(sorted(seen)))
    return iter(sorted(kept, key=lambda export: export.feeder))


def _good_rows(root: Path, exports: list[Export]) -> pl.DataFrame:
    """One feeder's rows from files with a whole sequence; dropped files go to their folders."""
    scans = []
    for lines, files in groupby(exports, key=lambda export: export.lines_before):
        paths = [export.path for export in files]
        scans.append(
            pl.scan_csv(
                paths,
                has_header=False,
                skip_lines=lines,
                schema=SCHEMA,
                include_file_paths="path",
            )
        )
    stripped = [pl.col(name).str.strip_chars() for name in TEXTS]
    start, end, path = pl.col("start"), pl.col("end"), pl.col("path")
    rows = (
        pl.concat(scans)
        .with_columns(stripped)
        .filter(pl.col("Start Time").is_not_null())
        .with_columns(
            pl.col("Start Time").str.to_datetime(CLOCK, time_unit="us").alias("start"),
            pl.col("End Time").str.to_datetime(CLOCK, time_unit="us").alias("end"),
        )
        .with_columns(((path == path.shift()) & (start != end.shift())).alias("is_broken"))
        .collect(engine="streaming")
    )
    files = rows.group_by("path").agg(start.first(), pl.col("is_broken").any())
    for name, first, is_broken in files.iter_rows():
        _file_away(root, Path(name), "ERROR" if is_broken else f"{first:%Y-%m}")
    broken = files.filter("is_broken")
    return rows.join(broken, on="path", how="anti") if broken.height else rows


def _file_away(root: Path, path: Path, folder: str) -> None:
    """Move a dropped file below data/KW; an archived one is there."""
    target = root / "data" / "KW" / folder / path.name
    if path != target:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def _profile(rows: pl.DataFrame, meter: int, multiplier: float) -> pl.DataFrame:
    """The columns of lp/<feeder>.csv and `start`, one row an interval, the last reading counts."""
    factor = multiplier / 1e6
    signed = (pl.col("kw_del") - pl.col("kw_rec")) * factor
    reactive = [
        (pl.col(f"MVA_{way}").pow(2) - pl.col(f"MW_{way}").pow(2)).clip(lower_bound=0).sqrt()
        for way in ("del", "rec")
    ]
    powers = [
        (pl.col(channel) * factor).alias(power)
        for channel, power in zip(CHANNELS, POWERS, strict=True)
    ]
    return (
        rows.lazy()
        .sort("start", maintain_order=True)
        .filter((pl.col("start") != pl.col("start").shift(-1)).fill_null(True))
        .with_columns(*powers, signed.alias("MW_net"), pl.lit(meter).alias("meter"))
        .with_columns((pl.col("MW_net").pow(2) + sum(reactive).pow(2)).sqrt().alias("MVA_net"))
        .with_columns(_power_factor("MW_net", "MVA_net", "PF_net"))
        .select("meter", *TEXTS, *CHANNELS, *POWERS, *NETS, "start")
        .collect()
    )


def _power_factor(power: str, apparent: str, name: str) -> pl.Expr:
    """|P| / S, unknown without load."""
    ratio = pl.col(power).abs() / pl.col(apparent)
    return pl.when(pl.col(apparent) != 0).then(ratio).alias(name)


def _write_combined(root: Path, feeders: list[str], profiles: dict[str, pl.DataFrame]) -> None:
    """lp/all.csv and every gap list, over the span of all feeders' readings."""
    first = min(frame["start"].min() for frame in profiles.values())
    last = max(frame["start"].max() for frame in profiles.values())
    span = pl.datetime_range(first, last, INTERVAL, time_unit="us", eager=True).alias("start")
    grid = span.to_frame()
    empty = pl.DataFrame(schema={"start": pl.Datetime("us")} | dict.fromkeys(NETS, pl.Float64))
    parts = [grid]
    for feeder in feeders:
        frame = profiles.get(feeder, empty)
        _write_gaps(root, feeder, grid.join(frame, on="start", how="anti", maintain_order="left"))
        part = grid.join(frame, on="start", how="left", maintain_order="left").drop("start")
        parts.append(part.rename(lambda name, feeder=feeder: f"{feeder}_{name}"))
    totals = [
        pl.sum_horizontal(
            [f"{feeder}_{power}_net" for feeder in feeders], ignore_nulls=False
        ).alias(f"{power}_total")
        for power in ("MW", "MVA")
    ]
    combined = (
        pl.concat(parts, how="horizontal")
        .with_columns(totals)
        .with_columns(
            _power_factor("MW_total", "MVA_total", "PF_total"),
            pl.col("MW_total").alias("MW_net"),
        )
    )
    _write_gaps(root, "all", combined.filter(pl.col("MW_total").is_null()))
    combined.select(
        pl.col("start").dt.strftime(CLOCK).alias("Start Time"), pl.exclude("start")
    ).write_csv(root / "lp" / "all.csv", float_precision=6)


def _write_gaps(root: Path, name: str, missing: pl.DataFrame) -> None:
    """Runs of missing intervals: the first start, the last end, and how long."""
    start = pl.col("start")
    minutes = pl.col("length").dt.total_minutes()
    gaps = (
        missing.group_by(
            (start.diff() != pl.duration(minutes=15)).cum_sum().fill_null(0).alias("run")
        )
        .agg(start.min().alias("gap_start"), start.max().dt.offset_by(INTERVAL).alias("gap_end"))
        .sort("run")
        .with_columns((pl.col("gap_end") - pl.col("gap_start")).alias("length"))
        .select(
            pl.col("gap_start", "gap_end").dt.strftime(CLOCK),
            pl.format(
                "{} days {}:{}:00",
                minutes // 1440,
                (minutes // 60 % 24).cast(pl.String).str.zfill(2),
                (minutes % 60).cast(pl.String).str.zfill(2),
            ).alias("gap_duration"),
        )
    )
    gaps.write_csv(root / "lp" / f"{name}_gaps.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
