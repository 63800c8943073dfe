"""What the command line asks of a running service, or does without one."""
