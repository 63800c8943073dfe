"""Fixtures every test may use."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.connection import migrate
from app.db.connection.engine import close, make_engine
from app.plans.process import PlannerProcess
from app.settings import Database, Settings

MARIADB = "127.0.0.1:3306"
HOW_TO_GET_MARIADB = (
    f"MariaDB does not answer at {MARIADB} as root without a password; "
    "install it with: apt-get install mariadb-server"
)


# Half a minute or more each: in `make test-all` only.
SLOW = (
    "tests/planner/test_against_milp.py",
    "tests/browser/test_every_theme.py",
    "tests/api/test_fuzz.py",
    "tests/browser/test_every_page.py",
    "tests/test_recorded_week.py",
    "tests/api/test_planner_faults.py",
    "tests/test_two_days.py",
    "tests/db/test_kill.py",
    "tests/planner/test_manual_semantics.py",
    "tests/planner/test_hysteresis.py",
    "tests/browser/test_live.py",
    "tests/browser/test_setup.py",
)
# Begun first, so that none of them runs alone at the end.
LONGEST = (
    "tests/planner/test_invariants.py",
    "tests/planner/test_explain.py",
    "tests/planner/test_degenerate.py",
    "tests/browser/test_manual.py",
    "tests/browser/test_today.py",
    "tests/plans/test_planner_process.py",
    *SLOW,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow files, and begin with the longest; the rest stays as it is."""
    order = {name: index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.location[0], len(order)))
    for item in items:
        if item.location[0] in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the only loop the service runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the settings of the shell it runs in."""
    for name in [name for name in os.environ if name.startswith("DARKSTAR_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_calm_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be reached is asked again at once: the calm is a second of every planning run."""

    async def pause(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("app.ingest.http.client.pause", pause)


class OnePlanner(PlannerProcess):
    """A planner's process that many services of one test session use, one after the other."""

    def close(self) -> None:
        """Stay for the next service."""

    def close_for_good(self) -> None:
        """End with the session."""
        super().close()


@pytest.fixture(scope="session")
def planner_process() -> Iterator[PlannerProcess]:
    """The planner of every service in this process: to start one takes a second of computing."""
    one = OnePlanner()
    yield one
    one.close_for_good()


@pytest.fixture(autouse=True)
def _one_planner(monkeypatch: pytest.MonkeyPatch, planner_process: PlannerProcess) -> None:
    monkeypatch.setattr("app.plans.process.PlannerProcess", lambda: planner_process)


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A MariaDB database of this session's own; skipped where there is none, never in CI."""
    name = f"darkstar_test_{uuid.uuid4().hex[:10]}"
    try:
        _run_sql(f"CREATE DATABASE {name}")
    except OperationalError:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET_MARIADB)
        pytest.skip(HOW_TO_GET_MARIADB)
    yield f"mariadb+asyncmy://root@{MARIADB}/{name}"
    _run_sql(f"DROP DATABASE {name}")


def _run_sql(statement: str) -> None:
    async def run() -> None:
        engine = create_async_engine(f"mariadb+asyncmy://root@{MARIADB}/mysql")
        try:
            async with engine.connect() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()

    asyncio.run(run())


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Every database test runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/darkstar.db"
    return str(request.getfixturevalue("mariadb_url"))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a freshly migrated database."""
    made = make_engine(Settings(database=Database(url=SecretStr(database_url))))
    await migrate.downgrade(made, "base")
    await migrate.upgrade(made)
    yield made
    await close(made)


@pytest.fixture
async def mariadb_engine(mariadb_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated MariaDB, for what only MariaDB can do."""
    made = make_engine(Settings(database=Database(url=SecretStr(mariadb_url))))
    await migrate.upgrade(made)
    yield made
    await close(made)
