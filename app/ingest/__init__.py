"""Clients and transformations that bring prices, forecasts and home state in."""
