"""Take the files out of a zip or gzip, within bounds. Knows no layout and writes no file.

A name in an archive is a label for people and never a path. What is not read is refused as a whole:
an archive in an archive, an encrypted or damaged member, too many or too large ones.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from ingest.layouts.parsed import LayoutError
from ingest.problems import Problem

ZIP, EMPTY_ZIP, GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08"
# A workbook is a zip whose first member has one of these names.
WORKBOOK = re.compile(
    rb"PK\x03\x04.{26}(?:xl/|docProps/|_rels/|customXml/|\[Content_Types\]\.xml"
    rb"|mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet)",
    re.DOTALL,
)
MOST_MEMBERS = 1000
MOST_BYTES = 512 * 1024 * 1024  # of all members together
# A month of zeros shrinks 300-fold too: the ratio counts only where it would take much memory.
MOST_RATIO, MOST_BYTES_OF_ANY_RATIO = 200, 32 * 1024 * 1024
CHUNK = 1024 * 1024
NEVER_DATA = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError),
    *(RuntimeError, ValueError, LookupError, struct.error, MemoryError, OverflowError),
)


def is_workbook(beginning: bytes) -> bool:
    """Whether a zip that begins so is a workbook (.xlsx, .ods) and no archive of files."""
    return WORKBOOK.match(beginning) is not None


def why_not(beginning: bytes) -> Problem | None:
    """Return why a file that begins so is no archive, None if it is one."""
    if beginning.startswith((ZIP, EMPTY_ZIP, GZIP)) and not is_workbook(beginning):
        return None
    return Problem("other_layout", values={"layout": "zip, gzip", "text": beginning[:4].hex()})


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file in an archive, in its order."""
    found = False
    for name, content in _gzip(data) if data.startswith(GZIP) else _zip(data):
        if content.startswith((ZIP, EMPTY_ZIP, GZIP)) and not is_workbook(content):
            raise _error("archive_nested", name)
        found = True
        yield name, content
    if not found:
        raise LayoutError("archive_empty")


def check_sizes(data: bytes) -> None:
    """Refuse a zip whose members together, or for what they are packed into, are too large."""
    for _ in _zip(data, keep=False):
        pass


def _zip(data: bytes, keep: bool = True) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGES as error:
        raise _error("archive_damaged", "", str(error)) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_MEMBERS:
            raise LayoutError("archive_members", values={"most": MOST_MEMBERS, "found": len(infos)})
        _check_size(sum(info.file_size for info in infos), len(data))
        total = 0
        for info in infos:
            name = label(info.filename)
            if info.flag_bits & 0x1:
                raise _error("archive_encrypted", name)
            chunks = []
            try:
                with archive.open(info) as member:
                    while chunk := member.read(CHUNK):
                        total += len(chunk)
                        _check_size(total, len(data))
                        if keep:
                            chunks.append(chunk)
            except DAMAGES as error:
                raise _error("archive_damaged", name, str(error)) from error
            if not NEVER_DATA.search(name):
                yield name, b"".join(chunks)


def _gzip(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the one file of a gzip; several streams one after the other are one file."""
    chunks, total, rest = [], 0, data
    while rest.startswith(GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            while not stream.eof:
                chunk = stream.decompress(rest, CHUNK)
                rest = stream.unconsumed_tail
                if not chunk and not rest and not stream.eof:
                    raise _error("archive_damaged", "", "it ends too early")
                total += len(chunk)
                _check_size(total, len(data))
                chunks.append(chunk)
        except zlib.error as error:
            raise _error("archive_damaged", "", str(error)) from error
        rest = stream.unused_data
    if rest.strip(b"\0"):
        raise _error("archive_damaged", "", "something follows its end")
    yield "", b"".join(chunks)


def label(name: str) -> str:
    """Return the name of a member as a label: no way out of a folder, nothing unprintable."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    parts = re.split(r"[/\\]", re.sub(r"^[A-Za-z]:", "", printable))
    return "/".join(part for part in parts if part not in ("", ".", ".."))[-200:]


def _check_size(size: int, packed: int) -> None:
    if size > MOST_BYTES or (size > MOST_BYTES_OF_ANY_RATIO and size > MOST_RATIO * packed):
        values = {"most": MOST_BYTES, "ratio": MOST_RATIO, "size": size}
        raise LayoutError("archive_size", values=values)


def _error(code: str, name: str, text: str = "") -> LayoutError:
    return LayoutError(code, values={"name": name, "text": text[:100]})
