"""Weather and irradiance."""
