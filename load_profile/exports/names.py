"""Names of feeders as other programs take them."""

import re

from load_profile.files.cells import text
from load_profile.publish.marts import as_literal


def plain(name: str) -> str:
    """A feeder's name without what OpenDSS and files take for something else."""
    return re.sub(r"[^\w-]", "_", name)


def cell(name: str) -> str:
    """SQL for a feeder's name as a cell of a CSV file."""
    return text(as_literal(name))
