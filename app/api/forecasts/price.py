"""The price ahead in figures: cheapest and dearest hour, mean, spread, and what is to come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.api.forecasts.facts import Facts
from app.api.forecasts.hours import UNKNOWN, hour_start, hourly, of_day
from app.fetch.days import ASK_FOR_TOMORROW_FROM, published_days
from app.ingest.prices.day import DELIVERY_ZONE
from app.wording import words
from app.wording.i18n import _

Values = Mapping[datetime, float]


def price_facts(facts: Facts, known: Values) -> Sequence[tuple[str, str, str]]:
    """Return cheapest and dearest hour ahead, mean and spread: label, value, note."""
    ahead = _ahead(facts, known)
    unit = f"{facts.currency}/kWh"
    if not ahead:
        return [(_("Tomorrow's prices"), *_tomorrow(facts, known))]
    low, high = _ends(ahead)

    mean = sum(ahead.values()) / len(ahead)
    return [
        (
            _("Cheapest hour ahead"),
            words.when(low, *_clock(facts)),
            f"{words.number(ahead[low])} {unit}",
        ),
        (
            _("Dearest hour ahead"),
            words.when(high, *_clock(facts)),
            f"{words.number(ahead[high])} {unit}",
        ),
        (_("Mean ahead"), words.number(mean), unit),
        (_("Spread"), words.number(ahead[high] - ahead[low]), unit),
        (_("Tomorrow's prices"), *_tomorrow(facts, known)),
    ]


def price_summary(facts: Facts, known: Values) -> str:
    """Say in a sentence what the chart shows from now on."""
    ahead = _ahead(facts, known)
    if not ahead:
        return _("No price is known for the time ahead.")
    low, high = _ends(ahead)
    said = _(
        "Ahead: cheapest at {low_at} ({low}), dearest at {high_at} ({high} {unit}).",
        low_at=words.when(low, *_clock(facts)),
        low=words.number(ahead[low]),
        high_at=words.when(high, *_clock(facts)),
        high=words.number(ahead[high]),
        unit=f"{facts.currency}/kWh",
    )
    if any(value < 0 for value in ahead.values()):
        said += " " + _("Below zero you are paid for using power.")
    if facts.estimated_prices:
        said += " " + _("Hatched: estimated from recent days, not published.")
    if facts.is_sample_price:
        said += " " + _("These are recorded sample prices.")
    return said


def _ahead(facts: Facts, known: Values) -> dict[datetime, float]:
    """Return the mean price of each clock hour from the one in progress on."""
    first = hour_start(facts.axis.now, facts.axis.zone)
    hours = hourly(known, facts.axis.zone)
    return {hour: price for hour, price in hours.items() if hour >= first}


def _ends(hours: Values) -> tuple[datetime, datetime]:
    """Return the cheapest and the dearest hour, the earlier of equals."""
    return min(hours, key=lambda hour: hours[hour]), max(hours, key=lambda hour: hours[hour])


def _tomorrow(facts: Facts, known: Values) -> tuple[str, str]:
    """Return whether tomorrow's prices are there, and when they come."""
    axis = facts.axis
    if of_day(known, axis.days[2], axis.zone):
        return _("known"), ""
    if len(published_days(axis.now)) > 1:
        return UNKNOWN, _("due by now; asked for again every few minutes")
    market_day = axis.now.astimezone(DELIVERY_ZONE).date()
    due = datetime.combine(market_day, ASK_FOR_TOMORROW_FROM, tzinfo=DELIVERY_ZONE)
    return _("from {time}", time=words.when(due, *_clock(facts))), _("when the market publishes")


def _clock(facts: Facts) -> tuple[datetime, ZoneInfo]:
    return facts.axis.now, facts.axis.zone
