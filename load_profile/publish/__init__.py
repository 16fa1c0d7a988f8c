"""Published versions: marts in DuckDB and Parquet, and how versions differ."""
