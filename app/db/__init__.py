"""Engine, models and repositories; the caller owns every transaction."""
