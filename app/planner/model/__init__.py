"""What the planner reasons about: the home's limits, levels, and the value of energy."""
