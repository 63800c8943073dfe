"""Why a slot does what it does, for people: reason, rule, price, and what else there was."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.api.web import plan_blocks
from app.core.clock import iso_utc
from app.core.frames import SLOT_HOURS
from app.service.schemas.explain import AlternativeOut, ExplanationOut
from app.service.schemas.plan import SlotOut
from app.wording import words
from app.wording.i18n import _, marked

_SAME_MONEY = 0.005
_ALTERNATIVES = {
    "charge": marked("Charge from the grid"),
    "discharge": marked("Use the battery for the house"),
    "hold": marked("Leave the battery alone"),
    "export": marked("Sell from the battery"),
    "pv_charge": marked("Store the sun"),
}
_IMPORT_PARTS = {
    "spot": marked("Spot price"),
    "spot_markup": marked("Markup"),
    "grid_transfer": marked("Grid fee"),
    "energy_tax": marked("Energy tax"),
    "vat": marked("VAT"),
}
_EXPORT_PARTS = {
    "spot": marked("Spot price"),
    "vat": marked("VAT"),
    "fees": marked("Fees"),
    "credit": marked("Grid credit"),
}


@dataclass(frozen=True, slots=True)
class AlternativeView:
    """What else the battery could have done, and what that would cost."""

    word: str
    letter: str
    name: str
    text: str
    is_planned: bool


@dataclass(frozen=True, slots=True)
class SumView:
    """A price as the sum of its parts."""

    title: str
    parts: tuple[tuple[str, str], ...]
    total: str


@dataclass(frozen=True, slots=True)
class WhyView:
    """The explanation of one slot; ``at`` is its start as clients write it."""

    id: str
    row: str
    at: str
    title: str
    text: str
    rule: str
    is_manual: bool
    facts: tuple[tuple[str, str], ...]
    alternatives: tuple[AlternativeView, ...]
    unit: str
    sums: tuple[SumView, ...]
    notes: tuple[str, ...]
    run_id: int | None
    run_text: str


def why_view(found: ExplanationOut, now: datetime, zone: ZoneInfo) -> WhyView:
    """Return the explanation for people."""
    slot, unit = found.slot, f"{found.currency}/kWh"
    made = words.when(found.run.planned_at, now, zone)
    return WhyView(
        id=f"w-{slot_key(slot.slot_start)}",
        row=f"s-{slot_key(slot.slot_start)}",
        at=iso_utc(slot.slot_start),
        title=_span(slot.slot_start, slot.slot_end, zone),
        text=plan_blocks.why(slot),
        rule=_(found.rule),
        is_manual=slot.is_manual,
        facts=_facts(slot, found.currency),
        alternatives=_alternatives(found, unit),
        unit=unit,
        sums=_sums(found),
        notes=tuple(words.sentence(note) for note in found.notes),
        run_id=found.run.id,
        run_text=_("Planned at {time} by run {run}", time=made, run=found.run.id),
    )


def gone_view(at: datetime, reason: str, zone: ZoneInfo) -> WhyView:
    """Return what stands in place of an explanation where the plan has no such slot."""
    return WhyView(
        id=f"w-{slot_key(at)}",
        row=f"s-{slot_key(at)}",
        at=iso_utc(at),
        title=words.hhmm(at, zone),
        text=words.sentence(reason),
        rule="",
        is_manual=False,
        facts=(),
        alternatives=(),
        unit="",
        sums=(),
        notes=(),
        run_id=None,
        run_text="",
    )


def slot_key(start: datetime) -> str:
    """Return what names a slot in the ids of a page."""
    return f"{start:%Y%m%dT%H%M}"


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    return f"{words.hhmm(start, zone)}\u2013{words.hhmm(end, zone)}"


def _facts(slot: SlotOut, currency: str) -> tuple[tuple[str, str], ...]:
    powers = (
        (_("Charging"), slot.charge_kw),
        (_("From the battery"), slot.discharge_kw),
        (_("Bought"), slot.import_kw),
        (_("Sold"), slot.export_kw),
        (_("Hot water"), slot.water_kw),
        (_("Thrown away"), slot.curtailed_kw),
        (_("Consumption"), slot.planned_load_kwh / SLOT_HOURS),
        (_("Sun"), slot.planned_pv_kwh / SLOT_HOURS),
    )
    worth = words.number(slot.marginal_value_per_kwh)
    return (
        (_("This quarter costs"), f"{words.number(slot.planned_cost)} {currency}"),
        (_("A stored kWh is then worth"), f"{worth} {currency}"),
        *((name, f"{words.number(kw, 2)} kW") for name, kw in powers if kw > _SAME_MONEY),
    )


def _alternatives(found: ExplanationOut, unit: str) -> tuple[AlternativeView, ...]:
    planned = next((each for each in found.alternatives if each.is_planned), None)
    return tuple(
        AlternativeView(
            word=each.action,
            letter=plan_blocks.LETTERS[each.action],
            name=_(_ALTERNATIVES[each.action]),
            text=_compared(each, planned, unit),
            is_planned=each.is_planned,
        )
        for each in found.alternatives
    )


def _compared(each: AlternativeOut, planned: AlternativeOut | None, unit: str) -> str:
    if each.is_planned:
        return _("this is the plan")
    gain = each.gain_per_kwh - (planned.gain_per_kwh if planned else 0.0)
    money = words.number(abs(gain))
    if abs(gain) < _SAME_MONEY:
        return _("comes to the same")
    if gain < 0:
        return _("would cost {money} {unit} more", money=money, unit=unit)
    return _(
        "would gain {money} {unit}, but a limit, a margin or a rule of yours stands against it",
        money=money,
        unit=unit,
    )


def _sums(found: ExplanationOut) -> tuple[SumView, ...]:
    price = found.price
    if price is None:
        slot = found.slot
        return (
            SumView(_("Buying"), (), words.number(slot.import_price_per_kwh, 3)),
            SumView(_("Selling"), (), words.number(slot.export_price_per_kwh, 3)),
        )
    sides = (
        (_("Buying"), _IMPORT_PARTS, price.import_parts, price.import_price_per_kwh),
        (_("Selling"), _EXPORT_PARTS, price.export_parts, price.export_price_per_kwh),
    )
    return tuple(
        SumView(
            title,
            tuple(
                (_(label), words.number(getattr(parts, name), 3)) for name, label in labels.items()
            ),
            words.number(total, 3),
        )
        for title, labels, parts, total in sides
    )
