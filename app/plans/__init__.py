"""Plans made, published, kept, read again, compared."""
