"""Read long SQL from the `.sql` file beside the module that runs it. Runs none."""

from functools import cache
from pathlib import Path


@cache
def sql_beside(module_file: str, name: str) -> str:
    """Return the text of `<name>.sql` in the folder of a module, given by its `__file__`."""
    return Path(module_file).with_name(f"{name}.sql").read_text(encoding="utf-8")
