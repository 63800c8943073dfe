"""The planning passes: pure functions on Polars frames, no I/O and no clock."""
