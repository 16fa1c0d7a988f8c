-- |P_net| <= S_net,min <= S_net <= S_del + S_rec (IEEE 1459). Where the meter rounded kVA below kW
-- the kW bound holds and the kVA bound cannot, so those intervals are left out of it; so are
-- those of which kvar makes the apparent power of the net, as kVA may contradict it
-- (detect_kva_kvar_conflict).
select
    feeder,
    interval_start_at,
    mw_net,
    mva_net_min,
    mva_net,
    mva_gross
from {{ ref('feeder_profiles') }}
where {{ is_untested('feeder_profiles', 'interval_start_at') }} and (
    (mva_net is null and mw_net is not null and mva_gross is not null)
    or (mva_net is not null and mva_gross is null and mvar_net is null)
    or (mvar_net is not null and mw_net is not null and mva_net_min is null)
    {% if var('net_convention') == 'signed' %}
        or abs(mw_net) > mva_net_min
        or (mvar_net is not null and mva_net <> mva_net_min)
    {% endif %}
    or (
        not kva_below_kw and mvar_net is null
        -- 1 mVA: a root is rounded to nine decimals of MVA, the measured values are not
        and (mva_net_min > mva_net + 0.000000001 or mva_net > mva_gross + 0.000000001)
    )
)
