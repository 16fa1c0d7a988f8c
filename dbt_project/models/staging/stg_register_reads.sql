-- one row per feeder, meter, register and time of a read: the read that counts

with

files as (
    select
        files.file_id,
        files.feeder as feeder_key,
        files.accepted_seq
    from {{ source('raw', 'files') }} as files
    left join {{ source('raw', 'files') }} as withdrawn
        on files.file_id = withdrawn.release_of and withdrawn.outcome = 'withdrawn'
    where files.kind = 'register' and files.outcome = 'accepted' and withdrawn.file_id is null
),

-- a row for each register that was read
digits as (
    {% for channel in register_channels() %}
        select
            file_id,
            line_number,
            meter,
            read_at_local,
            '{{ channel }}' as channel,
            {{ channel }} as digits
        from {{ source('raw', 'register_reads') }}
        where {{ channel }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- the file accepted last wins
latest as (
    select
        digits.*,
        files.feeder_key
    from digits
    inner join files on digits.file_id = files.file_id
    qualify
        row_number() over (
            partition by files.feeder_key, digits.meter, digits.channel, digits.read_at_local
            order by files.accepted_seq desc, digits.line_number desc
        ) = 1
),

-- the row of the meter at that time; its last read may be at the very end of one. Without
-- a row any of its feeder, for its clock: no read is lost from view
placed as (
    select
        latest.*,
        meters.feeder,
        meters.timezone
    from latest
    inner join {{ ref('stg_meter_data') }} as meters
        on latest.feeder_key = meters.feeder_key
    qualify
        row_number() over (
            partition by
                latest.feeder_key, latest.meter, latest.channel, latest.read_at_local
            order by
                latest.meter = meters.meter desc,
                coalesce(latest.read_at_local >= meters.valid_from, true)
                and coalesce(latest.read_at_local <= meters.valid_to, true) desc,
                meters.meter_data_row desc
        ) = 1
)

select
    placed.feeder,
    placed.meter,
    placed.channel,
    placed.read_at_local,
    placed.timezone,
    {{ on_utc_clock('placed.read_at_local', 'clock') }} as read_at,
    -- in the hour that the clock shows twice
    coalesce(
        placed.read_at_local < clock.change_at_local
        and placed.read_at_local >= {{ dbt.dateadd(
            'minute', 'clock.new_utc_offset_minutes - clock.utc_offset_minutes',
            'clock.change_at_local'
        ) }}, false
    ) as is_ambiguous_time,
    cast(placed.digits as decimal(18, 6)) as register_value,
    -- the least that the register shows, by the decimals as read
    case
        when instr(placed.digits, '.') = 0 then cast(1 as decimal(7, 6))
        {% for decimals in range(1, 6) %}
            when length(placed.digits) - instr(placed.digits, '.') = {{ decimals }}
                then cast({{ '%f' | format(0.1 ** decimals) }} as decimal(7, 6))
        {% endfor %}
        else cast(0.000001 as decimal(7, 6))
    end as register_count,
    placed.file_id,
    placed.line_number
from placed
left join {{ source('raw', 'clock_days') }} as clock
    on
        placed.timezone = clock.timezone
        and cast(placed.read_at_local as date) = clock.local_date
