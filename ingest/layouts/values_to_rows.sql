-- The rows of a file's parts, as the rules look at them: a template, {table} is where they
-- go, {values} a column of each quantity, {sign} the order of lines.
insert into {table}
with
wide as (
    select
        file_no,
        point_no,
        start_at,
        end_at,
        occurrence,
        min(place) as place,
        -- a word that says more than that all is well
        coalesce(
            arg_min(status, quantity_no) filter (lower(status) not in ('normal', '')),
            arg_min(status, quantity_no) filter (status is not null),
            ''
        ) as event_type,
        {values}
    from parsed_cells
    group by file_no, point_no, start_at, end_at, occurrence
),

-- what the clock of the meter showed at each time of the file
offsets as (
    select times.timezone, times.start_at, zone_offsets.utc_offset_minutes
    from (
        select distinct own_parts.timezone, wide.start_at
        from wide
        inner join own_parts on wide.file_no = own_parts.file_no
        where own_parts.timezone is not null
    ) as times
    asof join zone_offsets
        on times.timezone = zone_offsets.timezone and times.start_at >= zone_offsets.from_at
),

-- what is declared absent is 0
known as (
    select
        wide.*,
        own_parts.feeder,
        offsets.utc_offset_minutes,
        case when list_contains(own_parts.zeros, 'del') then 0 else del_value end as del_known,
        case when list_contains(own_parts.zeros, 'rec') then 0 else rec_value end as rec_known,
        case when list_contains(own_parts.zeros, 'kva_del') then 0 else kva_del_value end
            as kva_del_known,
        case when list_contains(own_parts.zeros, 'kva_rec') then 0 else kva_rec_value end
            as kva_rec_known,
        case when list_contains(own_parts.zeros, 'kvar_q1') then 0 else kvar_q1_value end
        + case when list_contains(own_parts.zeros, 'kvar_q2') then 0 else kvar_q2_value end
            as kvar_q12,
        case when list_contains(own_parts.zeros, 'kvar_q3') then 0 else kvar_q3_value end
        + case when list_contains(own_parts.zeros, 'kvar_q4') then 0 else kvar_q4_value end
            as kvar_q34
    from wide
    inner join own_parts on wide.file_no = own_parts.file_no
    left join offsets
        on own_parts.timezone = offsets.timezone and wide.start_at = offsets.start_at
),

directed as (
    select
        *,
        start_at + to_minutes(coalesce(utc_offset_minutes, 0)::bigint) as start_local,
        end_at + to_minutes(coalesce(utc_offset_minutes, 0)::bigint) as end_local,
        coalesce(
            del_known, case when net_value > 0 then net_value when net_value <= 0 then 0 end
        )::decimal(28, 18) as del_raw,
        coalesce(
            rec_known, case when net_value < 0 then -net_value when net_value >= 0 then 0 end
        )::decimal(28, 18) as rec_raw,
        coalesce(
            kvar_del_value,
            kvar_q12,
            case when kvar_net_value > 0 then kvar_net_value when kvar_net_value <= 0 then 0 end
        )::decimal(28, 18)
            as kvar_del_raw,
        coalesce(
            kvar_rec_value,
            kvar_q34,
            case when kvar_net_value < 0 then -kvar_net_value when kvar_net_value >= 0 then 0 end
        )::decimal(28, 18)
            as kvar_rec_raw
    from known
),

-- one kVA for whichever direction flows
apparent as (
    select
        *,
        coalesce(kva_del_known, case
            when del_raw >= rec_raw then kva_net_value
            when del_raw < rec_raw then 0 * kva_net_value
        end)::decimal(28, 18) as kva_del_raw,
        coalesce(kva_rec_known, case
            when del_raw >= rec_raw then 0 * kva_net_value
            when del_raw < rec_raw then kva_net_value
        end)::decimal(28, 18) as kva_rec_raw
    from directed
),

-- a point without a value, while another is the feeder's meter, says nothing
meant as (
    select *
    from apparent
    where coalesce(
        del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw
    ) is not null
    or exists (
        select 1
        from own_periods
        where apparent.file_no = own_periods.file_no
            and apparent.point_no = own_periods.point_no
            and apparent.start_local >= coalesce(own_periods.valid_from, '-infinity'::timestamp)
            and apparent.start_local < coalesce(own_periods.valid_to, 'infinity'::timestamp)
    )
)

select
    file_no,
    feeder,
    {sign}(place // 1048576) as line_number,
    place % 1048576 as position,
    null as record_no,
    event_type,
    start_local,
    end_local,
    del_raw::decimal(18, 6),
    rec_raw::decimal(18, 6),
    kva_del_raw::decimal(18, 6),
    kva_rec_raw::decimal(18, 6),
    kvar_del_raw::decimal(18, 6),
    kvar_rec_raw::decimal(18, 6),
    case
        when del_raw <> del_raw::decimal(18, 6)
            or rec_raw <> rec_raw::decimal(18, 6)
            or kva_del_raw <> kva_del_raw::decimal(18, 6)
            or kva_rec_raw <> kva_rec_raw::decimal(18, 6)
            or kvar_del_raw <> kvar_del_raw::decimal(18, 6)
            or kvar_rec_raw <> kvar_rec_raw::decimal(18, 6)
            then [del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw]
    end::decimal(38, 18)[] as long_values,
    null as serial_no,
    utc_offset_minutes
from meant
order by file_no, start_at, place
