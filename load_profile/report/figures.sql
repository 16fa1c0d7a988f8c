-- columns of several tables: what everybody asks for first
    peak_mw as "peak (MW)",
    peak_local as "peak at",
    case when measured_peak_mw is distinct from peak_mw then measured_peak_mw end
        as "measured peak (MW)",
    case when measured_peak_mw is distinct from peak_mw then measured_peak_local end
        as "measured peak at",
    nullif(implausible_count, 0) as "left out",
    min_mw as "minimum (MW)",
    min_local as "minimum at",
    net_mwh as "net (MWh)",
    del_mwh as "delivered (MWh)",
    rec_mwh as "received (MWh)",
    load_factor as "load factor",
    100 * completeness as "complete (%)",
