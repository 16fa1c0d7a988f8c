"""OpenDSS: one CSV and one LoadShape for each series, in kW and, where it is known, kvar."""

from load_profile.exports.export import Job
from load_profile.exports.names import plain

KVAR_BOUND = "sqrt(greatest(kva::double ** 2 - kw::double ** 2, 0))::decimal(18, 6)"
NOTE = "kvar is the most that kVA allows, with the sign of a load; its true sign is unknown"


def write(job: Job) -> None:
    """Write values as OpenDSS takes them with useactual=yes, and the script that loads them."""
    shapes = []
    for series in job.series():
        flows = {"": "kw"}
        if job.options.both:
            flows = {"_del": "kw_del", "_rec": "kw_rec"}
        for end, kw in flows.items():
            name = plain(series.name) + end
            line, source, more = f"{kw}::varchar", "csvfile", {}
            if kw == "kw" and series.has_kvar:
                line, source = "concat(kw, ',', kvar)", "pqcsvfile"
            elif kw == "kw" and job.options.kvar_bound and series.has_kva:
                line, source = f"concat(kw, ',', {KVAR_BOUND})", "pqcsvfile"
                more = {"kvar": NOTE}
            with job.file(f"{name}.csv", [series], **more) as file:
                file.write(job.text(line))
            shapes.append(
                f"New LoadShape.{name} npts={series.expected} minterval={series.minutes} "
                f"{source}={name}.csv useactual=yes\n"
            )
    if shapes:
        with job.file("loadshapes.dss") as file:
            file.writelines(shapes)
