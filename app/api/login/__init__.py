"""Log in, sessions."""
