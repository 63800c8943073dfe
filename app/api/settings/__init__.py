"""The pages and routes of the settings."""
