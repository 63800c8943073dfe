"""Themes: chosen, shown, served."""
