"""A week with outages: what is recorded is what happened, and the load forecast learns from it."""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import time_machine

from app.core import clock
from app.core.frames import SLOT
from app.db import observed, scores
from app.db.connection.engine import session_scope
from app.db.tables.models import ForecastScore
from app.jobs.schedule import Schedule
from app.settings.store.sources import load_settings
from tests.fakes import Fault
from tests.fakes.scripted_home import FLOWS, ScriptedHome, ScriptedUpstreams, inside
from tests.jobs.test_schedule import at, stop

BEGIN = datetime(2026, 11, 3, 23, tzinfo=UTC)  # Wednesday the 4th in Stockholm
DAYS = 8
HOUR, PACE = timedelta(hours=1), timedelta(minutes=90)


def span(day: int, hours: float, lasting: float) -> tuple[datetime, datetime]:
    start = BEGIN + timedelta(days=day, hours=hours)
    return start, start + timedelta(hours=lasting)


BATTERY_GONE = span(1, 17.5, 3)
SERVICE_OFF = span(2, 2, 5)
UNREACHABLE = span(3, 12, 4)
DOWN = span(4, 11, 2)
NEW_METER = BEGIN + timedelta(days=5, hours=11, minutes=7)
OFF_AND_FORGOTTEN = span(6, 1, 9)
EXACT = 0.001
# One minute of the heater: two meters report it a few seconds apart.
LEAST_KWH = 0.06


async def live_through(schedule: Schedule, fakes: ScriptedUpstreams, travel: Any) -> None:
    """Drive the jobs as the scheduler would: recorded again and again, planned daily."""
    now = BEGIN + timedelta(minutes=17)
    end = BEGIN + timedelta(days=DAYS)
    while now < end:
        travel.move_to(now)
        fakes.heal("home_assistant")
        if fakes.home and now >= OFF_AND_FORGOTTEN[1]:
            fakes.home.remembers = timedelta(hours=3)
        if inside(now, [UNREACHABLE, DOWN]):
            fakes.fail("home_assistant", Fault.SERVER_ERROR)
        local = now.astimezone(schedule.services.job.settings.zone)
        if not inside(now, [SERVICE_OFF, OFF_AND_FORGOTTEN]):
            if local.hour == 22:
                await schedule.plan()
            await schedule.record()
        # One day by the quarter, as it really runs; the others at a faster pace, which is enough.
        now += SLOT if local.day == BEGIN.day + 1 and local.hour < 3 else PACE


async def recorded(schedule: Schedule) -> pl.DataFrame:
    async with session_scope(schedule.services.job.sources.sessions) as session:
        found = await observed.load(session, start=BEGIN, end=BEGIN + timedelta(days=DAYS))
    quality = pl.col("quality").str.json_decode(
        pl.Struct(dict.fromkeys(observed.QUANTITIES, pl.String()))
    )
    return found.with_columns(quality)


def how(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame["quality"].struct.field(name)


def of(frame: pl.DataFrame, when: tuple[datetime, datetime]) -> pl.DataFrame:
    return frame.filter(pl.col("slot_start").is_between(*when, closed="left"))


def known(frame: pl.DataFrame, home: ScriptedHome, name: str) -> pl.DataFrame:
    """What is known of a flow beside what the script had."""
    values = frame.select("slot_start", value=name, quality=how(frame, name)).drop_nulls("value")
    truth = [home.truth_kwh(name, slot, slot + SLOT) for slot in values["slot_start"]]
    return values.with_columns(truth=pl.Series(truth))


def _outages_are_told(frame: pl.DataFrame) -> None:
    battery = of(frame, BATTERY_GONE)
    assert set(how(battery, "charge_kwh")) <= {"gap", "estimated"}
    assert (how(battery, "charge_kwh") == "gap").sum() >= battery.height - 4
    assert set(how(of(frame, SERVICE_OFF), "import_kwh")) == {"measured"}, "from history"
    assert set(how(of(frame, UNREACHABLE), "load_kwh")) == {"measured"}, "from history"
    forgotten = of(frame, (OFF_AND_FORGOTTEN[0] + HOUR, OFF_AND_FORGOTTEN[1] - 4 * HOUR))
    for name in FLOWS:
        assert set(how(forgotten, name)) == {"statistics"}, name
    down = of(frame, DOWN)
    assert set(how(down, "pv_kwh")) <= {"gap", "estimated"}
    assert (how(down, "pv_kwh") == "gap").sum() >= down.height - 2
    assert down.filter(how(down, "pv_kwh") == "gap")["pv_kwh"].null_count() >= down.height - 2
    assert set(how(down, "export_kwh")) == {"estimated"}, "the counter went on counting"
    assert how(of(frame, span(5, 11, 0.25)), "import_kwh").to_list() == ["reset"]
    # Nothing else is a gap: the outages are the only holes of the week.
    away = [BATTERY_GONE, DOWN, (DOWN[1], DOWN[1] + SLOT), (BEGIN, BEGIN + SLOT)]
    for name in FLOWS:
        holes = frame.filter(how(frame, name) == "gap")["slot_start"]
        assert [slot for slot in holes if not inside(slot, away)] == [], name


def _soc_is_right(frame: pl.DataFrame, home: ScriptedHome) -> None:
    levels = frame.select("slot_start", "soc_percent").drop_nulls()
    assert levels.height >= 96 * DAYS - 30
    wrong = max(abs(level - home.true_soc(slot)) for slot, level in levels.iter_rows())
    assert wrong < 1.3, "a five-minute mean is that of its middle"


def _print(frame: pl.DataFrame, days: Sequence[ForecastScore], *, seconds: float) -> None:
    """Show the week: how it is known, and the forecast's error day by day."""
    words = [f"\n{DAYS} days in {seconds:.0f} s"]
    for name in FLOWS:
        counts = dict(how(frame, name).value_counts(sort=True).iter_rows())
        words.append(f"{name:14}{frame[name].sum():8.2f}  {counts}")
    for each in days:
        persistence = each.persistence_mean_absolute_error_kwh
        beside = f", persistence {persistence * 1000:.1f}" if persistence is not None else ""
        words.append(f"{each.day}: MAE {each.mean_absolute_error_kwh * 1000:.1f} Wh{beside}")
    sys.stdout.write("\n".join(words) + "\n")


@pytest.mark.timeout(240)
async def test_a_week_with_outages_is_recorded_as_it_was_and_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_pause(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("app.ingest.http.client.pause", no_pause)
    home = ScriptedHome(BEGIN, DAYS, down=[DOWN], new_import_meter_at=NEW_METER)
    home.sensors["sensor.battery"].unavailable.append(BATTERY_GONE)
    started = time.perf_counter()
    with (
        time_machine.travel(BEGIN, tick=False) as travel,
        ScriptedUpstreams(home=home) as fakes,
    ):
        fakes.websocket.statistics = home.kept()
        entities = {
            f"DARKSTAR_HOME_ASSISTANT__{name.upper()}": value
            for name, value in home.settings().items()
        }
        environ = fakes.environment() | entities | {"DARKSTAR_DATA_DIR": str(tmp_path)}
        schedule = await at(load_settings(environ=environ).settings)
        await schedule.services.job.prepare()
        await live_through(schedule, fakes, travel)
        await schedule.score_forecasts()
        frame = await recorded(schedule)
        async with session_scope(schedule.services.job.sources.sessions) as session:
            days = [
                each
                for each in await scores.since(session, clock.now().date() - timedelta(days=30))
                if each.kind == "load_kwh"
            ]
        await stop(schedule)
    log = capsys.readouterr().out
    with capsys.disabled():
        _print(frame, days, seconds=time.perf_counter() - started)
    first, last = frame["slot_start"].min(), frame["slot_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    assert first == BEGIN
    assert frame.height == (last - first) // SLOT + 1, "no slot is left out"
    assert last >= BEGIN + timedelta(days=DAYS) - 2 * HOUR
    for name in FLOWS:
        exact = known(frame, home, name)
        assert exact["value"].sum() == pytest.approx(exact["truth"].sum(), rel=EXACT), name
        sure = exact.filter(pl.col("quality").is_in(["measured", "statistics"]))
        assert sure["value"].sum() == pytest.approx(sure["truth"].sum(), rel=EXACT), name
        assert (sure["value"] - sure["truth"]).abs().max() < LEAST_KWH, name
    _outages_are_told(frame)
    _soc_is_right(frame, home)
    errors = [each.mean_absolute_error_kwh for each in days]
    assert len(errors) >= DAYS - 2
    assert statistics.mean(errors[-3:]) < 0.93 * statistics.mean(errors[:2]), "it learns"
    assert errors[-1] < errors[0]
    for each in days:
        if each.persistence_mean_absolute_error_kwh is not None:
            assert each.mean_absolute_error_kwh < each.persistence_mean_absolute_error_kwh
    assert "Traceback" not in log
    assert "crashed" not in log
    assert log.count("nothing recorded") >= (UNREACHABLE[1] - UNREACHABLE[0]) // PACE
