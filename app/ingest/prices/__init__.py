"""One module a price source, each giving one whole delivery day or a reason."""
