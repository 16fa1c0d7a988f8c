"""What the command prints of a run, of the files that arrived and of versions."""

from load_profile.terminal.difference import print_difference
from load_profile.terminal.earlier import print_earlier
from load_profile.terminal.files import print_status
from load_profile.terminal.summary import print_summary

__all__ = ["print_difference", "print_earlier", "print_status", "print_summary"]
