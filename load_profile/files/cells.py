"""SQL that turns a value into a cell of a CSV file. Knows forms of text, no file and no table."""

NEEDS_QUOTES = ',"#\r\n'
# A spreadsheet runs a text that begins so as a formula, in wide letters (the last four) too. With
# the guard before it, it is a text. A number is never touched.
RUN_BY_SPREADSHEETS, GUARD = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", "'"
# each power of feeder_profiles, and the raw value that times mw_per_unit is nearly always equal
RAW_OF = {
    "mw_del": "del_raw",
    "mw_rec": "rec_raw",
    "mva_del": "kva_del_raw",
    "mva_rec": "kva_rec_raw",
    "mw_net": "(del_raw - rec_raw)",
    "mw_gross": "(del_raw + rec_raw)",
    "mva_net": "greatest(kva_del_raw, kva_rec_raw)",
    "mva_net_min": "greatest(kva_del_raw, kva_rec_raw)",
    "mva_gross": "(kva_del_raw + kva_rec_raw)",
}


def six_decimals(column: str) -> str:
    """Return SQL for a decimal with six decimals, rounded half away from zero.

    Dividing a wide decimal is slow. A double is rounded quickly, and where the result is exactly
    the value, as nearly always, it is right.
    """
    quick = f"try_cast(cast({column} as double) as decimal(18, 6))"
    exact = f"cast({column} as decimal(38, 6))"
    return f"case when {quick} = {column} then {quick}::varchar else {exact}::varchar end"


def guess_power(column: str) -> str:
    """Return SQL for a power as a short decimal, which is nearly always equal to it."""
    return f"try_cast(cast({RAW_OF[column]} as double) * mw_per_unit as decimal(18, 6))"


def power(column: str) -> str:
    """Return SQL for a power of feeder_profiles with six decimals, quick as a rule."""
    guess = guess_power(column)
    return f"case when {guess} = {column} then {guess}::varchar else {six_decimals(column)} end"


def text(column: str) -> str:
    """Return SQL for a cell of text: guarded if a spreadsheet would run it, quoted if needed."""
    return _quoted(f"({guarded(column)})")


def guarded(column: str) -> str:
    """Return SQL for a text that no spreadsheet runs."""
    starts = ", ".join(f"chr({ord(sign)})" for sign in RUN_BY_SPREADSHEETS)
    guard = f"chr({ord(GUARD)}) || {column}"
    return f"case when left({column}, 1) in ({starts}) then {guard} else {column} end"


def _quoted(column: str) -> str:
    has_one = " or ".join(f"contains({column}, chr({ord(sign)}))" for sign in NEEDS_QUOTES)
    return f"""case when {column} = '' or {has_one}
        then '"' || replace({column}, '"', '""') || '"' else {column} end"""


def line(*cells: str) -> str:
    """Return SQL for a line of cells; an unknown value is an empty one."""
    return "concat(" + ", ',', ".join(cells) + ")"


def csv_header(*names: str) -> str:
    """Return the line of names, guarded and quoted likewise; none of them has quotes in itself."""
    names = (GUARD * (name[0] in RUN_BY_SPREADSHEETS) + name for name in names)
    return ",".join(f'"{name}"' if set(name) & set(NEEDS_QUOTES) else name for name in names)
