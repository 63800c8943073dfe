"""The configuration as files: read, checked, changed, taken over, put in force."""
