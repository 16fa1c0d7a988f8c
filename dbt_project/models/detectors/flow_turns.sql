-- one row per feeder and day from which on its throughput goes the other way, see detect_swap

with

days as (
    select
        feeder,
        local_date,
        -- whole watt-hours, so that sums are exact
        cast(round(cast(del_mj as double) / 0.0036) as bigint) as wh_del,
        cast(round(cast(rec_mj as double) / 0.0036) as bigint) as wh_rec
    from {{ ref('feeder_days') }}
    where known_minutes >= {{ var('full_day_minutes') }}
),

fortnights as (
    select
        feeder,
        local_date,
        cast(sum(wh_del) over days_before as double) as del_before,
        cast(sum(wh_del) over days_after as double) as del_after,
        cast(sum(wh_rec) over days_before as double) as rec_before,
        cast(sum(wh_rec) over days_after as double) as rec_after,
        count(*) over days_before as count_before,
        count(*) over days_after as count_after
    from days
    window
        days_before as (
            partition by feeder order by local_date
            range between interval 14 days preceding and interval 1 day preceding
        ),
        days_after as (
            partition by feeder order by local_date
            range between current row and interval 13 days following
        )
),

shares as (
    select
        *,
        del_before / nullif(del_before + rec_before, 0) as share_before,
        del_after / nullif(del_after + rec_after, 0) as share_after,
        (del_after + rec_after) / count_after
        / nullif((del_before + rec_before) / count_before, 0) as size
    from fortnights
    where count_before >= 7 and count_after >= 7
)

-- neighbouring days see the same change: the one on which it is greatest
select *
from shares
where
    greatest(share_before, share_after) >= {{ var('swap_share') }}
    and least(share_before, share_after) <= 1 - {{ var('swap_share') }}
    and size between 0.5 and 2
qualify
    abs(share_before - share_after) = max(abs(share_before - share_after)) over (
        partition by feeder order by local_date
        range between interval 13 days preceding and interval 13 days following
    )
