"""Make the dbt project package data, which importlib.resources finds. Holds no code."""
