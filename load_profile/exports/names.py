"""Names of feeders as other programs take them."""

import re


def plain(name: str) -> str:
    """A feeder's name without what OpenDSS and files take for something else."""
    return re.sub(r"[^\w-]", "_", name)
