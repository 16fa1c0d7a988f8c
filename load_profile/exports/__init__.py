"""Files that planning tools, spreadsheets and other meter systems load: one module a kind.

A new kind is a module with a `write` and a line in `catalog.py`. Knows the published file, not the
warehouse. An unknown value is never written as a number.
"""
