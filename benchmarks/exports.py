"""Say what each kind of export costs for a published file: seconds, seconds of CPU, files, MB.

    python benchmarks/exports.py PUBLISHED --year 2024 [--kinds csv,opendss]

PUBLISHED is a root's warehouse/published.duckdb, such as that of M (bench.py --keep). Estimates
count (--use final), and all feeders and the total are written in one pass.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from load_profile.exports.catalog import KINDS
from load_profile.exports.export import export
from load_profile.exports.options import Options, Use


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("published", type=Path)
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--kinds", default=",".join(KINDS))
    words = parser.parse_args()
    print("| kind | s | s of CPU | files | MB | not written |\n|---|--:|--:|--:|--:|--:|")
    for name in words.kinds.split(","):
        with TemporaryDirectory() as folder:
            wall, cpu = perf_counter(), process_time()
            options = Options(year=words.year, use=Use.final)
            job = export(words.published, KINDS[name], Path(folder), options)
            wall, cpu = perf_counter() - wall, process_time() - cpu
            size = sum(path.stat().st_size for path in job.written) / 1e6
            print(
                f"| `{name}` | {wall:.1f} | {cpu:.1f} | {len(job.written):,} | {size:,.0f} "
                f"| {len(job.refused)} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
