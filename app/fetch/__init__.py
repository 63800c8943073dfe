"""What is asked of the world for a run: its sources, and whole price days stored."""
