"""Archives: their files come out as they are, or the archive is refused within bounds."""

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib
from time import process_time

import pytest
from layout_files import SAMPLES

from ingest.layouts import containers
from ingest.layouts.parsed import LayoutError

NEM12 = (SAMPLES / "north.nem12.csv").read_bytes()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def refusal(data: bytes):
    with pytest.raises(LayoutError) as refused:
        list(containers.members(data))
    return refused.value.problem


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_every_file_of_a_zip_comes_out_as_it_is(method):
    files = {"a.csv": NEM12, "more/b.csv": b"b", "empty.csv": b""}
    data = zipped(files | {"__MACOSX/a.csv": b"x", ".DS_Store": b"x", "more/": b""}, method)
    assert containers.why_not(data[:65536]) is None
    assert dict(containers.members(data)) == files


def test_a_gzip_of_several_streams_is_one_file():
    data = gzip.compress(NEM12[:500]) + gzip.compress(NEM12[500:])
    assert containers.why_not(data) is None
    assert list(containers.members(data)) == [("", NEM12)]
    assert list(containers.members(data + b"\0" * 512)) == [("", NEM12)]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\windows\\a.csv", "windows/a.csv"),
        ("a\nb\x1b[31m.csv", "a?b?[31m.csv"),
        ("..", ""),
    ],
)
def test_a_name_is_a_label_and_leads_nowhere(name, label):
    assert containers.label(name) == label
    assert [found for found, _ in containers.members(zipped({name: b"x"}))] == [label]


@pytest.mark.parametrize("name", ["north.xlsx", "north.ods"])
def test_a_workbook_is_no_archive_but_may_be_in_one(name):
    data = (SAMPLES / name).read_bytes()
    assert containers.why_not(data[:65536]).code == "other_layout"
    assert dict(containers.members(zipped({name: data}))) == {name: data}


def test_an_archive_in_an_archive_is_refused():
    for inner in (zipped({"a": b"a"}), gzip.compress(b"a"), zipped({})):
        assert refusal(zipped({"a.csv": inner})).code == "archive_nested"
        assert refusal(gzip.compress(inner)).code == "archive_nested"


def test_an_encrypted_file_is_refused():
    data = bytearray(zipped({"a.csv": NEM12}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    problem = refusal(bytes(data))
    assert (problem.code, problem.values["name"]) == ("archive_encrypted", "a.csv")


def test_a_damaged_archive_is_refused():
    data = zipped({"a.csv": NEM12})
    middle = len(data) // 3
    flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    packed = gzip.compress(NEM12)
    damaged = (flipped, data[:-40], packed[:-9], packed[:-1], packed + b"x", b"PK\x03\x04")
    for broken in damaged:
        assert refusal(broken).code == "archive_damaged"


def test_an_archive_without_files_is_empty():
    assert refusal(zipped({})).code == "archive_empty"


def test_too_many_files_are_refused():
    data = zipped({f"{number}.csv": b"" for number in range(1001)}, zipfile.ZIP_STORED)
    assert refusal(data).code == "archive_members"


def zip_that_lies(packed: bytes, size: int) -> bytes:
    """Return a zip of one deflated member whose directory gives it a smaller size."""
    zeros = zlib.crc32(b"")
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 33, zeros, len(packed), size, 1, 0)
    entry = struct.pack(
        "<4s6H3L5H2L",
        b"PK\x01\x02",
        20,
        20,
        0,
        8,
        0,
        33,
        zeros,
        len(packed),
        size,
        *[1, 0, 0, 0, 0, 0, 0],
    )
    local = head + b"a" + packed
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + 1, len(local), 0)
    return local + entry + b"a" + end


def bombs() -> dict[str, bytes]:
    """Return archives of 600 MB of zeros, each from one block that repeats."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(bytes(1 << 20)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    packed = block * 600 + squeeze.flush()
    return {
        "zip": zip_that_lies(packed, 600 << 20),
        "lie": zip_that_lies(packed, 100),
        "gzip": gzip.compress(b"")[:10] + packed,
        "many": zipped({f"{number}.csv": bytes(1 << 20) for number in range(60)}),
    }


def test_a_bomb_is_refused_quickly_and_in_little_memory():
    for name, data in bombs().items():
        started = process_time()
        tracemalloc.start()
        code = refusal(data).code
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert code == ("archive_damaged" if name == "lie" else "archive_size"), name
        assert peak < 150 << 20 and process_time() - started < 5, name


def test_a_month_of_zeros_is_no_bomb():
    data = b"300,20240101," + b"0," * 48 * 31 * 100
    assert list(containers.members(zipped({"a": data}))) == [("a", data)]
