"""Manual actions over REST and on pages."""
