"""REST endpoints and HTMX pages; the outermost layer."""
