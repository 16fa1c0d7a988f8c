-- What no peak rests on: the measured extreme that is left out, beside the highest plausible.
select
    feeder,
    implausible_count,
    case when is_peak then 'peak' else 'minimum' end,
    case when is_peak then measured_peak_mw else measured_min_mw end::double,
    case when is_peak then measured_peak_local else measured_min_local end,
    case when is_peak then peak_mw else min_mw end::double,
    greatest(abs(peak_mw), abs(min_mw))::double
from (
    select *, peak_mw is null or measured_peak_mw > peak_mw or measured_min_mw = min_mw as is_peak
    from planner_figures
    where grain = 'all' and implausible_count > 0
)
order by feeder = 'total', greatest(abs(measured_peak_mw), abs(measured_min_mw)) desc, feeder
