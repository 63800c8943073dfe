"""What can be asked about planning runs: how two differ, why a slot does what it does, again."""
