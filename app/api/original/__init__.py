"""The original Darkstar's routes that clients still ask."""
