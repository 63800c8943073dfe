"""What one entity's day and the home's books tell."""
