"""CYME: load profiles as text; a line has the values of a day or of a year."""

from load_profile.exports.export import Job
from load_profile.exports.names import plain
from load_profile.exports.series import Series

HEADER = """[PROFILE_VALUES]

FORMAT=ID,PROFILETYPE,INTERVALFORMAT,TIMEINTERVAL,GLOBALUNIT,NETWORKID,YEAR,MONTH,DAY,UNIT,PHASE,VALUES
"""
BY_DAY = """(
    select
        start_standard::date as day,
        string_agg({value}, ',' order by start_standard) as day_values
    from interval_values
    group by day
)"""
DAY = (
    "concat('{start},', year(day), ',', upper(monthname(day)), ',', day(day), ',{unit},TOTAL,', "
    "day_values)"
)
YEAR = "'{start},{year},JANUARY,1,{unit},TOTAL,' || year_values"
BY_YEAR = (
    "(select string_agg({value}, ',' order by start_standard) as year_values from interval_values)"
)
POWER_FACTOR = """
case when kva > 0 then least(100 * abs(kw) / kva, 100)::decimal(9, 6) else 100 end
"""


def write_hours(job: Job) -> None:
    """Write the 8,760 hourly means of a year in one line a series and unit."""
    with job.file("profiles.txt", written := []) as file:
        file.write(HEADER)
        for series in job.series(60):
            for unit, value in _units(series).items():
                start = _start(series, "8760HOURS,HOUR")
                line = YEAR.format(start=start, year=job.options.year, unit=unit)
                file.write(job.text(line, BY_YEAR.format(value=value), "all"))
            written.append(series)


def write_quarters(job: Job) -> None:
    """Write the quarter hours of 365 days, a line a day."""
    with job.file("profiles.txt", written := []) as file:
        file.write(HEADER)
        for series in job.series(15):
            for unit, value in _units(series).items():
                line = DAY.format(start=_start(series, "365DAYS,15MINUTES"), unit=unit)
                file.write(job.text(line, BY_DAY.format(value=value), "day"))
            written.append(series)


def _start(series: Series, interval: str) -> str:
    name = plain(series.name)
    return f"{name},METER,{interval},{'KWKVAR' if series.has_kvar else 'KWPF'},{name}"


def _units(series: Series) -> dict[str, str]:
    """What a value is written as, by CYME's name of the unit."""
    if series.has_kvar:
        return {"KW": "kw", "KVAR": "kvar"}
    if series.has_kva:  # without load the power factor has no value; 100 changes nothing
        return {"KW": "kw", "PF": POWER_FACTOR}
    return {"KW": "kw"}
