"""The classic method, a yardstick: csv module and pandas in four steps, all rebuilt every time.

    python benchmarks/classic_method.py ROOT [--no-plots]

Written from what the classic scripts do, faults and all: they add delivered and received and call
that net, a missing feeder counts as 0, and gaps are seen only between two readings. Nothing of the
product is used here, and nothing here is part of it.
"""

import csv
import hashlib
import json
import shutil
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd

CLOCK = "%m/%d/%y %H:%M:%S"
CHANNELS = {"-1-": "kw_del", "-2-": "kw_rec", "-3-": "kva_del", "-4-": "kva_rec"}
QUANTITIES = ("MW_net", "MVA_net", "PF_net")


def sort_dropbox(root: Path) -> None:
    """Check every dropped file, and write the good ones anew, all cells quoted, month by month."""
    archive, logs = root / "data" / "KW", root / "logs"
    (archive / "ERROR").mkdir(parents=True, exist_ok=True)
    logs.mkdir(exist_ok=True)
    known = root / ".processed-hashes.json"
    seen = set(json.loads(known.read_text())) if known.exists() else set()
    with (logs / "dropbox.log").open("a") as log, (logs / "dropbox-error.log").open("a") as errors:
        for path in sorted((root / "_dropbox" / "KW").glob("*.csv")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in seen:
                log.write(f"Duplicate: {path.name}\n")
                path.unlink()
                continue
            header, rows = read_export(path)
            if not rows:
                log.write(f"Skipping {path.name}: no valid data rows\n")
            elif error := sequence_error(rows):
                name = path.name.replace(".csv", "_SEQUENCE-ERROR.csv")
                shutil.move(path, archive / "ERROR" / name)
                errors.write(f"[ERROR] {path.name} {error}\n")
            else:
                folder = archive / f"{rows[0][1]:%Y-%m}"
                folder.mkdir(exist_ok=True)
                with (folder / path.name).open("w", newline="", encoding="utf-8-sig") as out:
                    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
                    writer.writerow(header)
                    writer.writerows(cells for cells, _, _ in rows)
                seen.add(digest)
                path.unlink()
    known.write_text(json.dumps(sorted(seen)))


def read_export(path: Path) -> tuple[list[str], list[tuple[list[str], datetime, datetime]]]:
    """The header with named channels, and each row with its start and end; unread rows left out."""
    header, rows = [], []
    with path.open(encoding="utf-8-sig") as stream:
        for line in (reader := csv.reader(stream)):
            cells = [cell.strip() for cell in line]
            if cells and cells[0].startswith("Record No."):
                header = [CHANNELS.get(cell, cell) for cell in cells]
                break
        for line in reader:
            cells = [cell.strip() for cell in line]
            if len(cells) < 4 or not cells[2] or not cells[3]:
                continue
            try:
                times = datetime.strptime(cells[2], CLOCK), datetime.strptime(cells[3], CLOCK)
            except ValueError:
                continue
            rows.append((cells, *times))
    return header, rows


def sequence_error(rows: list[tuple[list[str], datetime, datetime]]) -> str:
    """What the first row says that does not start where the row before it ended; '' if none."""
    expected = rows[0][1]
    for cells, start, end in rows:
        if start != expected:
            return f"at record {cells[0]}: expected {expected}, actual {start}"
        expected = end
    return ""


def build_profiles(root: Path) -> None:
    """Write lp/<feeder>.csv from everything in the archive."""
    (root / "lp").mkdir(exist_ok=True)
    archived: dict[str, list[Path]] = {}
    for path in (root / "data" / "KW").glob("[0-9]*/*.csv"):
        archived.setdefault(path.name.split("-")[0], []).append(path)
    for meter in pd.read_csv(root / "meter-data.csv").itertuples():
        if meter.sta not in archived:
            continue
        frame = pd.concat([pd.read_csv(p, encoding="utf-8-sig") for p in archived[meter.sta]])
        frame.insert(0, "meter", meter.meter)
        frame["time"] = pd.to_datetime(frame["Start Time"], format=CLOCK)
        frame = frame.sort_values("time").drop_duplicates("time", keep="last")
        for power, channel in (("MW", "kw"), ("MVA", "kva")):
            for way in ("del", "rec"):
                frame[f"{power}_{way}"] = frame[f"{channel}_{way}"] * meter.multiplier / 1e6
        frame["MW_net"] = frame.MW_del + frame.MW_rec
        frame["MVA_net"] = frame.MVA_del + frame.MVA_rec
        frame["PF_net"] = (frame.MW_net / frame.MVA_net).where(frame.MVA_net != 0, 0.0)
        frame.drop(columns="time").to_csv(root / "lp" / f"{meter.sta}.csv", index=False)


def build_combined(root: Path) -> None:
    """Merge the feeders one by one into lp/all.csv."""
    combined = None
    for path in profile_files(root, but=("all",)):
        frame = pd.read_csv(path, usecols=["Start Time", *QUANTITIES])
        frame["Start Time"] = pd.to_datetime(frame["Start Time"], format=CLOCK)
        frame = frame.rename(columns={name: f"{path.stem}_{name}" for name in QUANTITIES})
        if combined is None:
            combined = frame
        else:
            combined = combined.merge(frame, on="Start Time", how="outer")
    combined = combined.sort_values("Start Time").fillna(0)
    for power in ("MW", "MVA"):
        members = [name for name in combined if name.endswith(f"_{power}_net")]
        combined[f"{power}_total"] = combined[members].sum(axis=1)
    ratio = combined.MW_total / combined.MVA_total
    combined["PF_total"] = ratio.where(combined.MVA_total != 0, 0.0)
    combined["MW_net"] = combined.MW_total
    combined.to_csv(root / "lp" / "all.csv", index=False)


def analyze(root: Path, with_plots: bool) -> None:
    """Write lp/<feeder>_gaps.csv and, if wanted, lp/<feeder>.png; all.csv alike."""
    for path in profile_files(root):
        frame = pd.read_csv(path, usecols=["Start Time", "MW_net"])
        times = pd.to_datetime(frame["Start Time"], format=None if path.stem == "all" else CLOCK)
        frame = frame.assign(time=times).sort_values("time").set_index("time")
        steps = frame.index.to_series().diff()
        long = steps[steps > steps.mode()[0]]
        gaps = pd.DataFrame(
            {
                "gap_start": long.index - long.values,
                "gap_end": long.index,
                "gap_duration": long.values,
            }
        )
        gaps.to_csv(path.with_name(f"{path.stem}_gaps.csv"), index=False)
        if with_plots:
            draw(path.with_suffix(".png"), frame, gaps)


def draw(path: Path, frame: pd.DataFrame, gaps: pd.DataFrame) -> None:
    """One line for the load, one red band for each gap."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(14, 6))
    plt.plot(frame.index, frame.MW_net)
    for gap in gaps.itertuples():
        plt.axvspan(gap.gap_start, gap.gap_end, color="red", alpha=0.2)
    plt.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def profile_files(root: Path, but: tuple[str, ...] = ()) -> list[Path]:
    """The profiles in lp/, without gap lists."""
    found = sorted((root / "lp").glob("*.csv"))
    return [path for path in found if "_gaps" not in path.name and path.stem not in but]


def main(root: Path, with_plots: bool) -> None:
    """The four steps."""
    sort_dropbox(root)
    build_profiles(root)
    build_combined(root)
    analyze(root, with_plots)


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_plots="--no-plots" not in sys.argv)
