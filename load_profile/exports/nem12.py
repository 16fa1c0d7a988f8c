"""NEM12: energy per interval with the market's quality letters, delivered as E1, received as B1.

A missing value in a day of others is a 0 of quality N (null data); a day without any value is left
out.
"""

from load_profile.exports.export import Job
from load_profile.exports.series import Series, SeriesError

SUFFIXES = {"E1": "kw_del", "B1": "kw_rec"}
# the market's methods: 17 linear, 15 average like day, 12 calculated, 19 zero, 18 alternate,
# 24 data scaling
QUALITY = """
case
    when {kw} is null then 'N'
    when status = 'E' then 'S18'
    when status = 'S' and method = 'straight_line' then 'S17'
    when status = 'S' and method in ('sibling', 'bus_balance') then 'S12'
    when status = 'S' and method like 'register%' then 'S24'
    when status = 'S' and method = 'always_zero' then 'S19'
    when status = 'S' then 'S15'
    else 'A'
end
"""
DAYS = """
create or replace temp table nem12_days as
with

days as (
    select distinct start_standard::date as day
    from interval_values
    where {kw} is not null
),

slots as (
    select
        day,
        slot,
        coalesce({kw}, 0)::decimal(38, 6) * $minutes / 60 as kwh,
        {quality} as quality
    from days
    cross join range(1, 1440 // $minutes + 1) as slots (slot)
    left join interval_values
        on start_standard = day + to_minutes((slot - 1) * $minutes)
),

of_days as (
    select
        day,
        min(quality) as quality,
        min(quality) <> max(quality) as is_mixed,
        string_agg(
            rtrim(rtrim(kwh::decimal(18, 9)::varchar, '0'), '.'), ',' order by slot
        ) as energies
    from slots
    group by day
),

runs as (
    select
        day,
        slot,
        slots.quality,
        slot - row_number() over (partition by day, slots.quality order by slot) as run
    from slots
    join of_days using (day)
    where is_mixed
),

spans as (
    select day, quality, min(slot) as first_slot, max(slot) as last_slot
    from runs
    group by day, quality, run
),

events as (
    select
        day,
        string_agg(
            concat(chr(10), '400,', first_slot, ',', last_slot, ',', quality, ',,'),
            '' order by first_slot
        ) as lines
    from spans
    group by day
)

select
    day,
    concat(
        '300,', strftime(day, '%Y%m%d'), ',', energies, ',',
        case when is_mixed then 'V' else quality end, ',,,', $updated, ',',
        coalesce(lines, '')
    ) as line
from of_days
left join events using (day)
"""


def write(job: Job) -> None:
    """Write one file of all series; each needs both directions, NEM12 has no net power."""
    made_at = f"{job.made_at:%Y%m%d%H%M}"
    with job.file("profiles_nem12.csv", written := []) as file:
        file.write(f"100,NEM12,{made_at},LOADPROFILE,LOADPROFILE\n")
        for series in job.series():
            try:
                _check(series)
            except SeriesError as error:
                job.refused[series.name] = str(error)
                continue
            for suffix, kw in SUFFIXES.items():
                file.write(
                    f"200,{series.name},E1B1,1,{suffix},N1,{series.name},KWH,{series.minutes},\n"
                )
                sql = DAYS.format(kw=kw, quality=QUALITY.format(kw=kw))
                words = {"minutes": series.minutes, "updated": f"{job.made_at:%Y%m%d%H%M%S}"}
                job.con.execute(sql, words)
                file.write(job.text("line", "nem12_days", "day"))
            written.append(series)
        file.write("900\n")


def _check(series: Series) -> None:
    if not series.has_both:
        raise SeriesError("delivered and received power are not both known; NEM12 has no net power")
    if series.minutes not in (5, 15, 30):
        raise SeriesError(f"its intervals are {series.minutes} minutes; NEM12 has 5, 15 or 30")
    if {",", '"', "\n", "\r"} & set(series.name):
        raise SeriesError("its name has a comma, a quote or a line break; NEM12 has no quotes")
