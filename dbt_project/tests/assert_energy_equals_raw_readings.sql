-- Energy in = energy out: raw readings x multiplier in the unit of meter-data.csv, summed before
-- any conversion, must equal the profiles', exactly. Rows of one length are compared together, so
-- that equal power is equal energy and nothing divides; only where the energy of a short or long
-- row was divided by its length may a rounding be between.
{{ config(meta={"dagster": {"ref": {"name": "feeder_profiles"}}}) }}

with

untested as (
    select distinct file_id from {{ ref('file_uses') }}
    where {{ is_untested('file_uses', 'month_start_at') }}
),

files as (
    select
        uses.file_id,
        sum(uses.used_count) as used_count,
        sum(uses.odd_length_count + uses.no_load_count) as odd_count
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
    where files.used_count = ledger.row_count and files.odd_count = 0
    group by files.file_id
    having count(distinct periods.meter_data_row) = 1
),

-- every other one is
shared as (
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

profiles as (
    select * from shared
    union all
    select
        profiles.*,
        whole.meter_data_row
    from {{ ref('feeder_profiles') }} as profiles
    inner join whole on profiles.file_id = whole.file_id
),

published as (
    select
        file_id,
        meter_data_row,
        actual_seconds,
        count(*) as row_count,
        sum(mw_del) as mw_del,
        sum(mw_rec) as mw_rec,
        -- as measured: without kVA it may be made of kW and kvar
        sum(case when kva_del_raw is not null and kva_rec_raw is not null then mva_gross end)
            as mva_gross,
        sum(mvar_net) as mvar_net,
        sum(mw_net) as mw_net
    from profiles
    group by file_id, meter_data_row, actual_seconds
),

reads as (
    select
        reads.*,
        whole.meter_data_row,
        meters.interval_minutes * 60 as actual_seconds
    from {{ source('raw', 'interval_reads') }} as reads
    inner join whole on reads.file_id = whole.file_id
    inner join {{ source('raw', 'meter_data') }} as meters
        on whole.meter_data_row = meters.meter_data_row
    union all
    select
        reads.*,
        shared.meter_data_row,
        shared.actual_seconds
    from {{ source('raw', 'interval_reads') }} as reads
    inner join shared
        on
            reads.file_id = shared.file_id
            and reads.line_number = shared.line_number
            and reads.position = shared.position
    where
        -- what a meter shows in test mode is not a load, nor is what no feeder can carry
        coalesce(shared.event_handling not in ('test', 'skipped'), true)
        and not shared.is_out_of_range
),

delivered as (
    select
        file_id,
        meter_data_row,
        actual_seconds,
        {{ exact_sum('del_raw') }} as mw_del,
        {{ exact_sum('rec_raw') }} as mw_rec,
        {{ exact_sum('kva_del_raw', 'kva_rec_raw is not null') }}
        + {{ exact_sum('kva_rec_raw', 'kva_del_raw is not null') }} as mva_gross,
        {{ exact_sum('kvar_del_raw', 'kvar_rec_raw is not null') }}
        - {{ exact_sum('kvar_rec_raw', 'kvar_del_raw is not null') }} as mvar_net,
        {{ exact_sum('del_raw', 'rec_raw is not null') }}
        {{ '+' if var('net_convention') == 'gross' else '-' }}
        {{ exact_sum('rec_raw', 'del_raw is not null') }} as mw_net
    from reads
    group by file_id, meter_data_row, actual_seconds
),

factors as (
    select
        meter_data_row,
        multiplier,
        multiplier * case
            when channel_unit like '%h' then {{ whole_quotient('60', 'interval_minutes') }}
            else 1
        end as factor,
        channel_unit like '%h' as is_energy,
        interval_minutes * 60 as meter_seconds,
        case left(channel_unit, 1) when 'M' then 1 when 'k' then 1000 else 1000000 end as per_mw
    from {{ source('raw', 'meter_data') }}
)

select
    published.*,
    delivered.mw_del as raw_del,
    delivered.mw_rec as raw_rec,
    delivered.mva_gross as raw_kva,
    delivered.mvar_net as raw_kvar,
    delivered.mw_net as raw_net
from published
left join factors on published.meter_data_row = factors.meter_data_row
left join delivered
    on
        published.file_id = delivered.file_id
        and published.meter_data_row = delivered.meter_data_row
        and published.actual_seconds = delivered.actual_seconds
where
    case
        when factors.is_energy and published.actual_seconds <> factors.meter_seconds
            then
                -- two roundings to 1 mW a row, which its length makes energy; no time, no power
                published.actual_seconds > 0
                and (
                    {% for power in ['mw_del', 'mw_rec', 'mva_gross', 'mw_net', 'mvar_net'] %}
                        {{ "or" if not loop.first }} coalesce(
                            abs(
                                cast(published.{{ power }} as double) * factors.per_mw
                                * published.actual_seconds
                                - cast(delivered.{{ power }} as double) * factors.multiplier * 3600
                            ) > 0.000000001 * factors.per_mw * published.actual_seconds
                            * published.row_count,
                            (published.{{ power }} is null) <> (delivered.{{ power }} is null)
                        )
                    {% endfor %}
                )
        else
            {% for power in ['mw_del', 'mw_rec', 'mva_gross', 'mw_net', 'mvar_net'] %}
                {{ "or" if not loop.first }} case
                    -- a product of 38 digits has room for no more than this
                    when
                        abs(cast(delivered.{{ power }} as double))
                        * cast(factors.factor as double) > 1e13
                        then coalesce(abs(
                            cast(delivered.{{ power }} as double) * cast(factors.factor as double)
                            - cast(published.{{ power }} as double) * factors.per_mw
                        ) > 1e-12 * abs(cast(delivered.{{ power }} as double))
                        * cast(factors.factor as double), true)
                    -- of a raw value with 18 decimals the last are lost in MW
                    else coalesce(
                        abs(
                            delivered.{{ power }} * factors.factor
                            - published.{{ power }} * factors.per_mw
                        ) > cast(0.000000000000000002 as decimal(18, 18))
                        * factors.per_mw * published.row_count,
                        (published.{{ power }} is null) <> (delivered.{{ power }} is null)
                    )
                end
            {% endfor %}
    end
