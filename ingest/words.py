"""Words of messages, plots and reports. Imports nothing."""


def counted(count: int, noun: str) -> str:
    """`1 gap`, `2,976 gaps`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
