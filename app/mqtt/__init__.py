"""The broker's face of the service."""
