"""How energy is valued and the heater placed: the exact engine and the cascade."""
