"""The key figures of Today: the local day in money, sun and hot water, beside what was measured."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from app.api.history import words as history_words
from app.core import clock
from app.core.clock import local_day, local_midnight
from app.core.errors import DatabaseUnavailableError
from app.core.frames import SLOT_HOURS
from app.db import observed
from app.db.connection.engine import session_scope
from app.service.day_money import Home, Saving, saving, slots_of_today
from app.service.schemas.plan import PlanMeta, ScheduleOut, SlotOut, StatusOut
from app.service.services import Services
from app.wording import words
from app.wording.i18n import _

# Less than this in a battery is rounding, not a difference worth a word.
_NOTEWORTHY_KWH = 0.05
_WHOLE_PERCENT = 100


@dataclass(frozen=True, slots=True)
class KpiView:
    """One key figure."""

    label: str
    value: str
    note: str


async def measured_today(services: Services, *, database_ok: bool) -> pl.DataFrame:
    """Return the recorded slots of the local day (``observed.OBSERVED``), none without a database.

    The page's banner says that the database is away, and since when.
    """
    now, zone = clock.now(), services.job.settings.zone
    day = local_day(now, zone)
    start, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
    if database_ok:
        try:
            async with session_scope(services.job.sources.sessions) as session:
                return await observed.load(session, start=start, end=end)
        except DatabaseUnavailableError:
            pass
    return pl.DataFrame(schema=observed.OBSERVED)


def kpis(
    plan: ScheduleOut | None, status: StatusOut, measured: pl.DataFrame, home: Home
) -> tuple[KpiView, ...]:
    """Return the key figures; none where no plan covers this instant."""
    if plan is None or status.current is None:
        return ()
    zone = ZoneInfo(status.timezone)
    today = slots_of_today(plan, status.now, zone)
    facts = _facts(measured)
    return (
        *_money(plan.meta, today, facts, home, zone),
        _by_planning(plan.meta, status.now, zone),
        *_optimality(plan.meta),
        KpiView(
            _("Sun today"),
            words.amount(sum(map(_pv_kwh, today)), "kWh", 1),
            _energy_note(today, _so_far(today, facts, "pv_kwh"), _pv_kwh, status.now),
        ),
        KpiView(
            _("Hot water today"),
            words.amount(sum(map(_water_kwh, today)), "kWh", 1),
            _energy_note(today, _so_far(today, facts, "water_kwh"), _water_kwh, status.now),
        ),
    )


def _pv_kwh(slot: SlotOut) -> float:
    return slot.planned_pv_kwh


def _water_kwh(slot: SlotOut) -> float:
    return slot.water_kw * SLOT_HOURS


def _grid_cost(slot: SlotOut) -> float:
    bought, sold = slot.import_kw * SLOT_HOURS, slot.export_kw * SLOT_HOURS
    return bought * slot.import_price_per_kwh - sold * slot.export_price_per_kwh


def _facts(measured: pl.DataFrame) -> dict[datetime, dict[str, float]]:
    """Return by slot what meters or their statistics told; an estimate is not a measurement."""
    facts = {}
    for row in measured.iter_rows(named=True):
        known_as = json.loads(row["quality"])
        facts[row["slot_start"]] = {
            name: row[name]
            for name in observed.QUANTITIES
            if row[name] is not None and known_as.get(name) in observed.KNOWN
        }
    return facts


def _so_far(
    today: Sequence[SlotOut], facts: dict[datetime, dict[str, float]], *names: str
) -> list[tuple[SlotOut, tuple[float, ...]]]:
    """Return the planned slots in which all these quantities are known, with their values."""
    found = ((slot, facts.get(slot.slot_start, {})) for slot in today)
    return [
        (slot, tuple(known[name] for name in names))
        for slot, known in found
        if all(name in known for name in names)
    ]


def _money(
    meta: PlanMeta,
    today: Sequence[SlotOut],
    facts: dict[datetime, dict[str, float]],
    home: Home,
    zone: ZoneInfo,
) -> tuple[KpiView, KpiView]:
    cost = sum(slot.planned_cost for slot in today)
    saved = saving(today, home)
    return (
        KpiView(
            _("Cost today"),
            words.amount(cost, meta.currency, 2),
            _cost_note(meta, today, facts, zone),
        ),
        KpiView(_("Saves today"), words.amount(saved.money, meta.currency, 2), _saving_note(saved)),
    )


def _cost_note(
    meta: PlanMeta,
    today: Sequence[SlotOut],
    facts: dict[datetime, dict[str, float]],
    zone: ZoneInfo,
) -> str:
    """Say what the meters have counted so far against the plan, or what the sum spans."""
    grid = _so_far(today, facts, "import_kwh", "export_kwh")
    if not grid:
        first = today[0].slot_start
        if first == local_midnight(local_day(first, zone), zone):
            return _("planned, wear included")
        return _("planned from {time}, wear included", time=words.hhmm(first, zone))
    paid = sum(
        bought * slot.import_price_per_kwh - sold * slot.export_price_per_kwh
        for slot, (bought, sold) in grid
    )
    return _(
        "{money} by the meter so far, planned {planned}",
        money=words.amount(paid, meta.currency, 2),
        planned=words.number(sum(_grid_cost(slot) for slot, _known in grid)),
    )


def _saving_note(saved: Saving) -> str:
    """Name the baseline, and what the battery gains or loses meanwhile, which is counted in."""
    if abs(saved.stored_kwh) < _NOTEWORTHY_KWH:
        return _("against an idle battery")
    energy = words.amount(abs(saved.stored_kwh), "kWh", 1)
    value = words.number(saved.value_per_kwh)
    if saved.stored_kwh > 0:
        return _(
            "against an idle battery; {energy} more in it at midnight count at {value}",
            energy=energy,
            value=value,
        )
    return _(
        "against an idle battery; {energy} less in it at midnight count at {value}",
        energy=energy,
        value=value,
    )


def _by_planning(meta: PlanMeta, now: datetime, zone: ZoneInfo) -> KpiView:
    gained = words.amount(meta.cost_self_consumption - meta.cost, meta.currency, 2)
    end = words.when(meta.horizon_end, now, zone)
    return KpiView(_("By planning"), gained, _("until {time}, against only storing sun", time=end))


def _energy_note(
    today: Sequence[SlotOut],
    known: list[tuple[SlotOut, tuple[float, ...]]],
    planned_kwh: Callable[[SlotOut], float],
    now: datetime,
) -> str:
    """Say what was measured beside what was planned for the same slots, else what is left."""
    if not known:
        left = sum(planned_kwh(slot) for slot in today if slot.slot_end > now)
        return _("{energy} still to come", energy=words.amount(left, "kWh", 1))
    return _(
        "{energy} measured so far, planned {planned}",
        energy=words.amount(sum(values[0] for _slot, values in known), "kWh", 1),
        planned=words.number(sum(planned_kwh(slot) for slot, _values in known), 1),
    )


def _optimality(meta: PlanMeta) -> tuple[KpiView, ...]:
    """Return how near the plan comes to the best possible one; nothing for an older plan."""
    if meta.cost_best is None:
        return ()
    missed = words.number(meta.cost - meta.cost_best)
    if meta.optimality_percent is None:
        note = _(
            "next to nothing to gain, {money} {currency} from the best",
            money=missed,
            currency=meta.currency,
        )
        return (KpiView(_("Optimality"), "-", note),)
    if missed != words.number(0):
        note = _("{money} {currency} from the best", money=missed, currency=meta.currency)
    elif round(meta.optimality_percent) < _WHOLE_PERCENT:
        # Where there is next to nothing to save, a fraction of a cent is a percent of it.
        note = _("less than {money} from the best", money=words.amount(0.01, meta.currency, 2))
    else:
        note = _("nothing left to gain")
    return (KpiView(_("Optimality"), history_words.share(meta.optimality_percent), note),)
