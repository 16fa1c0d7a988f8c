-- one row per feeder, or `total`, and interval of the dirty months: what is published, what is
-- there now, and the causes of a change. This is the only place where a cause is decided.
create or replace temp table changes as
with
profiles as (
    select *, true as is_before from before.feeder_profiles
    union all by name
    select *, false as is_before from feeder_profiles
),

totals as (
    select *, true as is_before from before.combined_profiles
    union all by name
    select *, false as is_before from combined_profiles
),

readings as (
    select
        is_before, feeder, interval_start_at, start_local, mw_net, mw_gross, mva_net, mvar_net,
        actual_seconds as seconds, can_be_peak, file_id, line_number, position,
        null as members
    from profiles
    where interval_start_at >= $first and interval_start_at < $until
        and (feeder, date_trunc('month', interval_start_at)) in (
            select (feeder, month_start_at) from dirty_months
        )
    union all
    select
        is_before, 'total', interval_start_at, start_local, mw_total::decimal(28, 18),
        mw_gross_total::decimal(28, 18), mva_total::decimal(28, 18), mvar_total::decimal(28, 18),
        interval_minutes * 60, can_be_peak, null, null, null, feeders_expected
    from totals
    where interval_start_at >= $first and interval_start_at < $until
        and date_trunc('month', interval_start_at) in (
            select month_start_at from dirty_months where feeder = 'total'
        )
),

-- an unknown interval of the total that appears or disappears is not a change
pairs as (
    select
        feeder,
        interval_start_at,
        date_trunc('month', interval_start_at) as month_start_at,
        old,
        new,
        old.is_before is not null as was_there,
        new.is_before is not null as is_there,
        (
            old.mw_net, old.mw_gross, old.mva_net, old.mvar_net, old.seconds, old.can_be_peak,
            was_there
        )
        is distinct from (
            new.mw_net, new.mw_gross, new.mva_net, new.mvar_net, new.seconds, new.can_be_peak,
            is_there
        )
        and (
            feeder <> 'total' or was_there = is_there
            or coalesce(old.mw_net, new.mw_net) is not null
        ) as is_changed
    from (from readings where is_before) as old
    full join (from readings where not is_before) as new using (feeder, interval_start_at)
),

-- what starts later than every published reading is new, what starts earlier is late
reached as (
    select feeder, max(interval_start_at) as last_start_at
    from before.feeder_profiles
    where feeder in (select feeder from dirty_months)
    group by feeder
),

-- what a withdrawn file had is not new when it comes back
withdrawn as (
    select feeder as feeder_key, first_start_local, last_end_local
    from before.files
    where outcome = 'accepted' and withdrawn_by is not null
),

feeder_causes as (
    select
        pairs.feeder,
        pairs.interval_start_at,
        pairs.month_start_at,
        case
            when is_arrived and files_after.release_of is not null then ['release']
            when is_arrived and not was_there
                and interval_start_at > coalesce(reached.last_start_at, '-infinity')
                and not exists (
                    from withdrawn
                    where lower(pairs.feeder) = feeder_key
                        and new.start_local >= first_start_local
                        and new.start_local < last_end_local
                ) then ['new file']
            when is_arrived and not was_there then ['late file']
            when (old.file_id, old.line_number, old.position)
                is distinct from (new.file_id, new.line_number, new.position)
                and files_before.withdrawn_by is not null then ['withdrawal']
            when is_arrived then ['correction']
            else nullif(dirty_months.causes, [])
        end as causes
    from (
        select *, coalesce(new.file_id > (select max(file_id) from before.files), false)
            as is_arrived
        from pairs
        where feeder <> 'total' and is_changed
    ) as pairs
    inner join dirty_months using (feeder, month_start_at)
    left join reached using (feeder)
    left join files as files_before on old.file_id = files_before.file_id
    left join files as files_after on new.file_id = files_after.file_id
),

-- a reading beside a changed one may be cut otherwise; it has the causes of its month
month_causes as (
    select feeder, month_start_at, flatten(list(distinct causes)) as causes
    from feeder_causes
    group by feeder, month_start_at
),

explained as (
    select
        feeder,
        interval_start_at,
        coalesce(
            feeder_causes.causes, nullif(list_distinct(month_causes.causes), []), ['unknown']
        ) as causes
    from feeder_causes
    inner join month_causes using (feeder, month_start_at)
),

-- the interval of the total in which a member's interval starts: the last one that starts by then
placed as (
    select
        causes,
        max(total_start_at) over (order by interval_start_at, causes is not null) as total_start_at
    from (
        select distinct interval_start_at, causes, null::timestamp as total_start_at
        from explained
        union all
        select interval_start_at, null, interval_start_at from pairs where feeder = 'total'
    )
),

members as (
    select total_start_at as interval_start_at, flatten(list(distinct causes)) as causes
    from placed
    where causes is not null and total_start_at is not null
    group by total_start_at
),

-- all that differs in a month beside its files, and what its members' changes are caused by
system_causes as (
    select month_start_at, flatten(list(distinct causes)) as causes
    from dirty_months
    group by month_start_at
),

member_causes as (
    select month_start_at, flatten(list(distinct causes)) as causes
    from month_causes
    group by month_start_at
),

total_causes as (
    select
        'total' as feeder,
        interval_start_at,
        case
            when old.members <> new.members then list_append(
                list_filter(
                    coalesce(members.causes, []),
                    lambda cause: cause not in ('new file', 'meter-data.csv')
                ),
                'members of the total'
            )
            when members.causes is not null then members.causes
            when was_there <> is_there or old.seconds <> new.seconds then ['span of the total']
            else coalesce(
                nullif(system_causes.causes, []), nullif(member_causes.causes, []), ['unknown']
            )
        end as causes
    from pairs
    left join members using (interval_start_at)
    left join system_causes using (month_start_at)
    left join member_causes using (month_start_at)
    where feeder = 'total' and is_changed
),

all_causes as (
    from explained
    union all
    from total_causes
)

select
    pairs.*,
    array_to_string(list_sort(list_distinct(all_causes.causes)), ', ') as cause
from pairs
left join all_causes using (feeder, interval_start_at)
