"""What controllers read by SQL: one row at every instant, never a stale one that looks fresh."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import now, slot_floor
from app.core.frames import SLOT
from app.core.shipped import SHIPPED
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import CurrentSlot
from tests.db.publishing import publish, schedule_from

DOC = (SHIPPED / "docs" / "controller.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"```sql\n(.*?);\n```", DOC, re.DOTALL)


async def read(engine: AsyncEngine, statement: str, *before: str) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        for each in before:
            await connection.execute(text(each))
        return [dict(row) for row in (await connection.execute(text(statement))).mappings()]


async def plan_now(engine: AsyncEngine) -> dict[str, Any]:
    [row] = await read(engine, "SELECT * FROM plan_now")
    return row


def instant(value: Any) -> datetime:
    """Both databases' idea of a UTC column, without its zone."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


async def published(engine: AsyncEngine) -> datetime:
    """Publish a plan around now; return the start of the slot that was in progress then."""
    start = slot_floor(now())
    await publish(engine, schedule_from(start - SLOT, 8), today=start - SLOT)
    return start


async def test_before_any_plan_the_one_row_says_safe(engine: AsyncEngine) -> None:
    row = await plan_now(engine)
    assert (row["action"], row["plan_valid"], row["reason"]) == ("safe", 0, "no_valid_plan")
    assert [row[f"{name}_kw"] for name in ("charge", "discharge", "export", "water")] == [0] * 4
    assert row["soc_target"] is row["valid_until"] is row["plan_age_seconds"] is None


async def test_the_row_is_that_of_the_slot_in_progress(engine: AsyncEngine) -> None:
    start = await published(engine)
    row = await plan_now(engine)
    begun = instant(row["slot_start"])
    # A new slot may have begun while the plan was written.
    assert begun in {(start + SLOT * n).replace(tzinfo=None) for n in range(2)}
    async with session_scope(make_sessions(engine)) as session:
        slot = await session.get(CurrentSlot, begun.replace(tzinfo=start.tzinfo))
    assert slot is not None
    assert (row["plan_valid"], row["action"]) == (1, slot.classification)
    for name in ("soc_target", "charge_kw", "water_kw", "import_price_per_kwh", "reason_text"):
        assert row[name] == getattr(slot, name), name
    assert instant(row["valid_until"]) == slot.valid_until.replace(tzinfo=None)
    age = now() - (start - SLOT)
    assert abs(row["plan_age_seconds"] - age.total_seconds()) < 60
    assert (row["currency"], row["timezone"]) == ("SEK", "Europe/Stockholm")


async def test_an_expired_row_is_no_row(engine: AsyncEngine) -> None:
    start = await published(engine)
    async with session_scope(make_sessions(engine)) as session:
        await session.execute(update(CurrentSlot).values(valid_until=start - SLOT))
    row = await plan_now(engine)
    assert (row["action"], row["plan_valid"], row["charge_kw"]) == ("safe", 0, 0)
    assert row["slot_start"] is None


async def test_a_plan_that_has_ended_leaves_safe(engine: AsyncEngine) -> None:
    start = slot_floor(now()) - timedelta(days=1)
    await publish(engine, schedule_from(start, 8), today=start)
    assert (await plan_now(engine))["action"] == "safe"


@contextmanager
def machine_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        yield
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_local_columns_are_those_of_the_session(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(engine)
    lite = engine.dialect.name == "sqlite"
    before = () if lite else ("SET time_zone = '-03:00'",)
    # The sign of such a zone name is the other way round.
    with machine_in("Etc/GMT+3", monkeypatch):
        ahead = await read(engine, "SELECT * FROM current_schedule_local", *before)
        [row] = await read(engine, "SELECT * FROM plan_now", *before)
    assert len(ahead) == 8
    for each in [*ahead, row]:
        for name in ("slot_start", "slot_end", "valid_until"):
            local = instant(each[f"{name}_local"])
            assert local == instant(each[name]) - timedelta(hours=3), name


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text.split()[1].strip(","))
async def test_the_documented_statements_run_as_they_stand(
    engine: AsyncEngine, statement: str
) -> None:
    await published(engine)
    rows = await read(engine, statement)
    assert rows
    assert all(row["valid_until"] is not None for row in rows)


def test_the_documentation_has_statements() -> None:
    assert len(STATEMENTS) == 2


async def test_a_view_asks_the_readers_own_rights(mariadb_engine: AsyncEngine) -> None:
    # Otherwise it would fail once the user that made it is gone.
    rows = await read(
        mariadb_engine,
        "SELECT table_name, security_type FROM information_schema.views "
        "WHERE table_schema = DATABASE()",
    )
    kinds = {row["table_name"]: row["security_type"] for row in rows}
    assert kinds["plan_now"] == kinds["current_schedule_local"] == "INVOKER"
