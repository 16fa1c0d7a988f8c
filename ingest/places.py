"""Decide where the files of a batch belong, and write the letters of those rejected.

A file of several feeders is one file: it goes to the archive if one of them can be used, and to
ERROR only if none can.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import duckdb

from ingest.check_files import CheckedFile
from ingest.filing import letter_place, place_for
from ingest.layouts.interface import RawFile
from ingest.ledger import Entry, content_of
from ingest.letters import reason, write_letter
from ingest.workspace import Workspace

ARCHIVED = """
select sha256, min_by(stored_as, file_id) from raw.files
where outcome = 'accepted' and point is not null and sha256 in (select unnest(?))
group by sha256
"""
Content = tuple[str, str]


class Places:
    """Where the files of a batch belong, once each."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        batch: list[RawFile],
        known: Mapping[Content, tuple[int, str]],
        checked: Mapping[Content, CheckedFile],
    ) -> None:
        self._workspace = workspace
        self._taken: dict[str, str] = {}
        self._parts: dict[Content, list[RawFile]] = defaultdict(list)
        self._checked = checked
        for raw in batch:
            if raw.part:
                self._parts[_whole(raw)].append(raw)
        hashes = [sha256 for sha256, feeder in self._parts if not feeder]
        archived = con.execute(ARCHIVED, [hashes]).fetchall()
        self._archived = {(sha256, ""): place for sha256, place in archived}
        self._archived |= {
            _whole(raw): known[content_of(raw)][1]
            for parts in self._parts.values()
            for raw in parts
            if content_of(raw) in known
        }

    def entry_for(self, raw: RawFile, checked: CheckedFile, now: datetime) -> Entry:
        """Return the entry of a file that is not a duplicate: accepted, or rejected."""
        problem = checked.problem
        place = self._archive_place(raw)
        if problem is None:
            return Entry(raw, "accepted", place, checked)
        if place:
            letter_at = letter_place(self._workspace, place, problem.outcome, raw.feeder)
            released = letter_at.relative_to(self._workspace.root).as_posix()
            letter = write_letter(raw, problem, place, now, released)
        else:
            refused = self._refused(raw)
            place = place_for(self._workspace, raw, refused[0][1].problem.outcome, "", self._taken)
            letter = self._letter_of_file(raw, refused, place, now)
        return Entry(raw, problem.outcome, place, checked, reason(problem), letter)

    def _refused(self, raw: RawFile) -> list[tuple[RawFile, CheckedFile]]:
        """Return the parts of a file of which none is accepted."""
        own = [part for part in self._parts.get(_whole(raw), ()) if part.path == raw.path]
        parts = {content_of(part): part for part in own or [raw]}
        return [(part, self._checked[content]) for content, part in sorted(parts.items())]

    def _letter_of_file(
        self, raw: RawFile, refused: list[tuple[RawFile, CheckedFile]], place: str, now: datetime
    ) -> str:
        """Return the one letter of a file of which nothing is used."""
        first, checked = refused[0]
        released = place
        if len(refused) > 1:
            at = letter_place(self._workspace, place, checked.problem.outcome, first.feeder)
            released = at.relative_to(self._workspace.root).as_posix()
        others = [(part.feeder, found.problem) for part, found in refused[1:]]
        return write_letter(
            first if raw.part else raw, checked.problem, place, now, released, others
        )

    def _archive_place(self, raw: RawFile) -> str | None:
        """Return where a file is archived, None if nothing of it is accepted."""
        if raw.part and _whole(raw) in self._archived:
            return self._archived[_whole(raw)]
        place = self._new_place(raw)
        if raw.part and place:
            self._archived[_whole(raw)] = place
        return place

    def _new_place(self, raw: RawFile) -> str | None:
        parts = self._parts[_whole(raw)] if raw.part else [raw]
        starts = [
            found.first_start
            for part in parts
            if (found := self._checked.get(content_of(part))) and not found.problem
        ]
        if not starts:
            return None
        month = f"{min(starts):%Y-%m}"
        return place_for(self._workspace, raw, "accepted", month, self._taken)


def _whole(raw: RawFile) -> Content:
    """Return what the parts of a file have in common: one that names no meter is its feeder's."""
    return raw.sha256, "" if raw.part and raw.part.name else raw.feeder
