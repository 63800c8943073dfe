"""The state of the home at the start of a run, and how far it can be believed."""
