"""The sensor doctor: whether what Home Assistant says about the last 24 hours makes sense."""
