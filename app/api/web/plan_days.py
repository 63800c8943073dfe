"""What stands above a local day of the plan: its name, what is odd about it, its sums."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from app.core.clock import day_slots
from app.core.frames import SLOT, SLOT_HOURS
from app.service.schemas.plan import SlotOut
from app.wording import words
from app.wording.i18n import _, dated


def day_title(day: date, today: date) -> str:
    """Return a local day as a heading."""
    written = dated(day, "EEEE d MMMM")
    days = (day - today).days
    if days == 0:
        return _("Today, {day}", day=written)
    if days == 1:
        return _("Tomorrow, {day}", day=written)
    return f"{written[:1].upper()}{written[1:]}"


def day_note(day: date, slots: Sequence[SlotOut], zone: ZoneInfo) -> str:
    """Say what is odd about a day: the clocks are changed, or the plan covers a part of it."""
    whole, ordinary = day_slots(day, zone), round(timedelta(days=1) / SLOT)
    said = []
    if len(whole) > ordinary:
        said.append(
            _(
                "The clocks go back: {count} quarters; an hour comes twice and names its zone.",
                count=len(whole),
            )
        )
    if len(whole) < ordinary:
        said.append(_("The clocks go forward: {count} quarters.", count=len(whole)))
    if len(slots) < len(whole):
        first, last = words.hhmm(slots[0].slot_start, zone), words.hhmm(slots[-1].slot_end, zone)
        said.append(_("The plan covers {first} to {last} of it.", first=first, last=last))
    return " ".join(said)


def day_totals(slots: Sequence[SlotOut], currency: str) -> tuple[tuple[str, str], ...]:
    """Return the sums of a day: kWh of each flow, and money."""
    powers = (
        (_("Bought"), "import_kw"),
        (_("Sold"), "export_kw"),
        (_("Into the battery"), "charge_kw"),
        (_("Out of the battery"), "discharge_kw"),
        (_("Hot water"), "water_kw"),
        (_("Thrown away"), "curtailed_kw"),
    )
    sums = [
        (label, sum(getattr(slot, name) for slot in slots) * SLOT_HOURS) for label, name in powers
    ]
    sums += [
        (_("Consumption"), sum(slot.planned_load_kwh for slot in slots)),
        (_("Sun"), sum(slot.planned_pv_kwh for slot in slots)),
    ]
    # Throttled panels are rare, and worth a line only where there are any.
    shown = [(label, kwh) for label, kwh in sums if kwh or label != _("Thrown away")]
    cost = sum(slot.planned_cost for slot in slots)
    return (
        (_("Cost"), f"{words.number(cost)} {currency}"),
        *((label, f"{words.number(kwh, 1)} kWh") for label, kwh in shown),
    )
