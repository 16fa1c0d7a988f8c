{# What a day of a feeder, or of the total, was like: the CTEs from `intervals` on and the final
   select of feeder_days, and of plausible_days, where some intervals are left out of peaks.
   `can_be_peak` is true of an interval that may make one, `is_sound_mva` if its apparent power may,
   `has_passed` if its power factor counts, `where` which of them belong to a day asked for; the others are there for what reaches back over
   midnight. #}
{% macro day_figures(can_be_peak, where, is_sound_mva='true', has_passed='true') -%}
-- sums of raw values where both active and apparent power are known: their unit cancels
measured as {{ inlined() }} (
    select
        *,
        del_raw + rec_raw as kw,
        kva_del_raw + kva_rec_raw as kva,
        -- half a count of the two decimals that meters show for either value, or half a per cent,
        -- whichever is larger (docs/rules.md#kva_below_kw): what is below that was not rounded.
        -- Without signs: a channel below 0 is what detect_negative finds.
        case
            when abs(del_raw) > abs(kva_del_raw) or abs(rec_raw) > abs(kva_rec_raw)
                then coalesce(
                    abs(del_raw) > abs(kva_del_raw) + greatest(0.01, 0.005 * abs(kva_del_raw))
                    or abs(rec_raw) > abs(kva_rec_raw) + greatest(0.01, 0.005 * abs(kva_rec_raw)), false
                )
            else false
        end as is_kva_too_low,
        -- beyond what detect_kva_kvar_conflict allows for a meter that shows two decimals; most
        -- meters have no kvar, which is seen first
        case
            when kvar_del_raw is null or kvar_rec_raw is null then false
            else
                coalesce({{ is_kva_too_low(0.06) }}, false)
                or coalesce({{ is_kva_too_high(0.06) }}, false)
        end as is_kvar_in_conflict,
        case when {{ can_be_peak }} then mw_net end as peak_net,
        case when {{ can_be_peak }} and {{ is_sound_mva }} then mva_net end as peak_mva,
        case
            when mw_net is not null
                then coalesce(
                    (
                        cast(del_raw as double)
                        {{ "+" if var("net_convention") == "gross" else "-" }}
                        cast(rec_raw as double)
                    ) * mw_per_unit,
                    cast(mw_net as double)
                )
        end as net
    from intervals
    where {{ where }}
),

days as (
    select
        feeder,
        local_date,
        system_timezone as timezone,
        max(interval_minutes) as interval_minutes,
        count(*) as reading_count,
        cast(coalesce(sum(case when kw is not null then interval_minutes end), 0) as bigint)
            as known_minutes,
        count(*) filter (where kw = 0) as zero_count,
        min(greatest(del_raw, rec_raw)) as lowest_kw,
        max(greatest(del_raw, rec_raw)) as highest_kw,
        min(greatest(kva_del_raw, kva_rec_raw)) as lowest_kva,
        max(greatest(kva_del_raw, kva_rec_raw)) as highest_kva,
        min(mw_net) as lowest_net_mw,
        max(mw_net) as highest_net_mw,
        max(abs(net)) as highest_mw,
        {{ third_highest('abs(net)') }} as third_highest_mw,
        cast({{ third_highest('coalesce(mva_gross, mw_gross)') }} as double)
            as third_highest_mva,
        cast(sum(case when kva is not null then kw end) as double)
        / nullif(cast(sum(case when kw is not null then kva end) as double), 0) as kw_per_kva,
        count(*) filter (where is_kva_too_low) as kva_too_low_count,
        count(*) filter (where is_kvar_in_conflict) as kvar_conflict_count,
        max(total_factor) as total_factor,
        count(*) filter (where is_on_time_grid) as on_grid_count,
        cast(sum(case when is_on_time_grid then interval_minutes else 0 end) as bigint)
            as on_grid_minutes,
        count(mw_net) filter (where is_on_time_grid) as actual_count,
        cast(sum(
            case when is_on_time_grid and mw_net is not null then interval_minutes else 0 end
        ) as bigint) as actual_minutes,
        cast(sum(case when peak_net is not null then interval_minutes else 0 end) as bigint)
            as evaluated_minutes,
        cast(sum(case when peak_net is not null then actual_seconds else 0 end) as bigint)
            as evaluated_seconds,
        cast(sum(mw_del * actual_seconds) as decimal(38, 18)) as del_mj,
        cast(sum(mw_rec * actual_seconds) as decimal(38, 18)) as rec_mj,
        cast(sum(mw_net * actual_seconds) as decimal(38, 18)) as net_mj,
        cast(sum(mw_gross * actual_seconds) as decimal(38, 18)) as gross_mj,
        cast(sum(mvar_del * actual_seconds) as decimal(38, 18)) as del_mvars,
        cast(sum(mvar_rec * actual_seconds) as decimal(38, 18)) as rec_mvars,
        cast(sum(mvar_net * actual_seconds) as decimal(38, 18)) as net_mvars,
        count(*) filter (where (mw_net is null) <> (mvar_net is null)) as unpaired_count,
        cast(sum(
            case
                when peak_net > 0 then peak_net * actual_seconds
                when peak_net <= 0 then 0
            end
        ) as decimal(38, 18)) as load_mj,
        cast(sum({{ whole_number('1e12 * net * net * actual_seconds') }})
        filter (where {{ can_be_peak }}) as decimal(38, 0)) as w2_seconds,
        cast(sum(abs(mw_net) * actual_seconds) filter (where mva_net is not null and {{ has_passed }})
        as decimal(38, 18)) as active_mj,
        cast(sum(mva_net * actual_seconds) filter (where mw_net is not null and {{ has_passed }})
        as decimal(38, 18)) as apparent_mj,
        max(peak_net) as peak_mw,
        min(peak_net) as min_mw,
        max(peak_mva) as peak_mva,
        max(case when {{ can_be_peak }} and {{ is_sound_mva }} then mva_gross end)
            as peak_mva_gross
    from measured
    group by feeder, local_date, system_timezone
),

extremes as (
    select
        measured.feeder,
        measured.local_date,
        count(*) filter (where measured.peak_net = days.peak_mw) as peak_count,
        count(*) filter (where measured.peak_net = days.min_mw) as min_count,
        min(case when measured.peak_net = days.peak_mw then measured.interval_start_at end)
            as peak_at,
        min(case when measured.peak_net = days.min_mw then measured.interval_start_at end)
            as min_at,
        min(case when measured.peak_mva = days.peak_mva then measured.interval_start_at end)
            as peak_mva_at,
        {{ first_known(
            'measured.pf_net',
            'case when measured.peak_mva = days.peak_mva then measured.interval_start_at end'
        ) }} as peak_mva_pf
    from measured
    inner join days
        on measured.feeder = days.feeder and measured.local_date = days.local_date
    where
        measured.peak_net in (days.peak_mw, days.min_mw)
        or measured.peak_mva = days.peak_mva
    group by measured.feeder, measured.local_date
),

{{ rolling_peaks(can_be_peak) }}

select
    days.*,
    extremes.peak_at,
    extremes.peak_count,
    extremes.min_at,
    extremes.min_count,
    extremes.peak_mva_at,
    extremes.peak_mva_pf,
    rolling.peak_30min_mw,
    rolling.peak_60min_mw
from days
left join extremes
    on days.feeder = extremes.feeder and days.local_date = extremes.local_date
left join rolling
    on days.feeder = rolling.feeder and days.local_date = rolling.local_date
{%- endmacro %}
