"""What is learnt from past production: the roof's shade, the spread, the time of the year."""

import math
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from app.core.frames import SLOT, UTC_TIME, check
from app.forecast import pv_climatology, pv_correction, pv_spread
from app.forecast.pv_correction import Correction, learn

TODAY = date(2026, 6, 20)
MIDNIGHT = datetime(2026, 6, 20, tzinfo=UTC)


def dice(seed: int) -> random.Random:
    """The same weather in every run."""
    return random.Random(seed)  # noqa: S311 - guards no secret


def sun_kwh(start: datetime) -> float:
    """A clear day of 1.5 kWh in the best quarter."""
    hour = start.hour + start.minute / 60
    return 1.5 * max(0.0, math.sin(math.pi * (hour - 4) / 16))


def past(
    days: int, of: Callable[[datetime, float], float], *, until: datetime = MIDNIGHT
) -> pl.DataFrame:
    """Days under clouds of every kind, and what a meter made of them."""
    clouds = dice(7)
    rows = []
    for ago in range(days, 0, -1):
        sky = clouds.uniform(0.2, 1.0)
        for index in range(96):
            start = until - timedelta(days=ago) + SLOT * index
            modelled = sky * sun_kwh(start)
            rows.append((start, modelled, of(start, modelled)))
    return pl.DataFrame(
        rows,
        schema={
            "slot_start": UTC_TIME,
            "modelled_kwh": pl.Float64(),
            "measured_kwh": pl.Float64(),
        },
        orient="row",
    )


def factors(learnt: Correction, day: datetime = MIDNIGHT) -> list[float]:
    """The factor of each hour of a day."""
    hours = pl.DataFrame(
        {"slot_start": [day + timedelta(hours=hour) for hour in range(24)]},
        schema={"slot_start": UTC_TIME},
    )
    found: list[float] = learnt.of(hours).to_list()
    return found


def shaded(start: datetime, modelled: float) -> float:
    """A chimney and a tree: 40 % from 14 to 17 UTC, and a model 5 % too good all day."""
    return modelled * (0.4 if 14 <= start.hour < 17 else 0.95)


@pytest.mark.parametrize(
    ("days", "in_shade", "elsewhere"), [(14, 0.11, 0.12), (30, 0.08, 0.1), (60, 0.06, 0.1)]
)
def test_a_scripted_shade_is_learnt_to_within_a_stated_error(
    days: int, in_shade: float, elsewhere: float
) -> None:
    """As near as docs/forecasts.md says, with every hour of weather wrong by up to 30 %."""
    noise = dice(11)
    hourly = {(day, hour): noise.uniform(0.7, 1.3) for day in range(400) for hour in range(24)}
    found = factors(
        learn(
            past(
                days,
                lambda at, kwh: shaded(at, kwh) * hourly[at.timetuple().tm_yday, at.hour],
            ),
            today=TODAY,
        )
    )
    for hour in range(5, 19):
        if 14 <= hour < 17:
            assert found[hour] == pytest.approx(0.4, abs=in_shade)
        else:
            assert found[hour] == pytest.approx(0.95, abs=elsewhere)


def test_less_than_a_week_changes_nothing() -> None:
    """Six days of sun are no roof."""
    learnt = learn(past(6, shaded), today=TODAY)
    assert learnt == pv_correction.NEUTRAL
    assert factors(learnt) == [1.0] * 24
    assert learn(past(7, shaded), today=TODAY).days == 7


def test_few_days_are_pulled_towards_one() -> None:
    """A week says less of the shade than two months do, and still sees it."""
    week, months = (factors(learn(past(days, shaded), today=TODAY))[15] for days in (7, 60))
    assert 0.4 < months < week < 0.95


def test_recent_days_count_more() -> None:
    """A tree felled four weeks ago is nearly forgotten."""
    felled = MIDNIGHT - timedelta(days=28)
    learnt = learn(past(84, lambda at, kwh: kwh if at >= felled else shaded(at, kwh)), today=TODAY)
    plain_mean = (28 * 1.0 + 56 * 0.4) / 84
    assert factors(learnt)[15] > plain_mean + 0.15


def test_a_factor_keeps_its_bounds() -> None:
    """A dead meter does not switch the sun off, a doubled one does not double it."""
    dead = learn(past(60, lambda *_: 0.0), today=TODAY)
    assert set(factors(dead)) == {pv_correction.LEAST_FACTOR}
    double = learn(past(60, lambda _, kwh: 2.5 * kwh), today=TODAY)
    assert set(factors(double)) == {pv_correction.MOST_FACTOR}


def test_a_month_without_days_takes_the_hour_of_the_others() -> None:
    """The shade of June serves in July until July has days; a dark hour takes the whole day's."""
    learnt = learn(past(60, shaded), today=TODAY)
    july = factors(learnt, datetime(2026, 7, 1, tzinfo=UTC))
    assert july[15] == pytest.approx(factors(learnt)[15], abs=0.05)
    assert july[1] == learnt.overall


def test_months_may_differ() -> None:
    """A low sun behind the neighbour's house in May, none of it in June."""
    learnt = learn(
        past(50, lambda at, kwh: kwh * (0.5 if at.month == 5 and at.hour == 6 else 1)),
        today=TODAY,
    )
    in_may = factors(learnt, datetime(2026, 5, 30, tzinfo=UTC))[6]
    assert in_may < 0.65
    assert factors(learnt)[6] > 0.9


def test_summer_time_does_not_move_the_shade() -> None:
    """Learnt before the clocks change, it stays at the same sun after."""
    until = datetime(2026, 3, 29, tzinfo=UTC)
    learnt = learn(past(40, shaded, until=until), today=until.date())
    found = factors(learnt, until + timedelta(days=1))
    assert found[13] > 0.85
    assert found[14] < 0.5


def forecast(kwh: Callable[[datetime], float] = sun_kwh, slots: int = 96) -> pl.DataFrame:
    rows = [(MIDNIGHT + SLOT * i, kwh(MIDNIGHT + SLOT * i)) for i in range(slots)]
    return pl.DataFrame(rows, schema={"slot_start": UTC_TIME, "pv_kwh": pl.Float64()}, orient="row")


def test_the_spread_of_an_ensemble_is_its_percentiles_around_the_forecast() -> None:
    """Eleven members at 0, 10, … 100 %: the tenth lowest is 10 %, the forecast is inside."""
    members = pl.concat(
        [
            forecast().select("slot_start", pl.col("pv_kwh") * m / 10, member=pl.lit(f"m{m:02d}"))
            for m in range(11)
        ]
    )
    found = pv_spread.from_members(forecast(), members)
    check(found.lazy(), pv_spread.PV, by="spread")
    noon = found.row(48, named=True)
    assert noon["p10_kwh"] == pytest.approx(0.1 * noon["pv_kwh"])
    assert noon["p90_kwh"] == noon["pv_kwh"], "enclosed"
    assert found["pv_kwh"].equals(forecast()["pv_kwh"])
    part = members.filter(pl.col("slot_start") < MIDNIGHT + SLOT * 40)
    beyond = pv_spread.from_members(forecast(), part).row(48, named=True)
    assert (beyond["p10_kwh"], beyond["p90_kwh"]) == (None, None)


def errors(days: int) -> pl.DataFrame:
    """Forecasts of clear days; what came was 0.5 to 1.2 of it."""
    skies = dice(3)
    ratios = [skies.uniform(0.5, 1.2) for _ in range(days)]
    rows = [
        (start, sun_kwh(start), sun_kwh(start) * ratio)
        for ago, ratio in enumerate(ratios, start=1)
        for index in range(96)
        if (start := MIDNIGHT - timedelta(days=ago) + SLOT * index)
    ]
    schema = {
        "slot_start": UTC_TIME,
        "forecast_kwh": pl.Float64(),
        "measured_kwh": pl.Float64(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_own_past_errors_give_the_spread_of_ratios() -> None:
    """A month of 0.5 to 1.2: the tenth percentile is 0.57, the ninetieth 1.13."""
    found = pv_spread.from_past_errors(forecast(), errors(28), most_kwh=2)
    assert found is not None
    noon = found.row(48, named=True)
    assert noon["p10_kwh"] / noon["pv_kwh"] == pytest.approx(0.57, abs=0.1)
    assert noon["p90_kwh"] / noon["pv_kwh"] == pytest.approx(1.13, abs=0.1)
    assert found.row(0, named=True)["p90_kwh"] == 0, "a night is dark"


def test_no_spread_exceeds_what_the_inverters_can_give() -> None:
    """The ninetieth percentile stops at the limit."""
    found = pv_spread.from_past_errors(forecast(), errors(28), most_kwh=1.6)
    assert found is not None
    assert found["p90_kwh"].max() == 1.6


def test_a_week_of_errors_is_needed() -> None:
    """Six days do not tell one in ten."""
    assert pv_spread.from_past_errors(forecast(), errors(6), most_kwh=2) is None
    assert pv_spread.from_past_errors(forecast(), errors(7), most_kwh=2) is not None


def measured(days: int, *, skip_hours: tuple[int, ...] = ()) -> pl.DataFrame:
    rows = [
        (start, (0.5 + ago / days) * sun_kwh(start))
        for ago in range(1, days + 1)
        for index in range(96)
        if (start := MIDNIGHT - timedelta(days=ago) + SLOT * index).hour not in skip_hours
    ]
    return pl.DataFrame(rows, schema={"slot_start": UTC_TIME, "value": pl.Float64()}, orient="row")


def test_a_climatology_is_the_mean_of_its_days_quarter_by_quarter() -> None:
    """Ten days between 0.6 and 1.5 of a clear one: 1.05 of it, with a spread."""
    slots = [MIDNIGHT + SLOT * index for index in range(200)]
    found = pv_climatology.climatology(measured(10), slots=slots)
    assert found is not None
    frame, days = found
    check(frame.lazy(), pv_spread.PV, by="climatology")
    assert (days, frame["slot_start"].to_list()) == (10, slots)
    assert frame["pv_kwh"].to_list() == pytest.approx([1.05 * sun_kwh(at) for at in slots])
    noon = frame.row(48, named=True)
    assert noon["p10_kwh"] < noon["pv_kwh"] < noon["p90_kwh"]


def test_a_climatology_needs_whole_days_and_claims_no_spread_from_a_few() -> None:
    """Two days, or days of which hours are missing, are no month."""
    slots = [MIDNIGHT + SLOT * index for index in range(96)]
    assert pv_climatology.climatology(measured(2), slots=slots) is None
    assert pv_climatology.climatology(measured(9, skip_hours=(10, 11, 12)), slots=slots) is None
    found = pv_climatology.climatology(measured(3), slots=slots)
    assert found is not None
    assert found[0]["p90_kwh"].null_count() == 96
    assert found[0]["pv_kwh"].sum() > 0


def test_a_quarter_never_measured_is_dark_and_has_no_spread() -> None:
    """Nothing is made up for it: zero is the safe side."""
    slots = [MIDNIGHT + SLOT * index for index in range(96)]
    found = pv_climatology.climatology(measured(9, skip_hours=(12,)), slots=slots)
    assert found is not None
    noon = found[0].row(48, named=True)
    assert (noon["pv_kwh"], noon["p10_kwh"], noon["p90_kwh"]) == (0, None, None)
