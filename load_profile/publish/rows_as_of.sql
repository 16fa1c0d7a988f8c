-- {table} as the version of a moment had it, see version_as_of. Each month that later versions
-- changed is compared with the fingerprint that it had: there are the very rows, or an error.
create or replace macro {table}_as_of(moment{parameter}) as table
with
asked as (
    select version_as_of(moment) as version
),

-- of each row that was replaced since, the first one
undone as (
    select *
    from earlier_{plural}
    where version > (select version from asked) and {is_wanted}
    qualify row_number() over (partition by {key} order by version) = 1
),

there_since as not materialized (
    select null as replaced_by, {columns}
    from {table}
    anti join undone using ({key})
    where {is_wanted}
    union all
    select version, {columns} from undone
),

rebuilt as not materialized (
    select {columns}
    from there_since
    anti join (
        select feeder as of_whom, * exclude (feeder) from added_spans
        where version > (select version from asked)
    ) as added
        on {feeder} = added.of_whom
            and date_trunc('month', there_since.interval_start_at) = added.month_start_at
            and there_since.interval_start_at between added.first_start_at and added.last_start_at
            and coalesce(added.version < there_since.replaced_by, true)
),

known as (
    select feeder, month_start_at, min_by(coalesce(sha256, 'lost'), version) as sha256
    from earlier_months
    where version > (select version from asked)
        and (feeder = 'total') = {is_total} and {is_wanted}
    group by feeder, month_start_at
),

found as (
    select feeder, month_start_at, {sha256} as sha256
    from (
        select
            rebuilt.*, {feeder_column}date_trunc('month', interval_start_at) as month_start_at
        from rebuilt
    )
    semi join known using (feeder, month_start_at)
    group by feeder, month_start_at
),

lost as (
    select array_to_string(list(feeder || ' ' || strftime(month_start_at, '%Y-%m'))[:8], ', ')
        || case when count(*) > 8 then format(' and {{}} more', count(*) - 8) else '' end as months
    from (
        select feeder, month_start_at
        from known
        left join found using (feeder, month_start_at)
        where coalesce(found.sha256, '') <> known.sha256
        order by feeder, month_start_at
    )
),

checked as (
    select case
        when (
            select coalesce(sum(coalesce(replaced_months, -1)), 0)
            from versions
            where version > (select version from asked)
        ) <> (select count(*) from earlier_months where version > (select version from asked))
            then error(
                'Version ' || (select version from asked) || ' is no longer kept whole: what later '
                || 'versions replaced was dropped from the history'
            )
        when months is not null
            then error(
                'Version ' || (select version from asked) || ' is no longer kept whole: intervals '
                || 'of ' || months || ' were dropped from the history'
            )
        else true
    end as is_whole
    from lost
)

select {columns} from rebuilt where (select is_whole from checked);
