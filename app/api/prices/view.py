"""What the page shows of a price's parts: now, and hour by hour as far as prices are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.service.schemas.prices import PriceSlotOut, PricesOut
from app.wording import i18n, words
from app.wording.i18n import _, marked
from app.wording.told import told

_HOUR = timedelta(hours=1)
_ORIGINS = {"pricing": marked("your settings under pricing")}
IMPORT_PARTS = (
    ("spot", marked("Spot price")),
    ("spot_markup", marked("Supplier's markup")),
    ("grid_transfer", marked("Grid transfer")),
    ("energy_tax", marked("Energy tax")),
    ("vat", marked("VAT")),
)
EXPORT_PARTS = (
    ("spot", marked("Spot price")),
    ("vat", marked("VAT")),
    ("fees", marked("Fees")),
    ("credit", marked("Grid credit")),
)


@dataclass(frozen=True, slots=True)
class PartsView:
    """A stacked sum: its title, a line per part, and the total."""

    title: str
    parts: tuple[tuple[str, str], ...]
    total: str


@dataclass(frozen=True, slots=True)
class HourView:
    """One local clock hour; ``day`` is set on the first hour of another day."""

    day: str
    time: str
    is_now: bool
    is_estimated: bool
    cells: tuple[tuple[str, str], ...]  # label, number


@dataclass(frozen=True, slots=True)
class PriceView:
    """Everything ``_prices.html`` may use."""

    unit: str
    note: str
    corrections: tuple[str, ...]
    problems: tuple[str, ...]
    now: tuple[PartsView, ...]
    hours: tuple[HourView, ...]
    empty: str


def unavailable(reason: str) -> PriceView:
    """Return the view while prices cannot be read."""
    return PriceView("", "", (), (), (), (), words.sentence(reason))


def price_view(prices: PricesOut, now: datetime) -> PriceView:
    """Build the view of the slots from the hour in progress on."""
    zone = ZoneInfo(prices.timezone)
    ahead = [slot for slot in prices.slots if _hour_start(slot.slot_start, zone) + _HOUR > now]
    current = next((slot for slot in ahead if slot.slot_start <= now < slot.slot_end), None)
    if current is None:
        return unavailable(_("no price is known for now; they show here once they are published"))
    origin = prices.tariff
    origin = _(_ORIGINS[origin]) if origin in _ORIGINS else told(origin)
    how = _("The spot price billed is the quarter's own.")
    if prices.billed_by == "hour":
        how = _("The spot price billed is the mean of the clock hour.")
    sample = f" {_('The spot prices are recorded samples.')}" if prices.is_sample else ""
    return PriceView(
        unit=f"{prices.currency}/kWh",
        note=f"{_('Figures from: {origin}.', origin=origin)} {how}{sample}",
        corrections=tuple(
            _(
                "The prices of {day} were corrected {when}; plans count with the new ones.",
                day=i18n.dated(each.delivery_day, "EEEE d MMMM"),
                when=words.when(each.corrected_at, now, zone),
            )
            for each in prices.corrections
        ),
        problems=tuple(words.sentence(problem) for problem in prices.problems),
        now=_now(current),
        hours=_hours(ahead, now, zone),
        empty="",
    )


def _now(slot: PriceSlotOut) -> tuple[PartsView, ...]:
    sums = (
        (_("Buying now"), IMPORT_PARTS, slot.import_parts, slot.import_price_per_kwh),
        (_("Selling now"), EXPORT_PARTS, slot.export_parts, slot.export_price_per_kwh),
    )
    return tuple(
        PartsView(
            title,
            tuple((_(label), words.number(getattr(parts, name), 3)) for name, label in labels),
            words.number(total, 3),
        )
        for title, labels, parts, total in sums
    )


def _hours(slots: Sequence[PriceSlotOut], now: datetime, zone: ZoneInfo) -> tuple[HourView, ...]:
    found: list[HourView] = []
    day = now.astimezone(zone).date()
    for start, grouped in groupby(slots, key=lambda slot: _hour_start(slot.slot_start, zone)):
        local, quarters = start.astimezone(zone), list(grouped)
        found.append(
            HourView(
                day="" if local.date() == day else i18n.dated(local, "EEEE d MMMM"),
                time=words.hhmm(start, zone),
                is_now=start <= now < start + _HOUR,
                is_estimated=any(slot.estimated for slot in quarters),
                cells=_cells(quarters),
            )
        )
        day = local.date()
    return tuple(found)


def _cells(slots: Sequence[PriceSlotOut]) -> tuple[tuple[str, str], ...]:
    """Return the hour's means: a mean of sums is the sum of the means."""
    parts = [slot.import_parts for slot in slots]
    columns = (
        (_("Spot"), [each.spot for each in parts]),
        (_("Fees"), [each.spot_markup + each.grid_transfer for each in parts]),
        (_("Tax"), [each.energy_tax for each in parts]),
        (_("VAT"), [each.vat for each in parts]),
        (_("Buy"), [slot.import_price_per_kwh for slot in slots]),
        (_("Sell"), [slot.export_price_per_kwh for slot in slots]),
    )
    return tuple((label, words.number(sum(each) / len(each))) for label, each in columns)


def _hour_start(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the clock hour, in UTC: the hour that comes twice is two hours."""
    return instant - timedelta(minutes=instant.astimezone(zone).minute)
