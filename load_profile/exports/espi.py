"""Green Button (ESPI): energy per interval as XML, a file for each series.

A missing interval has no reading, as the standard has it.
"""

from collections.abc import Iterator
from functools import partial
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from load_profile.exports.export import Job
from load_profile.exports.names import plain
from load_profile.exports.series import Series

FLOWS = {"1": ("Energy Delivered", "kw_del"), "19": ("Energy Received", "kw_rec")}
NET = {"4": ("Net Energy", "kw")}
# millionths of a Wh: whole numbers for every interval of whole minutes but a few
EXPONENT = -6
QUALITY = """
case
    when status = 'E' then 7
    when status = 'S' and method = 'straight_line' then 9
    when status = 'S' then 8
    else 17
end
"""
READING = f"""
concat(
    '<IntervalReading><timePeriod><duration>', interval_minutes * 60, '</duration><start>',
    epoch(start_utc)::bigint, '</start></timePeriod><value>',
    ({{kw}}::decimal(38, 6) * 1000000000 * interval_minutes / 60)::bigint,
    '</value><ReadingQuality><quality>', {QUALITY}, '</quality></ReadingQuality></IntervalReading>'
)
"""
BLOCKS = """(
    select
        concat(
            '<IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>',
            (epoch(max(start_utc)) - epoch(min(start_utc)))::bigint + 60 * max(interval_minutes),
            '</duration><start>', epoch(min(start_utc))::bigint, '</start></interval>',
            string_agg({reading}, '' order by start_utc), '</IntervalBlock>'
        ) as line,
        start_standard::date as day
    from interval_values
    where {kw} is not null
    group by day
)"""
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>{id}</id><title>{title}</title><updated>{updated}</updated>
"""
ENTRY = """<entry><id>{id}</id><link rel="self" href="{href}"/><link rel="up" href="{up}"/>
{related}<title>{title}</title><updated>{updated}</updated><content>
{content}</content></entry>
"""
USAGE_POINT = """<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind>\
</ServiceCategory></UsagePoint>
"""
METER_READING = '<MeterReading xmlns="http://naesb.org/espi"/>\n'
READING_TYPE = """<ReadingType xmlns="http://naesb.org/espi">\
<accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity>\
<dataQualifier>12</dataQualifier><flowDirection>{flow}</flowDirection>\
<intervalLength>{seconds}</intervalLength><kind>12</kind>\
<powerOfTenMultiplier>{exponent}</powerOfTenMultiplier><uom>72</uom></ReadingType>
"""


def write(job: Job) -> None:
    """Write delivered and received energy, or the net where one of them is unknown."""
    for series in job.series():
        with job.file(f"{plain(series.name)}.xml", [series]) as file:
            file.writelines(_feed(job, series))


def _feed(job: Job, series: Series) -> Iterator[str]:
    entry = partial(_entry, f"{job.made_at:%Y-%m-%dT%H:%M:%SZ}")
    name = plain(series.name)
    point = f"/UsagePoint/{name}"
    readings = f"{point}/MeterReading"
    yield FEED.format(**_named(point, series.name), updated=entry.args[0])
    yield entry(point, "/UsagePoint", series.name, USAGE_POINT, readings)
    for flow, (title, kw) in (FLOWS if series.has_both else NET).items():
        reading, kind = f"{readings}/{flow}", f"/ReadingType/{name}/{flow}"
        blocks = f"{reading}/IntervalBlock"
        seconds = 60 * series.minutes
        described = READING_TYPE.format(flow=flow, seconds=seconds, exponent=EXPONENT)
        source = BLOCKS.format(reading=READING.format(kw=kw), kw=kw)
        yield entry(reading, readings, title, METER_READING, blocks, kind)
        yield entry(kind, "/ReadingType", title, described)
        yield entry(f"{blocks}/1", blocks, title, job.text("line", source, "day"))
    yield "</feed>\n"


def _entry(updated: str, href: str, up: str, title: str, content: str, *related: str) -> str:
    links = "".join(f'<link rel="related" href="{link}"/>\n' for link in related)
    said = {"href": href, "up": up, "related": links, "updated": updated, "content": content}
    return ENTRY.format(**_named(href, title), **said)


def _named(href: str, title: str) -> dict[str, str]:
    return {"id": uuid5(NAMESPACE_URL, href).urn, "title": escape(title)}
