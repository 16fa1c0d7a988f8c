"""Write what is in sight as CSV, interval by interval, as it is read. Knows tables and HTTP."""

from collections.abc import Iterator
from urllib.parse import urlencode

from tornado import web
from tornado.ioloop import IOLoop

from ingest.sql import sql_beside
from ingest.warehouse import WarehouseError
from load_profile.explore.read import TOTAL, Published, View
from load_profile.exports.names import cell
from load_profile.exports.series import FEEDER, TOTAL_OF_FEEDERS
from load_profile.files.cells import csv_header, six_decimals

ADDRESS = "download.csv"
COLUMNS = ("feeder", "start_utc", "start_local", "interval_minutes", "mw_net", "status")
LINES_AT_ONCE = 20_000


class Download(web.RequestHandler):
    """Answers `download.csv?feeder=...&from=...&until=...`, the times in milliseconds of UTC."""

    def initialize(self, published: Published) -> None:
        self._published = published

    async def get(self) -> None:
        view = self._view()
        lines = csv_lines(self._published, view)
        loop = IOLoop.current()
        try:
            text = await loop.run_in_executor(None, next, lines)
        except WarehouseError as error:
            raise web.HTTPError(503, reason="The published file cannot be read.") from error
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="load-profile.csv"')
        while text:
            self.write(text)
            await self.flush()
            text = await loop.run_in_executor(None, next, lines, "")

    def _view(self) -> View:
        try:
            start, until = (float(self.get_query_argument(name)) for name in ("from", "until"))
            return View(tuple(self.get_query_arguments("feeder")), start, until)
        except ValueError as error:
            raise web.HTTPError(400, reason="from and until are milliseconds of UTC.") from error


def address_of(view: View) -> str:
    """Return the address of a view's CSV file."""
    words = [("feeder", name) for name in view.names]
    return f"{ADDRESS}?{urlencode([*words, ('from', int(view.start)), ('until', int(view.until))])}"


def csv_lines(published: Published, view: View) -> Iterator[str]:
    """Yield the lines of a view, many at a time; an unknown value is an empty cell."""
    with published.opened() as (con, facts):
        yield f"{csv_header(*COLUMNS)}\n"
        for name in view.names:
            profiles = (
                TOTAL_OF_FEEDERS.format(total="mw_final")
                if name == TOTAL
                else FEEDER.format(columns="mw_net")
            )
            sql = sql_beside(__file__, "lines").format(
                name=cell(name), mw=six_decimals("mw_net"), profiles=profiles
            )
            words = {"zone": facts.zone, "from_ms": int(view.start), "until_ms": int(view.until)}
            found = con.execute(sql, words | ({} if name == TOTAL else {"name": name}))
            while rows := found.fetchmany(LINES_AT_ONCE):
                yield "".join(f"{text}\n" for (text,) in rows)
