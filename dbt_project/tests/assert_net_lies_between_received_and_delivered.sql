-- Net is delivered minus received (IEC 61968): never above what was delivered, never below minus
-- what was received. A flipped sign or a sum of both leaves that range; and a net is known exactly
-- when both directions are.
select
    feeder,
    interval_start_at,
    mw_del,
    mw_rec,
    mw_net
from {{ ref('feeder_profiles') }}
where {{ is_untested('feeder_profiles', 'interval_start_at') }} and (
    (mw_net is null) <> (mw_del is null or mw_rec is null)
    {% if var('net_convention') == 'gross' %}
        or mw_net is distinct from mw_gross
    {% else %}
        or (mw_del >= 0 and mw_rec >= 0 and mw_net not between -mw_rec and mw_del)
    {% endif %}
)
