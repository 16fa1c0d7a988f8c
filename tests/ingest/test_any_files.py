"""Any set of files, in any order, batches and pieces, and with any damage."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from dropped_files import BAD, NOON, all_hashes, export, outcomes, query, take_in
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import load_files as loading
from ingest.workspace import Workspace


@contextmanager
def copy_of(prepared: Path) -> Iterator[Workspace]:
    with TemporaryDirectory() as folder:
        yield Workspace(Path(copytree(prepared, folder, dirs_exist_ok=True)))


SOURCES = {
    "overlap-1": ("north", export([0, 1, 2])),
    "overlap-2": ("north", export([1, 2, 3], "7,7,7,7")),
    "overlap-3": ("north", export([2], "8,,8,8")),
    "same-1": ("south", export([0, 1], "5,5,5,5")),
    "same-2": ("south", export([0, 1], "5,5,5,5")),
    "gap": ("south", export([0, 2])),
    "bad": ("north", BAD),
}
CONTENT = """
select sha256, accepted_seq, line_number, start_local, del_raw, rec_raw
from raw.interval_reads inner join raw.files using (file_id) order by accepted_seq, line_number
"""
WINNERS = """
select feeder, start_local, arg_max(del_raw, accepted_seq)
from raw.interval_reads inner join raw.files using (file_id) group by all order by all
"""


def load_named(prepared: Path, names: dict[str, str], batch: int) -> tuple[list, list]:
    with copy_of(prepared) as space:
        kept, loading.BATCH_FILES = loading.BATCH_FILES, batch
        try:
            feeders = {key: SOURCES[key] for key in names}
            take_in(space, {f"{f}-{names[key]}.csv": data for key, (f, data) in feeders.items()})
        finally:
            loading.BATCH_FILES = kept
        sequence = {}
        rows = query(space, CONTENT)
        for digest, number, *_ in rows:
            sequence.setdefault(number, digest)
        order = list(sequence.values())
        return [(order.index(r[0]), r[0], *r[2:]) for r in rows], query(space, WINNERS)


@pytest.fixture(scope="module")
def plain(prepared) -> tuple[list, list]:
    """What is read of the sources under their own names, in one batch."""
    return load_named(prepared, {key: key for key in SOURCES}, 1000)


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(len(SOURCES))), st.integers(1, 8))
def test_names_and_batches_do_not_change_what_is_read(prepared, plain, order, batch):
    assert load_named(prepared, dict(zip(SOURCES, map(str, order), strict=True)), batch) == plain


cuts = st.sets(st.integers(1, 19))


@settings(max_examples=5, deadline=None)
@given(st.fixed_dictionaries({"north": cuts, "south": cuts, "general": cuts}))
def test_any_split_of_the_same_rows_loads_the_same_rows(prepared, splits):
    files = {}
    for feeder, split in splits.items():
        for a, b in pairwise([0, *sorted(split), 20]):
            files[f"{feeder}-{a}.csv"] = export(range(a, b))
    with copy_of(prepared) as space:
        take_in(space, files)
        rows = query(
            space,
            "select feeder, record_no, start_local, del_raw from raw.interval_reads"
            " inner join raw.files using (file_id) order by all",
        )
    starts = [NOON + timedelta(minutes=15 * n) for n in range(20)]
    assert rows == [(f, n, start, 1) for f in sorted(splits) for n, start in enumerate(starts)]


mutations = st.lists(
    st.tuples(st.integers(0, len(export(range(4))) - 1), st.binary(max_size=3)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=5, deadline=None)
@given(st.lists(mutations, min_size=10, max_size=20))
def test_no_damage_to_a_file_loses_a_byte_or_stops_a_run(prepared, damages):
    files = {}
    for number, damage in enumerate(damages):
        data = bytearray(export(range(4)))
        for at, new in damage:
            data[at : at + 1] = new
        files[f"north-{number}.csv"] = bytes(data)
    with copy_of(prepared) as space:
        summary = take_in(space, files | {"south-good.csv": export([9])})
        assert summary.file_count == len(files) + 1
        assert outcomes(space)["south-good.csv"] == "accepted"
        assert {sha256(data).hexdigest() for data in files.values()} <= all_hashes(space)
        letters = len(list(space.rejected.glob("*.txt")))
        assert letters == len(summary.rejected)
        assert list(space.dropbox.iterdir()) == []
