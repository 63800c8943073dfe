"""Prices, forecasts, measurements, manual actions, and forgetting them in time."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.clock import day_slots
from app.core.errors import FrameError
from app.core.frames import SLOT, UTC_TIME
from app.db import forecasts, manual_actions, observations, plans, prices, retention
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import (
    Base,
    CurrentSlot,
    Forecast,
    HistorySlot,
    ManualAction,
    Observation,
    PlanRun,
    Price,
    SettingChange,
    SupersededPrice,
)
from tests.db.publishing import MIDNIGHT, ZONE, publish, run_start, schedule_from

DAY = date(2026, 3, 29)
ISSUED = datetime(2026, 3, 28, 12, 45, 0, 123456, tzinfo=UTC)


def day_frame(day: date, price: float) -> pl.DataFrame:
    starts = day_slots(day, ZONE)
    values = [price + index / 7 for index in range(len(starts))]
    return pl.DataFrame(
        {"slot_start": starts, "spot_price_per_kwh": values},
        schema={"slot_start": UTC_TIME, "spot_price_per_kwh": pl.Float64()},
    )


async def save_day(
    session: AsyncSession, day: date, frame: pl.DataFrame, *, area: str = "SE4"
) -> None:
    origin = prices.DayOrigin(
        area=area,
        currency="SEK",
        delivery_day=day,
        provider="Nord Pool",
        published_at=ISSUED,
        fetched_at=ISSUED + timedelta(hours=1),
    )
    await prices.save_day(session, origin, frame)


async def load(session: AsyncSession, *, area: str = "SE4") -> pl.DataFrame:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    return await prices.load(
        session, area=area, currency="SEK", start=start, end=start + timedelta(days=60)
    )


async def count(session: AsyncSession, table: type[Base]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_day_of_prices_comes_back_exactly(engine: AsyncEngine) -> None:
    frame = day_frame(DAY, 0.1)
    async with session_scope(make_sessions(engine)) as session:
        await save_day(session, DAY, frame)
        await save_day(session, DAY, day_frame(DAY, 9.0), area="SE3")
    async with session_scope(make_sessions(engine)) as session:
        stored = await load(session)
    assert stored.height == 92
    assert stored.select(frame.columns).equals(frame)
    assert stored.schema == prices.STORED
    assert set(stored["published_at"]) == {ISSUED}
    assert set(stored["fetched_at"]) == {ISSUED + timedelta(hours=1)}


async def test_a_corrected_day_replaces_the_old_one_whole(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine)) as session:
        await save_day(session, DAY, day_frame(DAY, 0.1))
        await save_day(session, DAY + timedelta(days=1), day_frame(DAY + timedelta(days=1), 0.2))
        await save_day(session, DAY, day_frame(DAY, 5.0))
        stored = await load(session)
        known = await prices.days_known(
            session, area="SE4", currency="SEK", start=DAY, end=DAY + timedelta(days=3)
        )
    assert stored.height == 92 + 96
    assert stored["spot_price_per_kwh"][0] == 5.0
    assert known == {DAY, DAY + timedelta(days=1)}


async def test_what_a_correction_replaces_is_kept_and_told_a_bounded_number_of_times(
    engine: AsyncEngine,
) -> None:
    async with session_scope(make_sessions(engine)) as session:
        for version in range(prices.KEPT_VERSIONS + 3):
            origin = prices.DayOrigin(
                area="SE4",
                currency="SEK",
                delivery_day=DAY,
                provider=f"provider {version}",
                published_at=ISSUED,
                fetched_at=ISSUED + timedelta(microseconds=version),
            )
            await prices.save_day(session, origin, day_frame(DAY, float(version)))
        told = await prices.corrections(session, area="SE4", currency="SEK", since=DAY)
        later = DAY + timedelta(days=1)
        assert await prices.corrections(session, area="SE4", currency="SEK", since=later) == []
        assert await prices.corrections(session, area="SE3", currency="SEK", since=DAY) == []
        assert (await load(session))["spot_price_per_kwh"][0] == prices.KEPT_VERSIONS + 2
        kept = (await session.scalars(select(SupersededPrice))).all()
    newest = prices.KEPT_VERSIONS + 1
    at = ISSUED + timedelta(microseconds=prices.KEPT_VERSIONS + 2)
    assert told == [prices.Correction(DAY, at, f"provider {newest}")]
    assert len(kept) == prices.KEPT_VERSIONS * 92
    first = [row for row in kept if row.superseded_at == at]
    assert {row.provider for row in first} == {f"provider {newest}"}
    assert first[0].spot_price_per_kwh == float(newest)


async def test_a_day_without_slots_is_refused_and_the_old_one_kept(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine)) as session:
        await save_day(session, DAY, day_frame(DAY, 0.1))
    with pytest.raises(FrameError, match="no slots"):
        async with session_scope(make_sessions(engine)) as session:
            await save_day(session, DAY, day_frame(DAY, 0.1).clear())
    async with session_scope(make_sessions(engine)) as session:
        assert (await load(session)).height == 92


def issue(at: datetime, value: float) -> forecasts.Issue:
    frame = pl.DataFrame(
        {
            "slot_start": [MIDNIGHT + SLOT * index for index in range(8)],
            "value": [value] * 8,
            "p10": [value / 3] * 8,
            "p90": [None] * 8,
        },
        schema=forecasts.VALUES,
    )
    return forecasts.Issue("pv_kwh", "Open-Meteo", at, frame)


async def test_the_newest_forecast_is_used_while_it_is_fresh(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine)) as session:
        for hour, value in enumerate((0.1, 0.2, 0.3)):
            await forecasts.save(session, issue(ISSUED + timedelta(hours=hour), value))
        await forecasts.save(session, issue(ISSUED + timedelta(hours=2), 1 / 3))
    async with session_scope(make_sessions(engine)) as session:
        newest = await forecasts.latest(session, kind="pv_kwh", issued_after=ISSUED)
        part = await forecasts.latest(
            session,
            kind="pv_kwh",
            issued_after=ISSUED,
            start=MIDNIGHT + SLOT,
            end=MIDNIGHT + SLOT * 3,
        )
        beyond = await forecasts.latest(
            session, kind="pv_kwh", issued_after=ISSUED, start=MIDNIGHT + SLOT * 8
        )
        old = await forecasts.latest(
            session, kind="pv_kwh", issued_after=ISSUED + timedelta(hours=3)
        )
        other = await forecasts.latest(session, kind="load_kwh", issued_after=ISSUED)
    assert newest is not None
    assert newest.frame.equals(issue(ISSUED, 1 / 3).frame)
    assert (newest.issued_at, newest.source) == (ISSUED + timedelta(hours=2), "Open-Meteo")
    assert part is not None
    assert part.frame["slot_start"].to_list() == [MIDNIGHT + SLOT, MIDNIGHT + SLOT * 2]
    assert (beyond, old, other) == (None, None, None)


async def test_an_empty_forecast_is_refused(engine: AsyncEngine) -> None:
    empty = forecasts.Issue("pv_kwh", "Open-Meteo", ISSUED, pl.DataFrame(schema=forecasts.VALUES))
    with pytest.raises(FrameError, match="pv_kwh from Open-Meteo"):
        async with session_scope(make_sessions(engine)) as session:
            await forecasts.save(session, empty)


def reading(at: datetime, value: float) -> Observation:
    return Observation(
        name="soc_percent",
        observed_at=at,
        value=value,
        unit="%",
        source="Home Assistant",
        quality="live",
    )


async def test_the_last_measurement_counts_until_it_is_too_old(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine)) as session:
        for minutes, value in ((0, 40.0), (10, 50.0), (10, 51.5)):
            await observations.record(session, reading(ISSUED + timedelta(minutes=minutes), value))
    async with session_scope(make_sessions(engine)) as session:
        last = await observations.last(session, "soc_percent", after=ISSUED)
        late = await observations.last(session, "soc_percent", after=ISSUED + timedelta(hours=1))
        assert await count(session, Observation) == 2
    assert last is not None
    assert (last.value, last.observed_at) == (51.5, ISSUED + timedelta(minutes=10))
    assert late is None


def action(start: datetime, **changes: object) -> ManualAction:
    values = {
        "action": "charge",
        "start_at": start,
        "end_at": start + SLOT * 4,
        "note": "",
        "created_at": ISSUED,
        "created_from": "test",
    }
    return ManualAction(**{**values, **changes})


async def test_manual_actions_count_until_over_expired_or_removed(engine: AsyncEngine) -> None:
    async with session_scope(make_sessions(engine)) as session:
        kept = await manual_actions.add(session, action(MIDNIGHT))
        await manual_actions.add(session, action(MIDNIGHT - timedelta(days=1)))
        await manual_actions.add(session, action(MIDNIGHT, expires_at=MIDNIGHT - SLOT))
        gone = await manual_actions.add(session, action(MIDNIGHT))
        assert await manual_actions.remove(session, gone, at=MIDNIGHT)
        assert not await manual_actions.remove(session, gone, at=MIDNIGHT)
        assert not await manual_actions.remove(session, 999_999, at=MIDNIGHT)
    async with session_scope(make_sessions(engine)) as session:
        for at in (MIDNIGHT, MIDNIGHT + timedelta(seconds=7)):
            assert [found.id for found in await manual_actions.active(session, at=at)] == [kept]


async def test_purging_forgets_the_old_and_keeps_the_plan_in_force(engine: AsyncEngine) -> None:
    sessions = make_sessions(engine)
    yesterday = MIDNIGHT - timedelta(days=1)
    await publish(engine, schedule_from(yesterday), today=yesterday)
    in_force = await publish(engine, schedule_from(MIDNIGHT), today=MIDNIGHT)
    async with session_scope(sessions) as session:
        held = await plans.start_run(session, run_start(MIDNIGHT - timedelta(days=5)))
        await forecasts.save(session, issue(ISSUED, 0.1))
        await forecasts.save(session, issue(ISSUED + timedelta(hours=1), 0.1))
        await observations.record(session, reading(ISSUED, 50.0))
        await manual_actions.add(session, action(ISSUED.replace(minute=0, second=0, microsecond=0)))
        await save_day(session, DAY, day_frame(DAY, 0.1))
        session.add(SettingChange(changed_at=ISSUED, field="x", changed_from="test"))
    rounds = 0
    while True:
        async with session_scope(sessions) as session:
            if not await retention.purge(session, before=MIDNIGHT + timedelta(days=9), batch=10):
                break
        rounds += 1
    assert rounds >= 192 // 10
    async with session_scope(sessions) as session:
        for table in (HistorySlot, Forecast, Observation, ManualAction, Price, SettingChange):
            assert await count(session, table) == 0, table
        assert await count(session, CurrentSlot) == 96
        assert [run.id for run in await plans.runs(session, limit=9)] == [in_force]
        assert await session.get(PlanRun, held) is None


async def test_purging_spares_what_is_young(engine: AsyncEngine) -> None:
    await publish(engine, schedule_from(MIDNIGHT))
    async with session_scope(make_sessions(engine)) as session:
        await forecasts.save(session, issue(MIDNIGHT, 0.1))
        assert await retention.purge(session, before=MIDNIGHT) == 0
        assert await count(session, HistorySlot) == 96
        assert await count(session, Forecast) == 8
