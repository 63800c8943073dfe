"""The service with a planner that fails: ``python -m tests.faulty_service serve``."""

import sys
from functools import partial

from app import cli
from app.plans import process as planner_process

FAULTY = (sys.executable, "-m", "tests.faulty_worker")
# Of a test: a plan takes 0.2 s where nothing else runs.
LIMIT_SECONDS = 4

if __name__ == "__main__":
    planner_process.PlannerProcess = partial(  # type: ignore[assignment,misc]
        planner_process.PlannerProcess, command=FAULTY, limit_seconds=LIMIT_SECONDS
    )
    cli.main()
