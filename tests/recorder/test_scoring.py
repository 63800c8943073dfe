"""Scores are the arithmetic they claim to be, come about every day, and are served."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import time_machine
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.learning.scores_routes import ForecastScoreOut
from app.api.learning.scores_view import scores_view
from app.core import clock
from app.core.clock import day_slots, local_midnight
from app.core.frames import SLOT
from app.db import forecasts, observed, scores
from app.db.connection.engine import make_sessions, session_scope
from app.db.tables.models import ForecastScore
from app.fetch.sources import Sources
from app.recorder import scoring
from app.recorder.scoring import score_day, summarise
from app.settings import Settings
from tests.api.test_service import first_outcome, offline, running
from tests.db.publishing import ZONE

START = datetime(2026, 5, 4, 22, tzinfo=UTC)
FOUR = [START + SLOT * index for index in range(4)]


def _forecast(rows: Sequence[tuple[float, float | None, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(START + SLOT * index, *row) for index, row in enumerate(rows)],
        schema=forecasts.VALUES,
        orient="row",
    )


def _measured(values: dict[int, float]) -> pl.DataFrame:
    rows = [(START + SLOT * index, value, "measured") for index, value in values.items()]
    return pl.DataFrame(rows, schema=observed.QUANTITY, orient="row")


def test_a_day_is_scored_as_by_hand() -> None:
    """Off by +0.1, -0.1, +0.3 and 0: MAE 0.125, bias 0.075; yesterday was 0.2 more each time."""
    forecast = _forecast([(0.5, 0.3, 0.6), (0.3, 0.1, 0.35), (0.9, 0.7, 1.0), (0.0, 0.0, 0.0)])
    real = {0: 0.4, 1: 0.4, 2: 0.6, 3: 0.0}
    score = score_day(forecast, _measured(real | {i - 96: v + 0.2 for i, v in real.items()}), FOUR)
    assert score is not None
    assert score.slots == 4
    assert score.measured_kwh == pytest.approx(1.4)
    assert score.mean_absolute_error_kwh == pytest.approx(0.125)
    assert score.bias_kwh == pytest.approx(0.075)
    assert score.persistence_mean_absolute_error_kwh == pytest.approx(0.2)
    assert score.persistence_bias_kwh == pytest.approx(0.2)
    assert score.inside_spread_ratio == pytest.approx(1 / 3), "the night claims nothing"


def test_what_was_not_measured_is_not_scored() -> None:
    """Half a day's slots are enough, fewer are not; persistence needs the day before."""
    forecast = _forecast([(0.5, None, None)] * 4)
    half = score_day(forecast, _measured({0: 0.4, 1: 0.4, -96: 0.1}), FOUR)
    assert half is not None
    assert half.slots == 2
    assert half.persistence_mean_absolute_error_kwh is None
    assert half.persistence_bias_kwh is None
    assert half.inside_spread_ratio is None
    assert score_day(forecast, _measured({0: 0.4}), FOUR) is None


def _day(day: date, error: float, persistence: float | None, *, slots: int = 96) -> ForecastScore:
    return ForecastScore(
        kind="load_kwh",
        day=day,
        slots=slots,
        measured_kwh=10.0,
        mean_absolute_error_kwh=error,
        bias_kwh=-error / 2,
        persistence_mean_absolute_error_kwh=persistence,
        persistence_bias_kwh=None if persistence is None else 0.01,
        inside_spread_ratio=None,
        issued_at=START,
        computed_at=START,
    )


def test_windows_weigh_every_slot_alike_and_compare_like_with_like() -> None:
    """A day without persistence counts for the error, not for the skill."""
    today = date(2026, 5, 8)
    days = [
        _day(today - timedelta(days=8), 0.9, 0.9),
        _day(today - timedelta(days=3), 0.30, None, slots=48),
        _day(today - timedelta(days=2), 0.15, 0.20),
        _day(today, 5.0, 5.0),
    ]
    week, month = summarise(days, today=today)
    assert (week.window_days, week.days, week.slots) == (7, 2, 144)
    assert week.mean_absolute_error_kwh == pytest.approx((0.30 * 48 + 0.15 * 96) / 144)
    assert week.skill_ratio == pytest.approx(1 - 0.15 / 0.20)
    assert (month.window_days, month.days) == (30, 3)
    assert month.skill_ratio == pytest.approx(1 - 1.05 / 1.10)
    assert summarise([], today=today) == []


async def _observe(sources: Sources, day: date, kwh: float, **changes: Any) -> None:
    rows = [
        {
            "slot_start": slot,
            **dict.fromkeys(observed.QUANTITIES),
            "load_kwh": kwh,
            "quality": {"load_kwh": "measured"},
            "source": "test",
            "recorded_at": START,
            **changes,
        }
        for slot in day_slots(day, ZONE)
    ]
    async with session_scope(sources.sessions) as session:
        await observed.save(session, rows)


async def _issue(sources: Sources, at: datetime, kwh: float) -> None:
    first = clock.slot_floor(at)
    rows = [(first + SLOT * index, kwh, kwh - 0.1, kwh + 0.1) for index in range(300)]
    frame = pl.DataFrame(rows, schema=forecasts.VALUES, orient="row")
    async with session_scope(sources.sessions) as session:
        await forecasts.save(session, forecasts.Issue("load_kwh", "test", at, frame))


@pytest.mark.parametrize(
    ("day", "slots"), [(date(2026, 3, 29), 92), (date(2025, 10, 26), 100), (date(2026, 5, 5), 96)]
)
async def test_days_of_every_length_are_scored_by_the_forecast_of_the_evening_before(
    engine: AsyncEngine, day: date, slots: int
) -> None:
    """The last issue before local midnight counts, not one made within the day."""
    midnight = local_midnight(day, ZONE)
    async with httpx.AsyncClient() as client:
        sources = Sources(Settings(), client, make_sessions(engine))
        await _issue(sources, midnight - timedelta(hours=6), 0.9)
        await _issue(sources, midnight - timedelta(minutes=20), 0.5)
        await _issue(sources, midnight + timedelta(minutes=10), 0.4)
        await _observe(sources, day - timedelta(days=1), 0.7)
        await _observe(sources, day, 0.4)
        now = midnight + timedelta(days=2)
        # That of the day after is not measured yet: one day is scored, not two.
        assert await scoring.score_recent_days(sources, now=now) == 1
        assert await scoring.score_recent_days(sources, now=now) == 1, "again is the same"
    async with session_scope(make_sessions(engine)) as session:
        (score,) = await scores.since(session, day)
    assert (score.day, score.slots, score.kind) == (day, slots, "load_kwh")
    assert score.issued_at == midnight - timedelta(minutes=20)
    assert score.mean_absolute_error_kwh == pytest.approx(0.1)
    # The hour an autumn day has twice is measured against yesterday's one and its own first.
    assert score.persistence_bias_kwh == pytest.approx(0.3 if slots < 100 else 0.3 * 96 / 100)
    assert score.inside_spread_ratio == 1


async def test_late_observations_change_the_score(engine: AsyncEngine) -> None:
    """What a backfill brings is scored on the next evening; an estimate never is."""
    day = date(2026, 5, 5)
    midnight = local_midnight(day, ZONE)
    now = midnight + timedelta(days=3)
    async with httpx.AsyncClient() as client:
        sources = Sources(Settings(), client, make_sessions(engine))
        await _issue(sources, midnight - timedelta(hours=1), 0.5)
        await _observe(sources, day, 0.4, quality={"load_kwh": "estimated"})
        assert await scoring.score_recent_days(sources, now=now) == 0
        await _observe(sources, day, 0.2, quality={"load_kwh": "statistics"})
        assert await scoring.score_recent_days(sources, now=now) == 1
    async with session_scope(make_sessions(engine)) as session:
        (score,) = await scores.since(session, day)
    assert score.bias_kwh == pytest.approx(0.3)
    assert score.persistence_mean_absolute_error_kwh is None


def test_the_table_speaks_of_what_people_know() -> None:
    """Wh per quarter, a share of what came, kWh a day, percent; a dash for what is not known."""
    known = ForecastScoreOut(
        kind="load_kwh",
        window_days=7,
        days=6,
        slots=576,
        measured_kwh=96.0,
        mean_absolute_error_kwh=0.05,
        bias_kwh=-0.01,
        persistence_mean_absolute_error_kwh=None,
        persistence_bias_kwh=None,
        skill_ratio=None,
        inside_spread_ratio=0.79,
    )
    (row,) = scores_view([known]).rows
    assert (row.name, row.window) == ("Consumption", "7 days, 6 scored")
    assert (row.error, row.of_use, row.bias) == ("50 Wh", "30 %", "\u22121.0 kWh a day")
    assert (row.persistence, row.skill, row.inside) == ("\u2013", "\u2013", "79 %")
    nothing = known.model_copy(update={"measured_kwh": 0.0, "window_days": 1, "days": 1})
    assert scores_view([nothing]).rows[0].of_use == "\u2013"


async def test_the_scores_are_served_as_json_and_as_a_table(tmp_path: Path) -> None:
    """Empty at first, with a word about when there will be some; then both say the same."""
    async with running(offline(tmp_path, demo=True)) as (app, client):
        await first_outcome(client)
        empty = (await client.get("/api/forecast/scores")).json()
        assert empty["scores"] == []
        assert "No day has been scored yet" in (await client.get("/ui/scores")).text
        yesterday = clock.local_day(clock.now(), ZONE) - timedelta(days=1)
        async with session_scope(app.state.services.job.sources.sessions) as session:
            session.add(_day(yesterday, 0.08, 0.1))
        found = (await client.get("/api/forecast/scores")).json()["scores"]
        table = (await client.get("/ui/scores")).text
        assert 'hx-get="/ui/scores"' in (await client.get("/")).text
        document = (await client.get("/openapi.json")).json()
    assert [each["window_days"] for each in found] == [1, 7, 30]
    assert found[0]["skill_ratio"] == pytest.approx(0.2)
    assert "80 Wh" in table
    assert "20 %" in table
    schema = document["components"]["schemas"]["ForecastScoreOut"]
    assert set(schema["examples"][0]) == set(found[0])
    ForecastScoreOut.model_validate(schema["examples"][0])


async def test_the_job_scores_after_the_homes_midnight(tmp_path: Path) -> None:
    """First soon after the start, then every night; a database that is away is no crash."""
    with time_machine.travel(datetime(2026, 5, 5, 10, tzinfo=UTC), tick=False):
        async with running(offline(tmp_path, demo=True)) as (app, _):
            job = app.state.services.scheduler.get_job("scores")
            assert job.next_run_time == datetime(2026, 5, 5, 10, 10, tzinfo=UTC)
            late = datetime(2026, 5, 5, 21, tzinfo=UTC)
            after = job.trigger.get_next_fire_time(None, late)
            assert abs(after - datetime(2026, 5, 5, 22, 40, tzinfo=UTC)) <= timedelta(minutes=5)
