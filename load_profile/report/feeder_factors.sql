-- one row per feeder, the highest peak first: figures that are seldom asked for
select
    feeder,
    nullif(reverse_mw, 0) as "reverse flow (MW)",
    peak_30min_mw as "peak of 30 min (MW)",
    peak_60min_mw as "peak of 60 min (MW)",
    peak_mva as "peak (MVA)",
    peak_mva_local as "apparent peak at",
    peak_mva_pf as "power factor then",
    power_factor as "power factor",
    net_mvarh as "net reactive energy (Mvarh)",
    power_factor_vector as "power factor of the net energies",
    loss_factor as "loss factor",
    100 * utilisation as "utilisation (%)",
    100 * coincident_share as "share of the total's peak (%)"
from planner_figures
where grain = 'all' and feeder <> 'total'
order by peak_mw desc nulls last, feeder
