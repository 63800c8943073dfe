"""The wizard of a new home."""
