"""Plots below lp/plots: `catalog` lists them, a module each reads its tables and draws them.

A new plot is a module with `read` (tables to data frames) and `draw` (data frames to a figure),
its queries in `.sql` files that begin with the module's name, and a line in `catalog`.
"""
