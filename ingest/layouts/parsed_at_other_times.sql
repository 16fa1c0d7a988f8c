-- the parts with readings of a point at a time when another meter is that of the feeder
with
bounded as (
    select file_no, point_no
    from own_periods
    where valid_from is not null or valid_to is not null
    group by file_no, point_no
),

places as (
    select cells.file_no, cells.point_no, min(cells.place) as place
    from parsed_cells as cells
    inner join bounded using (file_no, point_no)
    group by cells.file_no, cells.point_no, cells.start_at, cells.end_at, cells.occurrence
)

select
    reads.file_no,
    any_value(places.point_no),
    min(reads.line_number),
    arg_min(reads.start_local, (reads.line_number, reads.position)),
    count(*),
    any_value(meters.meter)
from {table} as reads
inner join places
    on
        reads.file_no = places.file_no
        and reads.line_number * 1048576 + reads.position = places.place
inner join raw.meter_data as meters
    on
        reads.feeder = lower(meters.feeder)
        and reads.start_local >= coalesce(meters.valid_from, '-infinity'::timestamp)
        and reads.start_local < coalesce(meters.valid_to, 'infinity'::timestamp)
where not exists (
    select 1
    from own_periods
    where reads.file_no = own_periods.file_no
        and places.point_no = own_periods.point_no
        and reads.start_local >= coalesce(own_periods.valid_from, '-infinity'::timestamp)
        and reads.start_local < coalesce(own_periods.valid_to, 'infinity'::timestamp)
)
group by reads.file_no
