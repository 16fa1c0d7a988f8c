"""Say for each shipped layout of delimited text how its second reader finds times and values."""

from dataclasses import replace

from readers_text import Spec


def classic_spec() -> Spec:
    days = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y")
    times = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", "T%H:%M")
    return Spec(
        (r"record no\..*", "start time", "end time"),
        tuple(day + time for day in days for time in times),
        start=("start time",),
        end=("end time",),
        columns={
            **{"del": ("-1-", "kw_del"), "rec": ("-2-", "kw_rec")},
            **{"kva_del": ("-3-", "kva_del"), "kva_rec": ("-4-", "kva_rec")},
            **{"kvar_del": ("kvar_del",), "kvar_rec": ("kvar_rec",)},
        },
        unit="row",
        delimiters=",;\t",
        numbers=((".", ""), (".", ","), (",", "")),
        trailer=r"((grand )?(total|sum|average|minimum|maximum)s?:?|end of (report|file|data)\.?"
        r"|page \d+( of \d+)?)",
    )


def _ami_columns() -> dict[str, tuple[str, ...]]:
    ways = {"del": "imp|import|del|delivered", "rec": "exp|export|rec|received"}
    found = {}
    for kind, prefix in (("kw", ""), ("kvar", "kvar_"), ("kva", "kva_")):
        for way, words in ways.items():
            before = words.replace("imp|", "").replace("exp|import", "exp")
            found[prefix + way] = tuple(
                rf"{unit}[ _-]?({words})|({before})[ _-]?{unit}" for unit in (kind + "h", kind)
            )
    return found | {"kva_net": ("kvah", "kva")}


CLOCK = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
US = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p")
DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
TAG = r"(?:kwh|mwh|kw|mw|kvarh|mvarh|kvar|mvar|kvah|mvah|kva|mva)"
WAY = r"(?:del|rec|imp|exp|delivered|received|import|export|net)?"
AMI_POINT = r"(meter )?serial( ?(no|number|num))?\.?|meter (no|number)\.?"
AMI_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d-%b-%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")
TIME_NAMES = r"time|timestamp|date ?/? ?time"
SPECS = {
    "ami-head-end": Spec(
        (AMI_POINT, "date|read(ing)? date", "time|read(ing)? time"),
        tuple(d + t for d in AMI_DATES for t in (" %H:%M:%S", " %H:%M")),
        end=("date|read(ing)? date", "time|read(ing)? time"),
        columns=_ami_columns(),
        point=AMI_POINT,
        delimiters=",;\t",
        point_pattern="'?(.+)",
    ),
    "enedis-consumption": Spec(
        ("horodate", "valeur"),
        ("%Y-%m-%dT%H:%M:%S%z",),
        end=("horodate",),
        columns={"del": ("valeur",)},
        above=r'(?m)^"?(\d{14})"?;Courbe de charge;',
        unit="W",
        delimiters=";",
        has_offset=True,
    ),
    "esb-hdf": Spec(
        ("mprn", "meter serial number", "read value", "read type", "read date and end time"),
        ("%d-%m-%Y %H:%M",),
        end=("read date and end time",),
        codes=(
            "read type",
            "read value",
            {
                r"active import interval \(kwh?\)": "del",
                r"active export interval \(kwh?\)": "rec",
            },
        ),
        point="mprn",
        minutes=30,
        zone="Europe/Dublin",
    ),
    "fluvius": Spec(
        (r"van \(?datum\)?", r"van \(?tijdstip\)?", r"tot \(?datum\)?", r"tot \(?tijdstip\)?"),
        ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M"),
        start=(r"van \(?datum\)?", r"van \(?tijdstip\)?"),
        end=(r"tot \(?datum\)?", r"tot \(?tijdstip\)?"),
        codes=(
            "register",
            "volume",
            {"afname( (dag|nacht))?": "del", "injectie( (dag|nacht))?": "rec"},
        ),
        point="ean(-code)?",
        unit="column",
        delimiters=";",
        numbers=((",", ""), (",", ".")),
        point_pattern=r'=?"?(\d+)"?',
        sums_codes=True,
    ),
    "historian-tags": Spec(
        (TIME_NAMES, rf".+[._: -]{TAG}[._ -]?{WAY}"),
        (
            *CLOCK,
            *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%d-%b-%y %H:%M:%S"),
            *("%d-%b-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", *US[:3], *DAY_FIRST),
        ),
        start=(TIME_NAMES,),
        points=rf"(?P<point>.+?)(?:[._: -]|\s*[\[(])(?P<code>(?P<unit>{TAG})[._ -]?{WAY})[\])]?",
        unit="header row",
        delimiters=",;\t",
        numbers=((".", ""), (",", "")),
    ),
    "ion-log": Spec(
        (
            r"(local time|timestamp|date/time|date time)( \(.*\))?",
            r"kwh del( int)?( \(.*\))?",
        ),
        (*CLOCK, "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", *US, *DAY_FIRST),
        end=(r"(local time|timestamp|date/time|date time)( \(.*\))?",),
        columns={
            **{
                q: (rf"{name} int( \(.*\))?",)
                for q, name in (
                    ("del", "kwh del"),
                    ("rec", "kwh rec"),
                    ("kvar_del", "kvarh del"),
                    ("kvar_rec", "kvarh rec"),
                    ("kva_del", "kvah del"),
                    ("kva_rec", "kvah rec"),
                )
            },
            **{f"kvar_q{n}": (rf"kvarh q{n} int( \(.*\))?",) for n in (1, 2, 3, 4)},
        },
        unit="kWh",
        delimiters=",;\t",
    ),
    "meter-columns": Spec(
        (rf"{TIME_NAMES}|datetime|interval start|start time",),
        (
            *CLOCK,
            *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"),
            *(*US, *DAY_FIRST),
        ),
        start=(rf"{TIME_NAMES}|datetime|interval start|start time",),
        points=r"(?P<point>.+?)(?:\s*[\[(](?P<unit>[^\])]*)[\])])?",
        unit="header row",
        delimiters=",;\t",
        numbers=((".", ""), (",", "")),
        trailer="((grand )?(total|sum|average|mean|minimum|min|maximum|max)s?"
        "|summe|mittelwert|gesamt):?",
    ),
    "pge-usage": Spec(
        ("type", "date", "start time", "end time", r"(usage|import)( \(kwh\))?"),
        ("%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M"),
        start=("date", "start time"),
        end=("date", "end time"),
        columns={
            "net": (r"usage( \(kwh\))?",),
            "del": (r"import( \(kwh\))?",),
            "rec": (r"export( \(kwh\))?",),
        },
        unit="kWh",
        only=("type", "electric usage"),
        has_last_minute=True,
    ),
    "pnpscada-energy": Spec(
        ("time", r"p1 \(kwh\)"),
        CLOCK,
        end=("time",),
        columns={
            "del": (r"p1 \(kwh\)",),
            "rec": (r"p2 \(kwh\)",),
            "kva_net": (r"s \(kvah\)",),
        },
        above=r'(?im)^"?pnpscada\.com"? *, *"?([^",\n]+)"?(?: *, *"?[A-Za-z]+/\w+"?)? *$',
        unit="kWh",
    ),
    "pnpscada-profile": Spec(
        ("rdate", "rtime", r"kwh\+?"),
        CLOCK,
        start=("rdate", "rtime"),
        columns={"del": ("kwh", r"kwh\+")},
        section=r'^,?\s*"?(?P<point>[^",]+)"?\s*,\s*"?\d{4}-\d\d-\d\d"?\s*,\s*"?\d{4}-\d\d-\d\d"?,*\s*$',
        unit="kWh",
    ),
    "sce-usage": Spec(
        (
            "energy (delivered|received) time period",
            r"usage (delivered|received)( ?\(real energy in kilowatt-hours\))*",
        ),
        ("%Y-%m-%d %H:%M:%S",),
        start=("energy (delivered|received) time period",),
        columns={
            "del": (r"usage delivered( ?\(real energy in kilowatt-hours\))*",),
            "rec": (r"usage received( ?\(real energy in kilowatt-hours\))*",),
        },
        separator=" to ",
        unit="kWh",
        trailer="data for period.*|meter number.*|for location.*",
    ),
    "sdge-meter": Spec(
        ("meter number", "date", "start time", "duration", "consumption"),
        ("%m/%d/%Y %I:%M %p", "%Y-%m-%d %I:%M %p"),
        start=("date", "start time"),
        columns={"del": ("consumption",), "rec": ("generation",)},
        point="meter number",
        minutes_column="duration",
        unit="kWh",
    ),
    "smt-interval": Spec(
        ("esiid", "usage_date", "usage_start_time", "usage_end_time", "usage_kwh"),
        ("%m/%d/%Y %H:%M",),
        start=("usage_date", "usage_start_time"),
        end=("usage_date", "usage_end_time"),
        codes=(
            "consumption_surplusgeneration",
            "usage_kwh",
            {"consumption": "del", "surplus generation": "rec"},
        ),
        point="esiid",
        unit="kWh",
        point_pattern=r"'?(\d+)",
        zone="America/Chicago",
    ),
    "swiss-lastgang": Spec(
        ("datum", "periode ab", "kwh?"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y %H:%M", "%Y-%m-%d %H:%M"),
        start=("datum", "periode ab"),
        columns={"del": ("kwh?",)},
        delimiters=";",
        numbers=((".", ""), (".", "'"), (".", "\u2019"), (",", ""), (",", "'"), (",", "\u2019")),
        trailer="(total|summe|maximum|minimum|mittelwert):?",
    ),
}
SPECS["enedis-production"] = replace(SPECS["enedis-consumption"], columns={"rec": ("valeur",)})
SPECS["pnpscada-power"] = replace(
    SPECS["pnpscada-energy"],
    header=(r"p1? \(per kw\)", "date", "time", "status"),
    end=("date", "time"),
    columns={
        "del": (r"p1? \(per kw\)",),
        "rec": (r"p2 \(per kw\)",),
        "kva_net": (r"s \(per kva\)",),
    },
    unit="kW",
)
