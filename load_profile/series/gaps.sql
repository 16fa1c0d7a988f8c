-- one row per gap. A reading is added before the first start and one after the last: rows without a
-- value are missing at the edges as well.
with
readings as (
    select start_us from series_rows where mw_net is not null
    union
    select unnest([$first - $step, $last + $step])
),

stretches as (
    select lag(start_us) over (order by start_us) + $step as gap_start, start_us as gap_end
    from readings
)

select gap_start, gap_end, (gap_end - gap_start + $step - 1) // $step
from stretches
where gap_end > gap_start
order by gap_start
