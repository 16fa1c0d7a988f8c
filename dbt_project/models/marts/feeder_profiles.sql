-- one row per feeder and interval with a reading

with

readings as (
    select * from {{ ref('readings') }}
),

-- average power over the interval, exact
powers as (
    select
        *,
        cast(kw_del * mw_factor as decimal(28, 18)) as mw_del,
        cast(kw_rec * mw_factor as decimal(28, 18)) as mw_rec,
        cast(kva_del * mw_factor as decimal(28, 18)) as mva_del,
        cast(kva_rec * mw_factor as decimal(28, 18)) as mva_rec
    from readings
),

-- non-active power per direction, the most that reactive power can have been (IEEE 1459)
bounds as (
    select
        *,
        cast(mw_del - mw_rec as double) as mw_signed,
        sqrt(greatest(pow(cast(mva_del as double), 2) - pow(cast(mw_del as double), 2), 0))
            as n_del,
        sqrt(greatest(pow(cast(mva_rec as double), 2) - pow(cast(mw_rec as double), 2), 0))
            as n_rec
    from powers
),

-- with one direction only, the measured value is the answer; a root is needed for both at once,
-- and its rounding must not take it below the active power
combined as (
    select
        *,
        case
            when mw_rec = 0 and mva_rec = 0 then greatest(mva_del, mw_del)
            when mw_del = 0 and mva_del = 0 then greatest(mva_rec, mw_rec)
            else greatest(
                {{ rounded('sqrt(pow(mw_signed, 2) + pow(n_del + n_rec, 2))') }},
                abs(mw_del - mw_rec)
            )
        end as mva_vector,
        case
            when mw_rec = 0 and mva_rec = 0 then greatest(mva_del, mw_del)
            when mw_del = 0 and mva_del = 0 then greatest(mva_rec, mw_rec)
            else greatest(
                {{ rounded('sqrt(pow(mw_signed, 2) + pow(n_del - n_rec, 2))') }},
                abs(mw_del - mw_rec)
            )
        end as mva_vector_min
    from bounds
),

netted as (
    select
        *,
        case when mva_del is not null and mva_rec is not null then mva_vector_min end
            as mva_net_least,
        {% if var('net_convention') == 'gross' %}
            mw_del + mw_rec as mw_balance,
            mva_del + mva_rec as mva_balance
        {% else %}
            mw_del - mw_rec as mw_balance,
            case when mva_del is not null and mva_rec is not null then mva_vector end
                as mva_balance
        {% endif %}
    from combined
),

profiles as (
    select
        *,
        cast(mw_balance as decimal(28, 18)) as mw_net,
        cast(mw_del + mw_rec as decimal(28, 18)) as mw_gross,
        cast(mva_balance as decimal(28, 18)) as mva_net,
        cast(mva_net_least as decimal(28, 18)) as mva_net_min,
        cast(mva_del + mva_rec as decimal(28, 18)) as mva_gross,
        cast(abs(mw_balance) as double) / nullif(cast(mva_balance as double), 0) as pf_net,
        coalesce(kw_del > 0 and kw_rec > 0, false) as is_bidirectional,
        coalesce(mw_del > mva_del, false) or coalesce(mw_rec > mva_rec, false) as kva_below_kw
    from netted
)

select
    feeder,
    interval_start_at,
    interval_minutes,
    meter,
    record_no,
    event_type,
    start_local,
    end_local,
    timezone,
    kw_del,
    kw_rec,
    kva_del,
    kva_rec,
    mw_del,
    mw_rec,
    mva_del,
    mva_rec,
    mw_net,
    mw_gross,
    mva_net,
    mva_net_min,
    mva_gross,
    pf_net,
    is_bidirectional,
    kva_below_kw,
    is_ambiguous_time,
    total_factor,
    file_id,
    line_number,
    meter_data_row
from profiles
