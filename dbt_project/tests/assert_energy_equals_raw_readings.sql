-- Energy in = energy out: raw readings x multiplier in the unit of meter-data.csv, summed before
-- any conversion, must equal the profiles' energy exactly. MW x minutes, so that nothing divides.
{{ config(meta={"dagster": {"ref": {"name": "feeder_profiles"}}}) }}

with

untested as (
    select distinct file_id from {{ ref('file_uses') }}
    where {{ is_untested('file_uses', 'month_start_at') }}
),

files as (
    select
        uses.file_id,
        sum(uses.used_count) as used_count
    from {{ ref('file_uses') }} as uses
    inner join untested on uses.file_id = untested.file_id
    group by uses.file_id
),

-- a file of which every row is used, all by one meter, need not be compared row by row
whole as (
    select
        files.file_id,
        max(periods.meter_data_row) as meter_data_row
    from files
    inner join {{ source('raw', 'files') }} as ledger on files.file_id = ledger.file_id
    inner join {{ ref('stg_file_periods') }} as periods on files.file_id = periods.file_id
    where files.used_count = ledger.row_count
    group by files.file_id
    having count(distinct periods.meter_data_row) = 1
),

profiles as (
    select
        profiles.*,
        whole.meter_data_row
    from {{ ref('feeder_profiles') }} as profiles
    inner join whole on profiles.file_id = whole.file_id
    union all
    select
        profiles.*,
        meters.meter_data_row
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('stg_meter_data') }} as meters
        on
            profiles.feeder = meters.feeder
            and (meters.valid_from is null or profiles.start_local >= meters.valid_from)
            and (meters.valid_to is null or profiles.start_local < meters.valid_to)
    where
        profiles.file_id in (select files.file_id from files)
        and profiles.file_id not in (select whole.file_id from whole)
),

published as (
    select
        file_id,
        meter_data_row,
        sum(mw_del * interval_minutes) as mw_del,
        sum(mw_rec * interval_minutes) as mw_rec,
        sum(mva_gross * interval_minutes) as mva_gross,
        sum(mw_net * interval_minutes) as mw_net
    from profiles
    group by file_id, meter_data_row
),

reads as (
    select
        reads.*,
        whole.meter_data_row
    from {{ source('raw', 'interval_reads') }} as reads
    inner join whole on reads.file_id = whole.file_id
    union all
    select
        reads.*,
        profiles.meter_data_row
    from {{ source('raw', 'interval_reads') }} as reads
    inner join profiles
        on reads.file_id = profiles.file_id and reads.line_number = profiles.line_number
    where reads.file_id not in (select whole.file_id from whole)
),

delivered as (
    select
        file_id,
        meter_data_row,
        sum({{ exact('kw_del') }}) as raw_del,
        sum({{ exact('kw_rec') }}) as raw_rec,
        sum({{ exact('kva_del') }} + {{ exact('kva_rec') }}) as raw_kva,
        sum(
            {{ exact('kw_del') }}
            {{ '+' if var('net_convention') == 'gross' else '-' }} {{ exact('kw_rec') }}
        ) as raw_net
    from reads
    group by file_id, meter_data_row
),

factors as (
    select
        meter_data_row,
        multiplier * case when channel_unit like '%h' then 60 else interval_minutes end as factor,
        case left(channel_unit, 1) when 'M' then 1 when 'k' then 1000 else 1000000 end as per_mw
    from {{ source('raw', 'meter_data') }}
)

select
    published.*,
    delivered.raw_del,
    delivered.raw_rec,
    delivered.raw_kva,
    delivered.raw_net
from published
left join factors on published.meter_data_row = factors.meter_data_row
left join delivered
    on
        published.file_id = delivered.file_id
        and published.meter_data_row = delivered.meter_data_row
where
    delivered.raw_del * factors.factor is distinct from published.mw_del * factors.per_mw
    or delivered.raw_rec * factors.factor is distinct from published.mw_rec * factors.per_mw
    or delivered.raw_kva * factors.factor is distinct from published.mva_gross * factors.per_mw
    or delivered.raw_net * factors.factor is distinct from published.mw_net * factors.per_mw
