"""Say in words and figures what an exported file holds. Knows series, no form."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from load_profile.exports.series import Series

if TYPE_CHECKING:
    from load_profile.exports.export import Job

SIGN = "net is delivered less received: above 0 the load draws, below 0 it feeds back"


def described(job: "Job", name: str, series: Sequence[Series]) -> dict[str, object]:
    """Return what the sidecar of a file says."""
    period = job.period
    version, content = job.version
    said = {
        "file": name,
        "kind": job.kind.name,
        "version": version,
        "content": content,
        "unit": job.kind.unit,
        "sign": SIGN,
        "labels": "start of the interval",
        "clock": f"{period.clock}, standard time all year ({job.timezone})",
        "from": f"{period.on_clock(period.from_utc):%Y-%m-%d %H:%M}",
        "until": f"{period.on_clock(period.until_utc):%Y-%m-%d %H:%M}",
        "use": job.options.use.value,
    }
    if period.dropped:
        said["dropped"] = f"{period.dropped:%Y-%m-%d}: a year of 365 days"
    return said | {"series": [_figures(one) for one in series]}


def _figures(series: Series) -> dict[str, object]:
    known = max(series.expected, 1)
    return {
        "feeder": series.name,
        "interval_minutes": series.minutes,
        "intervals": series.expected,
        "share_estimated": round(series.estimated / known, 6),
        "share_edited": round(series.edited / known, 6),
        "share_missing": round(series.missing / known, 6),
        "energy_kwh": series.energy_kwh,
        "peak_kw": series.peak_kw,
        "peak_start_utc": series.peak_at and f"{series.peak_at:%Y-%m-%dT%H:%M:%SZ}",
        "lowest_kw": series.lowest_kw,
    }
