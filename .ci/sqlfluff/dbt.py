"""What sqlfluff takes for dbt's own macros: the linted SQL is DuckDB's."""

from collections.abc import Iterable


def dateadd(datepart: str, interval: object, moment: str) -> str:
    """A moment that many parts later."""
    return f"{moment} + {interval} * interval 1 {datepart}"


def datediff(first: str, second: str, datepart: str) -> str:
    """How many parts begin from one moment to another."""
    return f"date_diff('{datepart}', {first}, {second})"


def array_construct(entries: Iterable[object]) -> str:
    """A list of values."""
    return f"[{', '.join(map(str, entries))}]"
