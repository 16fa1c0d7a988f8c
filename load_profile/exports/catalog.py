"""All kinds of files that can be exported; a new one is a module and a line here."""

from load_profile.exports import (
    cyme,
    espi,
    gridlabd,
    hours,
    nem12,
    nms,
    opendss,
    points,
    table,
    workbook,
)
from load_profile.exports.export import Kind

IN_ONE_FILE = {"keeps_names": True, "unit": "kW, kvar, kVA"}
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "opendss",
            "OpenDSS load shapes: kW, and kvar where it is known",
            opendss.write,
            unit="kW, kvar",
        ),
        Kind(
            "cyme",
            "CYME profiles, 365 days of quarter hours",
            cyme.write_quarters,
            True,
            unit="kW, kvar or % (power factor)",
        ),
        Kind(
            "cyme-8760",
            "CYME profiles, 8,760 hours",
            cyme.write_hours,
            True,
            unit="kW, kvar or % (power factor)",
        ),
        Kind("gridlabd", "GridLAB-D players", gridlabd.write),
        Kind(
            "nms",
            "hourly profiles with the type of day",
            nms.write,
            keeps_names=True,
            unit="kW, kvar",
        ),
        Kind("8760", "a year of hours, one column", hours.write_hours, True),
        Kind("35040", "a year of quarter hours, one column", hours.write_quarters, True),
        Kind(
            "nem12",
            "NEM12 with quality letters",
            nem12.write,
            marks_missing=True,
            keeps_names=True,
            unit="kWh",
        ),
        Kind(
            "espi",
            "Green Button with reading qualities",
            espi.write,
            marks_missing=True,
            unit="Wh x 10^-6",
        ),
        Kind("csv", "a long table, UTC", table.write, marks_missing=True, **IN_ONE_FILE),
        Kind(
            "xlsx",
            "a workbook of months, days, peaks, gaps and findings",
            workbook.write,
            keeps_names=True,
            unit="kW, kWh",
            flags_missing=True,
        ),
        Kind(
            "peak-day",
            "the days of the peaks",
            points.write_peak_days,
            flags_missing=True,
            **IN_ONE_FILE,
        ),
        Kind(
            "snapshot",
            "peaks and lightest load",
            points.write_snapshot,
            flags_missing=True,
            **IN_ONE_FILE,
        ),
    )
}
