"""Prices and what they are made of."""
