"""Queries whose rows both the terminal and the report show."""

from ingest.sql import sql_beside

FILES, WHOLE, CORRECTIONS, CONFLICTS = (
    sql_beside(__file__, name) for name in ("files", "whole", "corrections", "conflicts")
)
