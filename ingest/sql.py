"""Read long SQL from the `.sql` files below the module that runs it. Runs none."""

from functools import cache
from pathlib import Path


@cache
def sql_beside(module_file: str, name: str) -> str:
    """Return the text of `<name>.sql`, a path below the folder of a module's `__file__`."""
    return (Path(module_file).parent / f"{name}.sql").read_text(encoding="utf-8")
