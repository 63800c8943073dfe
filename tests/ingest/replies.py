"""Replies in the shapes the services were seen to send; the numbers are made up."""

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "fixtures"


def reply(name: str) -> Any:
    """Return a fixture, fresh for every test to spoil."""
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))
