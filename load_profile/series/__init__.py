"""Check one CSV series, of any origin: what is in it and what is missing. Knows no warehouse."""
