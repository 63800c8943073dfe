"""The planning passes in their order, and what they share."""
