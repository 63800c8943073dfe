"""The tables, their column types, and the metadata they share."""
