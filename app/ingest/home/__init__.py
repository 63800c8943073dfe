"""What the home's own sensors say and said."""
