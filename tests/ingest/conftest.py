"""Fixtures of the ingest tests."""

import pytest

from app.ingest.http import client as http


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Retries do not sleep; the list tells how long each would have waited, in seconds."""
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(http, "pause", pause)
    return waits
