"""Name the files that lie where no run takes them in, and say what to do with them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.file_names import SUFFIXES
from ingest.letters import one_line
from ingest.raw_files import find_files
from ingest.workspace import Workspace

MOST_NAMES = 5
HEAD = 4096  # bytes in which the header of a raw export is looked for
ADVICE = (
    ((".xlsm", ".xlsb", ".numbers"), "save it as .xlsx or CSV (UTF-8) and drop that"),
    ((".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz"), "unpack it and drop the files in it"),
    ((".dat", ".prn", ".tsv", ".log"), "if it is a file of readings, rename it to end in .csv"),
    ((".json", ".pdf", ".html", ".htm", ".png", ".jpg"), "export CSV, XML or Excel instead"),
    ((".part", ".tmp", ".crdownload"), "still being copied: wait, or delete it"),
)
OTHERWISE = f"only {', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]} are taken in"


def has_nothing_to_read(workspace: Workspace) -> bool:
    """Whether no file has ever been taken in and none is there to be."""
    return (
        not find_files(*workspace.drop_folders)
        and not workspace.warehouse.exists()
        and not any(find_files(folder) for folder in workspace.archive.glob("*"))
    )


def left_out(workspace: Workspace) -> list[str]:
    """One line for each kind of file that is left where it is, and what to do with it."""
    return [*_misplaced(workspace), *_of_other_kinds(workspace)]


def _misplaced(workspace: Workspace) -> Iterator[str]:
    place = workspace.dropbox
    above = find_files(place.parent)
    if above:
        yield f"not taken in, in {place.parent}: {_names(above)}; move them to {place}"
    beside = [
        path
        for path in find_files(workspace.root)
        if path != workspace.meter_data and _is_export(path)
    ]
    if beside:
        yield f"not taken in, in {workspace.root}: {_names(beside)}; move them to {place}"


def _of_other_kinds(workspace: Workspace) -> Iterator[str]:
    kinds: dict[tuple[Path, str], list[Path]] = {}
    taken = set(find_files(*workspace.drop_folders))
    for path in (path for place in workspace.drop_folders for path in sorted(place.glob("*"))):
        if path not in taken:
            kinds.setdefault((path.parent, _advice(path)), []).append(path)
    for (place, advice), paths in kinds.items():
        yield f"not taken in, in {place}: {_names(paths)}; {advice}"


def _advice(path: Path) -> str:
    if path.is_symlink():
        return "links are not followed: put the file itself here"
    if path.is_dir():
        return "folders are not looked into: move their files up"
    for suffixes, advice in ADVICE:
        if path.suffix.lower() in suffixes:
            return advice
    return OTHERWISE


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return b"Record No." in file.read(HEAD)


def _names(paths: Iterable[Path]) -> str:
    names = [one_line(path.name) for path in paths]
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
