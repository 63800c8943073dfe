"""Fixtures of the tests through the running service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.connection.engine import close
from tests.fakes import FakeUpstreams


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[FakeUpstreams, dict[str, str]]]:
    """A home with every source configured, no demo data allowed."""
    config = tmp_path / "config.yaml"
    config.write_text("demo_home: false\n")
    with FakeUpstreams() as fakes:
        environ = fakes.environment() | {
            "DARKSTAR_CONFIG": str(config),
            "DARKSTAR_DATA_DIR": str(tmp_path),
        }
        yield fakes, environ


@pytest.fixture
async def fresh_url(engine: AsyncEngine, database_url: str) -> str:
    """A database without the runs and actions of other tests, on SQLite and on MariaDB."""
    await close(engine)
    return database_url
