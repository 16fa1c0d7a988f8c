-- the meters of each file's feeders that are valid at some time of the file
select series.file_no, list(meters.meter order by meters.meter_data_row)
from batch_series as series
inner join raw.meter_data as meters
    on
        series.feeder = lower(meters.feeder)
        and series.max_start_local >= coalesce(meters.valid_from, '-infinity'::timestamp)
        and series.min_start_local < coalesce(meters.valid_to, 'infinity'::timestamp)
group by series.file_no
