"""Why a slot does what it does, read off the finished plan."""
