"""What sqlfluff takes for dbt's `adapter`: the linted SQL is DuckDB's."""

from collections.abc import Callable

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro: str, package: str = "") -> Callable[..., str]:
    """Find a macro as DuckDB says it."""
    return context.resolve(f"duckdb__{macro}")
