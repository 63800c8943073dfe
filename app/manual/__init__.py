"""What the owner asks for by hand."""
