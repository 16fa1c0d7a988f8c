-- one row if the total has an interval that starts then: its three kinds, and who is missing
select
    case
        when feeders_missing > 0 then 'M'
        when feeders_estimated > 0 then 'S'
        when feeders_edited > 0 then 'E'
        else 'A'
    end as status,
    mw_final as final_mw,
    mw_final_low as low_mw,
    mw_final_high as high_mw,
    mw_strict as measured_mw,
    mw_partial as partial_mw,
    feeders_expected,
    missing_feeders
from final_totals
where interval_start_at = $at
