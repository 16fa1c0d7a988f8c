"""Columns of the files below lp/: the name in the header, and SQL for the text of a cell."""

from load_profile.files.cells import power, six_decimals, text

TIME = "'%m/%d/%y %H:%M:%S'"
UTC = "'%Y-%m-%dT%H:%M:%SZ'"  # ISO 8601: the hour that a clock has twice in autumn

# lp/<feeder>.csv
PROFILE = {
    "meter": text("meter"),
    "Record No.": "record_no::varchar",
    "Event Type": text("event_type"),
    "Start Time": f"strftime(start_local, {TIME})",
    "End Time": f"strftime(end_local, {TIME})",
    "kw_del": "del_raw::varchar",
    "kw_rec": "rec_raw::varchar",
    "kva_del": "kva_del_raw::varchar",
    "kva_rec": "kva_rec_raw::varchar",
    "MW_del": power("mw_del"),
    "MW_rec": power("mw_rec"),
    "MVA_del": power("mva_del"),
    "MVA_rec": power("mva_rec"),
    "MW_net": power("mw_net"),
    "MVA_net": power("mva_net"),
    "PF_net": "cast(pf_net as decimal(9, 6))::varchar",
    "start_utc": f"strftime(interval_start_at, {UTC})",
}
# at the end of a line, and only of feeders that have kvar: files of all others stay as they were,
# for programs that count columns, and for comparing them byte by byte
REACTIVE = {
    "MVAR_del": six_decimals("mvar_del"),
    "MVAR_rec": six_decimals("mvar_rec"),
    "MVAR_net": six_decimals("mvar_net"),
    "PF_net_signed": "cast(pf_net_signed as decimal(9, 6))::varchar",
}
# lp/all.csv: MEMBER for each feeder, then TOTAL
MEMBER = {name: PROFILE[name] for name in ("MW_net", "MVA_net", "PF_net")}
TOTAL = {
    "MW_total": six_decimals("mw_total"),
    "MVA_total": six_decimals("mva_total"),
    "PF_total": "cast(pf_total as decimal(9, 6))::varchar",
    "MW_net": six_decimals("mw_total"),
    "start_utc": PROFILE["start_utc"],
}
# at the end of a line if a feeder has kvar: REACTIVE_MEMBER for each that has, REACTIVE_TOTAL
REACTIVE_MEMBER = {"MVAR_net": REACTIVE["MVAR_net"]}
REACTIVE_TOTAL = {
    "MVAR_total": six_decimals("mvar_total"),
    "MVA_total_vector": six_decimals("mva_total_vector"),
    "PF_total_vector": "cast(pf_total_vector as decimal(9, 6))::varchar",
}
# lp/<feeder>_final.csv
FINAL = {
    "Start Time": PROFILE["Start Time"],
    "start_utc": PROFILE["start_utc"],
    "MW_del": six_decimals("mw_del"),
    "MW_rec": six_decimals("mw_rec"),
    "MW_net": six_decimals("mw_net"),
    "MVA_net": six_decimals("mva_net"),
    "PF_net": PROFILE["PF_net"],
    "status": "status",
    "method": "method",
    "MVA_status": "mva_status",
}
# lp/all_final.csv: FINAL_MEMBER for each feeder, then FINAL_TOTAL
FINAL_MEMBER = {name: FINAL[name] for name in ("MW_net", "status")}
FINAL_TOTAL = {
    "MW_total_final": six_decimals("mw_final"),
    "MW_total_strict": six_decimals("mw_strict"),
    "MW_total_partial": six_decimals("mw_partial"),
    "estimated": "feeders_estimated::varchar",
    "missing": "feeders_missing::varchar",
}
# lp/<feeder>_gaps.csv and lp/all_gaps.csv
GAP = {
    "gap_start": f"strftime(gap_start_local, {TIME})",
    "gap_end": f"strftime(gap_end_local, {TIME})",
    "gap_duration": """format('{} days {:02d}:{:02d}:00',
        gap_minutes // 1440, gap_minutes // 60 % 24, gap_minutes % 60)""",
    "gap_start_utc": f"strftime(gap_start_at, {UTC})",
    "gap_end_utc": f"strftime(gap_end_at, {UTC})",
}
# lp/monthly.csv
MONTHLY = {
    "feeder": text("feeder"),
    "month": "strftime(period_start, '%Y-%m')",
    "peak_mw": six_decimals("peak_mw"),
    "peak_start": f"strftime(peak_local, {TIME})",
    "peak_start_utc": f"strftime(peak_at, {UTC})",
    "measured_peak_mw": six_decimals("measured_peak_mw"),
    "measured_peak_start": f"strftime(measured_peak_local, {TIME})",
    "measured_peak_start_utc": f"strftime(measured_peak_at, {UTC})",
    "implausible_count": "implausible_count::varchar",
    "min_mw": six_decimals("min_mw"),
    "min_start": f"strftime(min_local, {TIME})",
    "min_start_utc": f"strftime(min_at, {UTC})",
    "timezone": "timezone",
    "delivered_mwh": six_decimals("del_mwh"),
    "received_mwh": six_decimals("rec_mwh"),
    "net_mwh": six_decimals("net_mwh"),
    "load_factor": "cast(load_factor as decimal(9, 6))::varchar",
    "completeness": "cast(completeness as decimal(9, 6))::varchar",
    "period_share": "cast(period_share as decimal(9, 6))::varchar",
    "is_lower_bound": "is_lower_bound::varchar",
}
# at the end of a line if a feeder has kvar
REACTIVE_MONTHLY = {
    "delivered_mvarh": six_decimals("del_mvarh"),
    "received_mvarh": six_decimals("rec_mvarh"),
    "net_mvarh": six_decimals("net_mvarh"),
    "power_factor_vector": "cast(power_factor_vector as decimal(9, 6))::varchar",
}
