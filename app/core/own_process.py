"""How a process of ours is started beside the service: our own interpreter, none of our secrets."""

import os
import sys
from pathlib import Path


def command(module: str) -> tuple[str, ...]:
    """Return what runs a module of ours."""
    return (sys.executable, "-m", module)


def environment() -> dict[str, str]:
    """Return the environment without our settings, tokens among them."""
    home = str(Path(__file__).resolve().parent.parent.parent)
    known = {key: value for key, value in os.environ.items() if not key.startswith("DARKSTAR_")}
    path = os.pathsep.join(filter(None, (home, known.get("PYTHONPATH"))))
    return known | {"PYTHONPATH": path}
