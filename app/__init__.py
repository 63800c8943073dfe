"""Darkstar Energy Manager: a day-ahead planner for a home's battery and water heater."""

__version__ = "0.1.0"
