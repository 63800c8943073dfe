"""The plan as a table: every quarter of every local day, in blocks that fold, with day totals."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from app.api.web import plan_blocks
from app.api.web.plan_days import day_note, day_title, day_totals
from app.api.web.why_view import WhyView, slot_key
from app.core.clock import iso_utc
from app.core.frames import SLOT_HOURS
from app.service.schemas.plan import ScheduleOut, SlotOut
from app.wording import words
from app.wording.i18n import _

MODES = ("", "slots", "blocks")
"""How the table is shown: by the width of the screen, every quarter, folded into blocks."""
_NOTHING = "\u2013"
# What would read as 0.0.
_NOTICEABLE_KW = 0.05


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One quarter; ``cells`` are its numbers in the order of ``PlanTableView.columns``."""

    id: str
    at: str
    time: str
    word: str
    letter: str
    action: str
    heats: bool
    is_manual: bool
    is_now: bool
    cells: tuple[str, ...]
    why: str
    explained: WhyView | None


@dataclass(frozen=True, slots=True)
class BlockRows:
    """Neighbouring quarters with one action, and the line that stands for all of them."""

    id: str
    span: str
    word: str
    letter: str
    action: str
    heats: bool
    is_manual: bool
    is_now: bool
    is_open: bool
    figures: tuple[str, ...]
    why: str
    slots: tuple[SlotRow, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """A local day: ``note`` says what is odd about its length, ``totals`` are label and sum."""

    id: str
    title: str
    note: str
    totals: tuple[tuple[str, str], ...]
    earlier: tuple[BlockRows, ...]
    earlier_is_open: bool
    ahead: tuple[BlockRows, ...]


@dataclass(frozen=True, slots=True)
class PlanTableView:
    """Everything the table of the plan may use; ``columns`` are label and unit.

    ``missing`` says of each quarter asked for that the plan does not have why it is not there.
    """

    mode: str
    made: str
    run_id: int | None
    days: tuple[DayView, ...]
    columns: tuple[tuple[str, str], ...]
    query: str
    page: str
    why: str
    missing: tuple[str, ...] = ()


def plan_table(
    plan: ScheduleOut | None,
    now: datetime,
    *,
    mode: str = "",
    explained: Mapping[datetime, WhyView] | None = None,
    of_run: bool = False,
) -> PlanTableView:
    """Return the table; ``explained`` holds the quarters whose explanation is open, by start.

    The plan ``of_run`` is shown as that run made it, nothing of it folded away as over.
    """
    if plan is None:
        return PlanTableView(mode, "", None, (), (), "", "/plan", "/ui/plan-why")
    meta = plan.meta
    zone = ZoneInfo(meta.timezone)
    made = words.when(meta.planned_at, now, zone)
    made_with = _Now(now, zone, meta.currency, explained or {}, folds=not of_run)
    run_page = f"/history/{meta.plan_run_id}"
    starts = {slot.slot_start for slot in plan.schedule}
    days = groupby(plan.schedule, key=lambda slot: slot.slot_start.astimezone(zone).date())
    return PlanTableView(
        mode=mode,
        made=_("Made at {time}, run {run}.", time=made, run=meta.plan_run_id),
        run_id=meta.plan_run_id,
        days=tuple(_day(day, list(slots), made_with) for day, slots in days),
        columns=_columns(meta.currency),
        query=f"?show={mode}" if mode else "",
        page=run_page if of_run else "/plan",
        why=f"/ui{run_page}/why" if of_run else "/ui/plan-why",
        missing=tuple(
            each.text for start, each in made_with.explained.items() if start not in starts
        ),
    )


def _columns(currency: str) -> tuple[tuple[str, str], ...]:
    return (
        (_("Charge"), "kW"),
        (_("Use"), "kW"),
        (_("Export"), "kW"),
        (_("Water"), "kW"),
        (_("Load"), "kW"),
        (_("Sun"), "kW"),
        (_("Price"), f"{currency}/kWh"),
        (_("Battery"), _("% after")),
        (_("Target"), "%"),
        (_("Cost"), currency),
    )


@dataclass(frozen=True, slots=True)
class _Now:
    """What every row of one table is made with."""

    instant: datetime
    zone: ZoneInfo
    currency: str
    explained: Mapping[datetime, WhyView]
    folds: bool


def _day(day: date, slots: list[SlotOut], now: _Now) -> DayView:
    folded = [list(members) for _key, members in groupby(slots, key=plan_blocks.kind)]
    earlier = [block for block in folded if now.folds and block[-1].slot_end <= now.instant]
    ahead = folded[len(earlier) :]
    return DayView(
        id=f"day-{day:%Y%m%d}",
        title=day_title(day, now.instant.astimezone(now.zone).date()),
        note=day_note(day, slots, now.zone),
        totals=day_totals(slots, now.currency),
        earlier=_blocks(earlier, now),
        earlier_is_open=_is_any_open(earlier, now.explained),
        ahead=_blocks(ahead, now),
    )


def _is_any_open(folded: Iterable[list[SlotOut]], explained: Collection[datetime]) -> bool:
    return any(slot.slot_start in explained for block in folded for slot in block)


def _blocks(folded: Sequence[list[SlotOut]], now: _Now) -> tuple[BlockRows, ...]:
    return tuple(_block(block, now) for block in folded)


def _block(block: list[SlotOut], now: _Now) -> BlockRows:
    first, last = block[0], block[-1]
    return BlockRows(
        id=f"b-{slot_key(first.slot_start)}",
        span=f"{words.hhmm(first.slot_start, now.zone)}\u2013{words.hhmm(last.slot_end, now.zone)}",
        word=first.classification,
        letter=plan_blocks.LETTERS[first.classification],
        action=_(plan_blocks.ACTIONS[first.classification]),
        heats=first.water_kw > 0,
        is_manual=first.is_manual,
        is_now=any(_is_now(slot, now) for slot in block),
        is_open=_is_any_open([block], now.explained),
        figures=_figures(block, now.currency),
        why=plan_blocks.block_why(block, now.instant, now.zone),
        slots=tuple(_slot(slot, now) for slot in block),
    )


def _figures(block: Sequence[SlotOut], currency: str) -> tuple[str, ...]:
    prices = [slot.import_price_per_kwh for slot in block]
    power = max(max(slot.charge_kw, slot.discharge_kw) for slot in block)
    cost = words.number(sum(slot.planned_cost for slot in block))
    return (
        f"{words.number(power, 1)} kW" if power > _NOTICEABLE_KW else "",
        f"{words.between(min(prices), max(prices))} {currency}/kWh",
        _("battery {percent} %", percent=words.number(block[-1].soc_projected, 0)),
        _("cost {money} {currency}", money=cost, currency=currency),
    )


def _slot(slot: SlotOut, now: _Now) -> SlotRow:
    return SlotRow(
        id=f"s-{slot_key(slot.slot_start)}",
        at=iso_utc(slot.slot_start),
        time=words.hhmm(slot.slot_start, now.zone),
        word=slot.classification,
        letter=plan_blocks.LETTERS[slot.classification],
        action=_(plan_blocks.ACTIONS[slot.classification]),
        heats=slot.water_kw > 0,
        is_manual=slot.is_manual,
        is_now=_is_now(slot, now),
        cells=_cells(slot),
        why=plan_blocks.why(slot),
        explained=now.explained.get(slot.slot_start),
    )


def _cells(slot: SlotOut) -> tuple[str, ...]:
    powers = (
        slot.charge_kw,
        slot.discharge_kw,
        slot.export_kw,
        slot.water_kw,
        slot.planned_load_kwh / SLOT_HOURS,
        slot.planned_pv_kwh / SLOT_HOURS,
    )
    return (
        *(words.number(kw, 1) if kw > _NOTICEABLE_KW else _NOTHING for kw in powers),
        words.number(slot.import_price_per_kwh),
        words.number(slot.soc_projected, 0),
        words.number(slot.soc_target, 0),
        words.number(slot.planned_cost),
    )


def _is_now(slot: SlotOut, now: _Now) -> bool:
    return slot.slot_start <= now.instant < slot.slot_end
