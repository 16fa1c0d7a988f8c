-- one row per year and month of the total; the MVA of feeders are added up, whichever way they
-- flow: an upper bound
select
    strftime(period_start, '%Y-%m')[: case grain when 'year' then 4 else 7 end] as period,
    nullif(reverse_mw, 0) as "reverse flow (MW)",
    peak_30min_mw as "peak of 30 min (MW)",
    peak_60min_mw as "peak of 60 min (MW)",
    peak_mva as "peak (MVA), at most",
    peak_mva_local as "apparent peak at",
    peak_mva_pf as "power factor then, at least",
    power_factor as "power factor, at least",
    net_mvarh as "net reactive energy (Mvarh)",
    power_factor_vector as "power factor of the net energies",
    loss_factor as "loss factor",
    coincidence_factor as "coincidence factor",
    diversity_factor as "diversity factor",
    grade
from planner_figures
where grain in ('year', 'month') and feeder = 'total'
order by grain, period_start
