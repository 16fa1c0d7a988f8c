"""Files in, raw tables out. Imports no Dagster and knows nothing of dbt's models."""
