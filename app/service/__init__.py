"""The running service below its faces."""
