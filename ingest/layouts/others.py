"""Choose among the layouts other than the classic one.

Importing this takes a second, so only a file that is not a plain classic export does.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from ingest.layouts import archive, containers, espi, mscons, nem12, readout, workbook
from ingest.layouts.delimited import DelimitedLayout, layout_for, layouts_in
from ingest.layouts.layout_file import LayoutFile
from ingest.layouts.own_output import own_output
from ingest.layouts.parsed import LayoutError, Parsed, ParsedLayout
from ingest.problems import Problem

STANDARD = (
    ParsedLayout("nem12", nem12.why_not, nem12.parse),
    ParsedLayout("green_button", espi.why_not, espi.parse),
    ParsedLayout("mscons", mscons.why_not, mscons.parse),
    ParsedLayout(readout.NAME, readout.why_not, readout.parse),
)
ISO = "%Y-%m-%d"


def other_layout(
    data: bytes, folder: Path | None = None
) -> tuple[ParsedLayout | None, Problem | None]:
    """Return the layout that fits a file; without one, a problem if two fit or None if none does.

    The layout files of `folder` replace shipped ones of their name.
    """
    folders = (folder,) if folder and folder.is_dir() else ()
    for layout in (*_containers(folders), *STANDARD):
        if layout.why_not(data) is None:
            return layout, None
    if kind := own_output(data):
        return None, Problem("own_output", values={"kind": kind})
    found, problem = layout_for(data, layouts_in(folders))
    if found:
        return _parsed(found), None
    return None, problem if problem.code == "two_layouts" else None


@lru_cache(maxsize=64)
def _parsed(layout: DelimitedLayout) -> ParsedLayout:
    return ParsedLayout(layout.name, layout.why_not, layout.parse, takes_span=True)


@lru_cache(maxsize=8)
def _containers(folders: tuple[Path, ...]) -> tuple[ParsedLayout, ...]:
    """Return the layouts of files that hold text, or other files."""
    read_member = partial(_read_member, folder=folders[0] if folders else None)
    return (
        ParsedLayout("workbook", workbook.why_not, partial(_read_workbook, folders=folders)),
        ParsedLayout("archive", containers.why_not, partial(archive.parse, read=read_member)),
    )


def _read_member(name: str, data: bytes, folder: Path | None) -> Parsed | None:
    """Return what a file in an archive says, None if no layout fits."""
    layout, problem = other_layout(data, folder)
    if problem:
        raise LayoutError(problem.code, problem.line, values=dict(problem.values))
    return layout.parsed(data, name) if layout else None


def sheet_of(
    sheets: Sequence[workbook.Sheet], folders: tuple[Path, ...] = ()
) -> tuple[workbook.Sheet | None, DelimitedLayout | None]:
    """Return the one sheet that a layout file fits, and that layout; (None, None) without one."""
    found: dict[str, DelimitedLayout] = {}

    def fits(sheet: workbook.Sheet) -> bool:
        text = sheet.delimited()
        if kind := own_output(text):
            raise LayoutError("own_output", values={"kind": kind})
        layout, problem = layout_for(text, _for_sheets(layouts_in(folders)))
        if problem and problem.code == "two_layouts":
            raise LayoutError(problem.code, values={**problem.values, "sheet": sheet.name})
        if layout:
            found[sheet.name] = layout
        return layout is not None

    sheet = workbook.sheet_that_fits(sheets, fits)
    return sheet, found.get(sheet.name) if sheet else None


def _read_workbook(data: bytes, folders: tuple[Path, ...]) -> Parsed:
    """Return what the one sheet says that a layout file fits."""
    sheet, layout = sheet_of(workbook.sheets(data), folders)
    if sheet is None:
        raise LayoutError("layout_header", values={"layout": ""})
    if not sheet.has_dates:
        return replace(layout.parse(sheet.delimited()), places=(sheet.name,))
    form = _form_of_dates(layout.file)
    day, _, time = form.partition("T" if "T%" in form else " ")
    time_of_file = layout.file.time.model_copy(update={"formats": [form], "contradictedBy": []})
    layout = DelimitedLayout(layout.file.model_copy(update={"time": time_of_file}))
    text = sheet.delimited(workbook.Forms(form, day, time or "%H:%M:%S"))
    return replace(layout.parse(text), places=(sheet.name,))


def _form_of_dates(file: LayoutFile) -> str:
    """Return the form in which real dates are written for a layout: one with seconds if it can."""
    forms = [form for form in file.time.formats if "%z" not in form]
    if not forms:
        raise LayoutError("layout_zone", values={"layout": file.name})
    return max(forms, key=lambda form: ("%S" in form, form.startswith(ISO)))


@lru_cache(maxsize=8)
def _for_sheets(files: tuple[DelimitedLayout, ...]) -> tuple[DelimitedLayout, ...]:
    """Return layouts for text that a workbook's cells make: commas, decimal points."""
    layouts = []
    for layout in files:
        chars = list(dict.fromkeys([".", *layout.file.dialect.decimalChar]))
        update = {"delimiter": [","], "decimalChar": chars}
        dialect = layout.file.dialect.model_copy(update=update)
        layouts.append(DelimitedLayout(layout.file.model_copy(update={"dialect": dialect})))
    return tuple(layouts)
