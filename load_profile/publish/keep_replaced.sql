-- What a version replaces in {table}: rows that are no longer there as they were, and where rows
-- were added. Rows of {table} as a version had them are the present ones with these taken back,
-- from the latest version to the one after it.
create or replace temp table replaced as
select {columns}
from before.{table}
where interval_start_at >= {first} and interval_start_at < {until}
    and ({feeder}, date_trunc('month', interval_start_at)) in (
        select (feeder, month_start_at) from dirty_months
    )
except
select {columns}
from published.{table}
where interval_start_at >= {first} and interval_start_at < {until}
    and ({feeder}, date_trunc('month', interval_start_at)) in (
        select (feeder, month_start_at) from dirty_months
    )
limit {most} + 1;

-- runs of rows of one month without a row between them that was there
insert into published.added_spans
select
    {version}, feeder, month_start_at, min(interval_start_at), max(interval_start_at)
from (
    select
        *,
        sum(was_there::int) over (
            partition by feeder, month_start_at order by interval_start_at
        ) as run
    from (
        select
            starts.feeder, month_start_at, interval_start_at, bool_or(was_there) as was_there
        from (
            select {feeder} as feeder, interval_start_at, true as was_there from before.{table}
            where interval_start_at >= {first} and interval_start_at < {until}
            union all
            select {feeder}, interval_start_at, false from published.{table}
            where interval_start_at >= {first} and interval_start_at < {until}
        ) as starts
        inner join dirty_months
            on starts.feeder = dirty_months.feeder
                and date_trunc('month', starts.interval_start_at) = dirty_months.month_start_at
        group by all
    )
)
where not was_there
group by feeder, month_start_at, run
order by all;

insert into published.earlier_{plural}
select {version}, {columns}
from replaced
where (select count(*) from replaced) <= {most}
order by {key};

-- the fingerprint of a month as it was; NULL where its rows are not kept
insert into published.earlier_months
with touched as (
    select {feeder} as feeder, date_trunc('month', interval_start_at) as month_start_at
    from replaced
    union
    select feeder, month_start_at
    from published.added_spans
    where version = {version} and (feeder = 'total') = {is_total}
    union
    select feeder, month_start_at
    from dirty_months
    where (select count(*) from replaced) > {most} and (feeder = 'total') = {is_total}
)
select
    {version},
    feeder,
    month_start_at,
    case when (select count(*) from replaced) <= {most} then coalesce(sha256, '') end
from touched
left join (
    select
        {feeder} as feeder,
        date_trunc('month', interval_start_at) as month_start_at,
        {sha256} as sha256
    from before.{table}
    where interval_start_at >= {first} and interval_start_at < {until}
        and ({feeder}, date_trunc('month', interval_start_at)) in (
            select (feeder, month_start_at) from touched
        )
        and (select count(*) from replaced) <= {most}
    group by all
) using (feeder, month_start_at)
order by all;
