"""Darkstar Energy Manager: a day-ahead planner for a home's battery and water heater."""

import os

__version__ = "0.1.0"

# A plan has 200 rows: one thread plans it 5 % faster than two, and leaves the other to the server.
# It must be set before Polars is first imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
