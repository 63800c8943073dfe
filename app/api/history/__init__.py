"""Planning runs: listed, read, compared, explained."""
