"""Recorded cases and an independent judge."""
