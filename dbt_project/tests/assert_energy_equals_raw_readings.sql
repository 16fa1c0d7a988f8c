-- Energy in = energy out: raw readings x multiplier in the unit of meter-data.csv, summed before
-- any conversion, must equal the profiles' energy exactly. MW x minutes, so that nothing divides.
{{ config(meta={"dagster": {"ref": {"name": "feeder_profiles"}}}) }}

with

summed as (
    select
        profiles.meter_data_row,
        sum(reads.kw_del) as raw_del,
        sum(reads.kw_rec) as raw_rec,
        sum(reads.kva_del + reads.kva_rec) as raw_kva,
        sum(reads.kw_del {{ '+' if var('net_convention') == 'gross' else '-' }} reads.kw_rec)
            as raw_net,
        sum(profiles.mw_del * profiles.interval_minutes) as mw_del,
        sum(profiles.mw_rec * profiles.interval_minutes) as mw_rec,
        sum(profiles.mva_gross * profiles.interval_minutes) as mva_gross,
        sum(profiles.mw_net * profiles.interval_minutes) as mw_net
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ source('raw', 'interval_reads') }} as reads
        on profiles.file_id = reads.file_id and profiles.line_number = reads.line_number
    group by profiles.meter_data_row
),

factors as (
    select
        meter_data_row,
        multiplier * case when channel_unit like '%h' then 60 else interval_minutes end as factor,
        case left(channel_unit, 1) when 'M' then 1 when 'k' then 1000 else 1000000 end as per_mw
    from {{ source('raw', 'meter_data') }}
)

select
    summed.*,
    factors.factor,
    factors.per_mw
from summed
left join factors on summed.meter_data_row = factors.meter_data_row
where
    summed.raw_del * factors.factor is distinct from summed.mw_del * factors.per_mw
    or summed.raw_rec * factors.factor is distinct from summed.mw_rec * factors.per_mw
    or summed.raw_kva * factors.factor is distinct from summed.mva_gross * factors.per_mw
    or summed.raw_net * factors.factor is distinct from summed.mw_net * factors.per_mw
