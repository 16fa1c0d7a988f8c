-- Series without a row in meter-data.csv at the time of any of their readings. One whose earliest
-- reading has such a row is known without a look at the others.
with
meters as (
    select
        lower(feeder) as feeder,
        coalesce(valid_from, '-infinity'::timestamp) as valid_from,
        coalesce(valid_to, 'infinity'::timestamp) as valid_to
    from raw.meter_data
),

doubtful as (
    select series.file_no, series.feeder
    from batch_series as series
    where not exists (
        select 1
        from meters
        where meters.feeder = series.feeder
            and series.min_start_local >= meters.valid_from
            and series.min_start_local < meters.valid_to
    )
),

known as (
    select distinct doubtful.file_no, doubtful.feeder
    from doubtful
    inner join batch_rows as reads
        on doubtful.file_no = reads.file_no and doubtful.feeder = reads.feeder
    inner join meters
        on
            doubtful.feeder = meters.feeder
            and reads.start_local >= meters.valid_from
            and reads.start_local < meters.valid_to
)

select doubtful.file_no, doubtful.feeder, doubtful.feeder in (select meters.feeder from meters)
from doubtful
anti join known using (file_no, feeder)
order by doubtful.file_no, doubtful.feeder
