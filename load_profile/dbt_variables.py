"""The dbt variables that a run may set, and their allowed values. Knows neither dbt nor Dagster.

Their values are written into SQL, so that nothing else than these may reach dbt.
"""

from collections.abc import Mapping
from enum import Enum

from ingest.meter_rows import is_zone


class NetConvention(Enum):
    """What net power is: delivered - received, or their sum as in the older tool."""

    signed = "signed"
    gross = "gross"


NAMES = ("full_tests", "net_convention", "system_timezone")


def check_variables(values: Mapping[str, object]) -> dict[str, str]:
    """The same variables as texts; raises ValueError that says what is allowed."""
    if set(values) - set(NAMES):
        wrong = ", ".join(sorted(str(name) for name in set(values) - set(NAMES)))
        raise ValueError(f"{wrong}: allowed are {', '.join(NAMES)}.")
    conventions = [convention.value for convention in NetConvention]
    if values.get("net_convention", "signed") not in conventions:
        wrong, allowed = values["net_convention"], ", ".join(conventions)
        raise ValueError(f"net_convention {wrong!r}: allowed are {allowed}.")
    if not isinstance(values.get("full_tests", True), bool):
        raise ValueError(f"full_tests {values['full_tests']!r}: allowed are true, false.")
    zone = values.get("system_timezone", "")
    if zone and not (isinstance(zone, str) and is_zone(zone)):
        allowed = "an IANA zone such as America/Denver"
        raise ValueError(f"system_timezone {zone!r}: allowed is {allowed}.")
    return {name: str(value) for name, value in values.items()}
