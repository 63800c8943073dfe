"""The plan as a table."""
