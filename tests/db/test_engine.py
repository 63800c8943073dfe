"""Which database, what it is called, and what happens when it does not answer."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import uvloop
from pydantic import SecretStr
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.errors import DatabaseUnavailableError, SettingsError
from app.db import plans
from app.db.connection import lock, migrate
from app.db.connection.engine import (
    close,
    database_label,
    make_engine,
    make_sessions,
    resolve_url,
    session_scope,
)
from app.db.connection.faults import is_transient, translated
from app.db.tables.columns import NaiveTimeError
from app.db.tables.models import Observation
from app.settings import Database, MariaDb, Settings
from tests.db.publishing import MIDNIGHT, ZONE, publish_run, schedule_from
from tests.gate import free_port, gate


def at(url: str) -> Settings:
    return Settings(database=Database(url=SecretStr(url)))


def observation(**changes: object) -> Observation:
    values = {
        "name": "soc_percent",
        "observed_at": MIDNIGHT,
        "value": 50.0,
        "unit": "%",
        "source": "test",
        "quality": "live",
    }
    return Observation(**{**values, **changes})


def test_sqlite_in_the_data_directory_is_the_default(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    assert str(resolve_url(settings)) == f"sqlite+aiosqlite:///{tmp_path}/darkstar.db"
    assert database_label(settings) == f"SQLite ({tmp_path}/darkstar.db)"


def test_mariadb_parts_make_an_address_and_the_url_wins_over_them() -> None:
    parts = MariaDb(host="nas", user="me", password=SecretStr("p@ss/word"), database="home")
    url = resolve_url(Settings(mariadb=parts))
    assert (url.drivername, url.host, url.port) == ("mariadb+asyncmy", "nas", 3306)
    assert (url.password, url.database) == ("p@ss/word", "home")
    assert database_label(Settings(mariadb=parts)) == "MariaDB home at nas:3306"
    both = Settings(mariadb=parts, database=Database(url=SecretStr("sqlite:///x.db")))
    assert database_label(both) == "SQLite (x.db)"


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mysql+asyncmy"])
def test_any_mariadb_address_gets_the_async_driver(scheme: str) -> None:
    url = resolve_url(at(f"{scheme}://me:secret@nas/home"))
    assert url.drivername == "mariadb+asyncmy"
    assert url.query["charset"] == "utf8mb4"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("hunter2", "not a database address"),
        ("postgresql://me:hunter2@nas/home", "postgresql is not supported"),
        ("mysql://me:hunter2@nas", "names no database"),
        ("sqlite:///:memory:", "names no database"),
    ],
)
def test_an_unusable_address_is_refused_without_repeating_it(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        make_engine(at(url))
    assert "database.url" in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_the_data_directory_is_made(tmp_path: Path) -> None:
    engine = make_engine(Settings(data_dir=str(tmp_path / "new" / "data")))
    await migrate.upgrade(engine)
    await close(engine)
    assert (tmp_path / "new" / "data" / "darkstar.db").exists()


async def test_a_session_speaks_utc_and_keeps_relations(engine: AsyncEngine) -> None:
    asked = {
        "sqlite": ("PRAGMA foreign_keys", 1),
        "mariadb": ("SELECT @@session.time_zone", "+00:00"),
    }
    query, expected = asked[engine.dialect.name]
    async with engine.connect() as connection:
        assert await connection.scalar(text(query)) == expected


async def test_an_absent_database_is_named_quickly_without_its_password() -> None:
    settings = at("mysql://darkstar:hunter2@127.0.0.1:1/darkstar")
    assert database_label(settings) == "MariaDB darkstar at 127.0.0.1:1"
    absent = make_engine(settings)
    began = time.monotonic()
    for ask in (_read, _lock, migrate.upgrade, migrate.current_revision):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await ask(absent)
        assert "hunter2" not in str(caught.value)
    assert time.monotonic() - began < 5
    await close(absent)


async def _read(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine), timeout_seconds=0.5) as session:
        await plans.current(session)


async def _lock(engine: AsyncEngine) -> None:
    async with lock.planner_lock(engine):
        pass


@pytest.mark.mariadb
async def test_a_database_that_stalls_is_given_up_and_taken_back(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(lock, "_RELEASE_SECONDS", 0.5)
    flowing = asyncio.Event()
    flowing.set()
    real, port = make_url(mariadb_url), free_port()
    async with gate(listen=port, host="127.0.0.1", port=real.port or 3306, flowing=flowing):
        engine = make_engine(at(real.set(port=port).render_as_string(hide_password=False)))
        await migrate.upgrade(engine)
        await _read(engine)
        flowing.clear()
        began = time.monotonic()
        for ask in (_read, _lock):
            with pytest.raises(DatabaseUnavailableError, match="in time"):
                await ask(engine)
        assert time.monotonic() - began < 10
        flowing.set()
        await _read(engine)
        await _lock(engine)
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        await close(engine)


@pytest.mark.mariadb
async def test_a_connection_the_server_dropped_is_replaced(mariadb_url: str) -> None:
    engine = make_engine(at(mariadb_url))
    await migrate.upgrade(engine)
    await _read(engine)
    async with engine.connect() as victim, engine.connect() as other:
        number = await victim.scalar(text("SELECT CONNECTION_ID()"))
        await other.execute(text(f"KILL {number}"))
        with pytest.raises(DatabaseUnavailableError) as caught, translated():
            await victim.execute(text("SELECT 1"))
    assert is_transient(caught.value)
    await _read(engine)
    await close(engine)


@contextmanager
def hangs_up() -> Iterator[int]:
    """A forwarder without a server behind it: its port; every connection ends at once."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                listener.accept()[0].close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_forwarder_that_hangs_up_is_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the service's loop the driver finds the socket gone before it has set it up."""
    connected = asyncio.wait_for

    async def late(connecting: Any, timeout: float | None) -> Any:  # noqa: ASYNC109 - as it is called
        made = await connected(connecting, timeout)
        # Until the loop has seen the end, as a busy one does.
        while not made[0].is_closing():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)
        return made

    async def run(port: int) -> None:
        engine = make_engine(at(f"mysql://me@127.0.0.1:{port}/home"))
        for ask in (_read, _lock):
            with pytest.raises(DatabaseUnavailableError, match="closed as soon as it was made"):
                await ask(engine)
        await close(engine)

    monkeypatch.setattr(asyncio, "wait_for", late)
    with hangs_up() as port:
        uvloop.run(run(port))


async def test_a_time_without_zone_is_refused(engine: AsyncEngine) -> None:
    naive = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - that is the point
    with pytest.raises(NaiveTimeError, match="no time zone"):
        async with session_scope(make_sessions(engine)) as session:
            session.add(observation(observed_at=naive))


@pytest.mark.parametrize("off", [timedelta(seconds=1), timedelta(minutes=5)])
async def test_a_slot_off_the_quarter_is_refused(engine: AsyncEngine, off: timedelta) -> None:
    with pytest.raises(NaiveTimeError, match="not on a quarter"):
        async with session_scope(make_sessions(engine)) as session:
            await publish_run(session, 1, schedule_off_by(off), seen=0)


def schedule_off_by(off: timedelta) -> pl.DataFrame:
    return schedule_from(MIDNIGHT, 4).with_columns(pl.col("slot_start") + off)


async def test_instants_keep_their_microseconds(engine: AsyncEngine) -> None:
    instant = MIDNIGHT + timedelta(microseconds=654321)
    async with session_scope(make_sessions(engine)) as session:
        session.add(observation(observed_at=instant.astimezone(ZONE)))
    async with session_scope(make_sessions(engine)) as session:
        stored = await session.scalar(select(Observation.observed_at))
    assert stored == instant
    assert stored.tzinfo is UTC


@pytest.mark.parametrize(
    ("code", "transient"), [(1205, True), (1213, True), (2006, True), (2013, True), (1062, False)]
)
def test_only_faults_that_pass_are_worth_another_try(code: int, *, transient: bool) -> None:
    fault = OperationalError("UPDATE", {}, Exception(code, "said the server"))
    with pytest.raises(DatabaseUnavailableError) as caught, translated():
        raise fault
    assert is_transient(fault) is transient
    assert is_transient(caught.value) is transient
    assert "UPDATE" not in str(caught.value)


async def test_sqlite_waits_for_a_writer_then_says_the_file_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.connection.sqlite.BUSY_MS", 100)
    engine = make_engine(Settings(data_dir=str(tmp_path)))
    await migrate.upgrade(engine)
    async with engine.connect() as writer:
        await writer.execute(text("UPDATE plan_pointer SET generation = 7"))
        with pytest.raises(DatabaseUnavailableError, match="locked") as caught:
            async with session_scope(make_sessions(engine)) as session:
                session.add(observation())
        assert is_transient(caught.value)
    await close(engine)


async def test_a_bug_in_the_caller_stays_a_bug(engine: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with session_scope(make_sessions(engine)) as session:
            session.add(observation(value=1 / 0))
    async with session_scope(make_sessions(engine)) as session:
        assert await session.scalar(select(func.count()).select_from(Observation)) == 0


async def test_writers_that_read_first_wait_for_each_other(engine: AsyncEngine) -> None:
    sessions = make_sessions(engine)

    async def count_and_add(number: int) -> None:
        async with session_scope(sessions, writes=True) as session:
            await session.scalar(select(func.count()).select_from(Observation))
            await asyncio.sleep(0.02)
            session.add(observation(name=f"sensor_{number}"))

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(count_and_add(number))
    async with session_scope(sessions) as session:
        assert await session.scalar(select(func.count()).select_from(Observation)) == 8
