"""The cards of the forecast page: days of any length, money below zero, and what nobody knows."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.api.forecasts.chart import BOTTOM, LEFT, RIGHT, TOP, Axis, Drawn, chart, scale
from app.api.forecasts.facts import TEMPERATURE, Facts, WeatherOrigin
from app.api.forecasts.view import CardView, forecast_view
from app.api.learning.scores_routes import ForecastScoreOut
from app.core.frames import SLOT
from app.core.provenance import Quality
from app.service.schemas.plan import InputOut
from app.service.schemas.prices import EXAMPLE, PriceSlotOut

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 27, 10, 20, tzinfo=UTC)
DAYS = [
    (datetime(2026, 3, 29, 10, tzinfo=UTC), 92),
    (datetime(2026, 10, 25, 10, tzinfo=UTC), 100),
    (NOW, 96),
]


def price(start: datetime, amount: float, *, estimated: bool = False) -> PriceSlotOut:
    slot: dict[str, Any] = {
        **EXAMPLE["slots"][0],
        "slot_start": start,
        "slot_end": start + SLOT,
        "import_price_per_kwh": amount,
        "export_price_per_kwh": amount - 0.5,
        "estimated": estimated,
    }
    return PriceSlotOut.model_validate(slot)


def score(window_days: int, bias_kwh: float) -> ForecastScoreOut:
    return ForecastScoreOut(
        kind="pv_kwh",
        window_days=window_days,
        days=window_days,
        slots=96 * window_days,
        measured_kwh=9.0 * window_days,
        mean_absolute_error_kwh=0.034,
        bias_kwh=bias_kwh,
        persistence_mean_absolute_error_kwh=None,
        persistence_bias_kwh=None,
        skill_ratio=None,
        inside_spread_ratio=None,
    )


def cards(axis: Axis, **known: Any) -> dict[str, CardView]:
    view = forecast_view(Facts(axis=axis, currency="SEK", **known))
    assert not view.problem
    return {card.name: card for card in view.cards}


def figures(card: CardView) -> dict[str, tuple[str, str]]:
    return {fact.label: (fact.value, fact.note) for fact in card.facts}


@pytest.mark.parametrize(("now", "slots"), DAYS, ids=["spring", "autumn", "plain"])
def test_the_axis_has_every_quarter_of_a_day_of_any_length(now: datetime, slots: int) -> None:
    axis = Axis.around(now, ZONE)
    assert len(axis.slots) == 96 + slots + 96
    places = [axis.x(slot) for slot in axis.slots]
    assert places[0] == LEFT
    assert axis.x(axis.slots[-1] + SLOT) == RIGHT
    assert all(0.5 < after - before < 2.1 for before, after in pairwise(places))
    values = dict.fromkeys(axis.slots, 0.25)
    card = cards(axis, forecast={"load_kwh": values})["load"]
    assert card.table is not None
    assert len(card.table.rows) == (96 + slots + 96) / 4
    assert [row.day for row in card.table.rows if row.day] == [
        f"{day:%A %-d %B}" for day in axis.days
    ]
    assert figures(card)["Today, forecast"] == (f"{slots / 4:.1f} kWh", "")
    assert sum(row.is_now for row in card.table.rows) == 1


def test_the_hour_that_comes_twice_is_two_rows_with_their_zones() -> None:
    axis = Axis.around(DAYS[1][0], ZONE)
    card = cards(axis, prices=tuple(price(slot, 1.0) for slot in axis.slots))["price"]
    assert card.table is not None
    times = [row.time for row in card.table.rows]
    assert "02:00 CEST" in times
    assert "02:00 CET" in times


def test_the_hours_of_the_axis_are_local_and_the_spring_gap_is_not_among_them() -> None:
    axis = Axis.around(DAYS[0][0], ZONE)
    made = chart("x", axis, [Drawn("x", dict.fromkeys(axis.slots, 1.0))], unit="kW", label="")
    assert made is not None
    assert [tick.label for tick in made.x_ticks] == ["06", "12", "18"] * 3
    noon = datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert made.x_ticks[4].at == axis.x(noon) == made.now
    assert len(made.midnights) == 2


def test_prices_below_zero_are_drawn_below_the_line_and_said() -> None:
    axis = Axis.around(NOW, ZONE)
    ahead = datetime(2026, 11, 27, 13, tzinfo=UTC)
    prices = tuple(
        price(slot, -0.42 if ahead <= slot < ahead + timedelta(hours=1) else 1.2)
        for slot in axis.slots
    )
    card = cards(axis, prices=prices)["price"]
    assert card.chart is not None
    assert card.chart.zero is not None
    assert TOP < card.chart.zero < BOTTOM
    line = next(path for path in card.chart.paths if path.css == "line price")
    heights = [float(part.split("H")[0]) for part in line.d.split("V")[1:]]
    assert max(heights) > card.chart.zero, "y grows downwards"
    assert figures(card)["Cheapest hour ahead"] == ("14:00", "\u22120.42 SEK/kWh")
    assert figures(card)["Spread"] == ("1.62", "SEK/kWh")
    assert "Below zero you are paid" in card.summary
    assert any(tick.label.startswith("\u2212") for tick in card.chart.y_ticks)


def test_the_hour_in_progress_counts_and_those_gone_by_do_not() -> None:
    axis = Axis.around(NOW + timedelta(seconds=41), ZONE)
    hours = {10: 3.0, 9: 9.0}
    prices = tuple(
        price(slot, hours.get(slot.hour, 1.0) if slot.date() == NOW.date() else 1.0)
        for slot in axis.slots
    )
    found = figures(cards(axis, prices=prices)["price"])
    assert found["Dearest hour ahead"] == ("11:00", "3.00 SEK/kWh")


def test_estimated_prices_are_hatched_marked_and_never_the_cheapest() -> None:
    axis = Axis.around(NOW, ZONE)
    known = [slot for slot in axis.slots if slot.astimezone(ZONE).date() <= axis.days[1]]
    guessed = {slot: 0.1 for slot in axis.slots if slot not in known}
    card = cards(axis, prices=tuple(price(slot, 1.0) for slot in known), estimated_prices=guessed)[
        "price"
    ]
    assert card.chart is not None
    assert card.table is not None
    (band,) = card.chart.estimated
    assert band.x == card.chart.midnights[1]
    assert [row.is_estimated for row in card.table.rows] == [False] * 48 + [True] * 24
    assert figures(card)["Cheapest hour ahead"][1] == "1.00 SEK/kWh"
    assert figures(card)["Tomorrow's prices"] == ("from 12:45", "when the market publishes")
    assert "estimated from recent days" in card.summary
    late = Axis.around(NOW + timedelta(hours=3), ZONE)
    assert "due by now" in figures(cards(late)["price"])["Tomorrow's prices"][1]
    out = tuple(price(slot, 1.0) for slot in axis.slots)
    assert figures(cards(axis, prices=out)["price"])["Tomorrow's prices"] == ("known", "")


def test_without_actuals_the_card_says_what_the_recorder_needs() -> None:
    axis = Axis.around(NOW, ZONE)
    forecast = {"pv_kwh": dict.fromkeys(axis.slots, 0.1)}
    card = cards(axis, forecast=forecast)["pv"]
    assert card.chart is not None
    assert [path.css for path in card.chart.paths] == ["area pv", "line pv"]
    assert "No actuals yet" in card.notes[0]
    assert "docs/recorder.md" in card.notes[0]
    assert "No score yet" in card.notes[1]
    assert figures(card)["Today, measured so far"] == ("\u2013", "")
    assert all(row.cells == ("0.40", "\u2013") for row in card.table.rows) if card.table else False


def test_a_gap_in_what_was_measured_stays_a_gap_and_sums_compare_the_same_hours() -> None:
    axis = Axis.around(NOW, ZONE)
    today = [slot for slot in axis.slots if slot.astimezone(ZONE).date() == axis.days[1]]
    measured = dict.fromkeys([*today[:8], *today[16:24]], 0.2)
    forecast = dict.fromkeys(axis.slots, 0.5)
    card = cards(axis, forecast={"load_kwh": forecast}, actual={"load_kwh": measured})["load"]
    assert card.chart is not None
    line = next(path for path in card.chart.paths if path.css == "line actual")
    assert line.d.count("M") == 2
    assert figures(card)["Today, measured so far"] == (
        "3.2 kWh",
        "forecast for the same hours: 8.0 kWh",
    )
    assert ("actual", "measured") in card.legend
    assert not any("No actuals" in note for note in card.notes)


def test_scores_are_told_in_words() -> None:
    axis = Axis.around(NOW, ZONE)
    part = score(30, 0.0001).model_copy(update={"days": 19, "slots": 96 * 19, "measured_kwh": 171})
    scores = (score(1, 0.02), score(7, -0.01), part)
    notes = cards(axis, scores=scores, actual={"pv_kwh": {axis.slots[0]: 0.0}})["pv"].notes
    assert notes == (
        "Yesterday: off by 34 Wh a quarter (36 % of what came), 1.9 kWh a day too high.",
        "Last 7 days: off by 34 Wh a quarter (36 % of what came), 1.0 kWh a day too low.",
        "19 of the last 30 days: off by 34 Wh a quarter (36 % of what came), neither high nor low.",
    )


def test_a_part_of_a_day_is_no_whole_day() -> None:
    axis = Axis.around(NOW, ZONE)
    ahead = [slot for slot in axis.slots if slot >= NOW and slot < axis.slots[192]]
    card = cards(axis, forecast={"load_kwh": dict.fromkeys(ahead, 0.25)})["load"]
    assert figures(card)["Today, forecast"][1] == "from 11:30 on"
    assert figures(card)["Tomorrow, forecast"] == ("\u2013", "known with the next plan")


def test_sources_have_quality_and_age() -> None:
    axis = Axis.around(NOW, ZONE)
    given = InputOut(
        name="pv",
        source="Open-Meteo",
        quality=Quality.CACHED,
        issued_at=NOW - timedelta(hours=5),
    )
    made = cards(
        axis,
        inputs=(given,),
        forecast={TEMPERATURE: dict.fromkeys(axis.slots, -4.0)},
        temperature_issue=WeatherOrigin("Open-Meteo", NOW - timedelta(minutes=20)),
    )
    assert (made["pv"].quality_text, made["pv"].source) == ("last known", "Open-Meteo, 5 h ago")
    weather = made["temperature"]
    assert (weather.quality, weather.source) == ("live", "Open-Meteo, 20 min ago")
    assert weather.chart is not None
    assert "\u22124 °C" in weather.summary


def test_a_fresh_home_has_cards_that_teach_and_no_charts() -> None:
    made = cards(Axis.around(NOW, ZONE))
    assert [card.chart for card in made.values()] == [None] * 4
    assert all(card.empty for card in made.values())
    assert all(card.quality == "missing" for card in made.values())


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0.0, 3.4, (0.0, 1.0, 2.0, 3.0, 4.0)),
        (-0.42, 1.2, (-0.5, 0.0, 0.5, 1.0, 1.5)),
        (0.0, 0.0, (0.0, 0.5, 1.0)),
        (-12.0, -12.0, (-12.0, -11.5, -11.0)),
    ],
)
def test_marks_are_round_and_hold_every_value(
    low: float, high: float, marks: tuple[float, ...]
) -> None:
    assert scale(low, high) == pytest.approx(marks)
    assert date(2026, 3, 29) in Axis.around(DAYS[0][0], ZONE).days
