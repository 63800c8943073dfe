"""Darkstar Energy Manager: a day-ahead planner for a home's battery and water heater."""

import os

__version__ = "0.1.0"

# A plan has 200 rows: one thread plans it 5 % faster than two, and leaves the other to the server.
# Both must be set before Polars is first imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
# What it frees goes back at once, from one heap: its memory comes in bursts, a plan an hour.
os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0")
