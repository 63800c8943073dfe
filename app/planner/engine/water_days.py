"""What hot water every local day still needs, which slots may give it, and a first placement.

The first placement takes the slots that are cheapest by themselves: PV surplus is worth what
selling it would bring, the rest is bought.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile

import polars as pl

from app.core.frames import SLOT_HOURS
from app.planner.engine.water_blocks import cheapest_blocks
from app.planner.model.context import Context
from app.planner.model.manual import BATTERY_ACTIONS
from app.planner.model.terms import RELIEF_PRICES, SlotInput, inputs_of

_HALF_DAY_HOURS = 12
Serves = list[date | None]


@dataclass(frozen=True, slots=True)
class DayTask:
    """One day's heating: the slots it may use, how many it needs, the first ``running`` fixed.

    ``most`` bounds what it may take where using power is paid for. ``manual`` slots heat anyway:
    they are none of the window's, but a block goes on through them.
    """

    window: tuple[int, ...]
    wanted: int
    most: int
    running: int
    max_blocks: int
    manual: tuple[int, ...] = ()

    def cheapest(self, costs: Mapping[int, float], *, least: int) -> list[int]:
        """Return the running slots and the cheapest of the others, at least ``least`` in all.

        ``costs`` are in currency by slot; no block reaches across a slot that is not among them.
        """
        running = self.window[: self.running]
        free = {slot: cost for slot, cost in costs.items() if slot not in running}
        if not free:
            return list(running)
        span = range(min(free), max(free) + 1)
        goes_on = bool(running) and {*range(running[-1] + 1, span[0])} <= {*self.manual}
        picks = cheapest_blocks(
            [free.get(slot, math.inf) for slot in span],
            slots_needed=least - len(running),
            slots_at_most=self.most - len(running),
            # A block in progress that ends here is one of the day's all the same.
            max_blocks=self.max_blocks - (bool(running) and not goes_on),
            first_is_running=goes_on,
        )
        return [*running, *(span[pick] for pick in picks)]


@dataclass(frozen=True, slots=True)
class Placement:
    """Which day's need every slot heats for, and the tasks behind it.

    ``manual`` slots heat because the owner said so; ``heat_kwh`` is the heater's energy in a slot.
    """

    serves: Serves
    tasks: dict[date, DayTask]
    manual: tuple[int, ...]
    heat_kwh: float

    def slots_of(self, day: date) -> list[int]:
        """Return the slots that heat for a day."""
        return [slot for slot, served in enumerate(self.serves) if served == day]

    @property
    def water_kwh(self) -> list[float]:
        """The heater's energy per slot."""
        return [0.0 if day is None else self.heat_kwh for day in self.serves]


def slot_energy_kwh(ctx: Context) -> float:
    """Return what the heater takes in one slot, kWh."""
    return ctx.settings.water_heating.power_kw * SLOT_HOURS


def needs_kwh(starts: Sequence[datetime], ctx: Context) -> dict[date, float]:
    """Return the energy each local day still has to get, oldest day first, kWh."""
    water = ctx.settings.water_heating
    hours: dict[date, float] = {}
    for start in starts:
        day = ctx.local_day_of(start)
        hours[day] = hours.get(day, 0.0) + SLOT_HOURS
    if ctx.judged_water_rules:
        return {
            day: min(
                water.min_kwh_per_day * (1 if span >= _HALF_DAY_HOURS else span / 24),
                water.power_kw * span,
            )
            for day, span in hours.items()
        }
    today = min(hours)
    last = today + timedelta(days=water.plan_days_ahead)
    # A coming day of which only the first hours are priced waits for the rest: prices end at
    # Central European midnight, an hour into the day of a Finnish home.
    needs = {
        day: water.min_kwh_per_day
        for day, span in hours.items()
        if day == today or (day <= last and span >= _HALF_DAY_HOURS)
    }
    used_kwh = max(0.0, ctx.home.water_used_today_kwh - ctx.home.water_caught_up_kwh)
    needs[today] = max(0.0, water.min_kwh_per_day - used_kwh)
    return {today - timedelta(days=1): ctx.home.water_owed_kwh, **needs}


def place_by_price(df: pl.DataFrame, ctx: Context, *, barred: Collection[int] = ()) -> Placement:
    """Give every day the free slots that are cheapest by themselves, in day order.

    ``barred`` slots heat by hand only.
    """
    heat_kwh = slot_energy_kwh(ctx)
    rows = inputs_of(df)
    manual = tuple(slot for slot, row in enumerate(rows) if row.action == "water")
    placement = Placement([None] * df.height, {}, manual, heat_kwh)
    if heat_kwh <= 0:
        return placement
    starts: list[datetime] = df["slot_start"].to_list()
    days = [ctx.local_day_of(start) for start in starts]
    serves = placement.serves
    # Manual water is on whatever it costs, and counts for its own day.
    for slot in manual:
        serves[slot] = days[slot]
    last_resort = 1 + RELIEF_PRICES * max(abs(row.import_price) for row in rows) * heat_kwh
    costs = [
        math.inf if slot in barred else _cost(row, heat_kwh, ctx, last_resort=last_resort)
        for slot, row in enumerate(rows)
    ]
    for day, need_kwh in needs_kwh(starts, ctx).items():
        wanted = math.ceil(need_kwh / heat_kwh - 1e-9) - serves.count(day)
        window = tuple(
            slot for slot in _window(day, starts, days, costs, ctx) if slot not in manual
        )
        if wanted <= 0 or not window:
            continue
        # The block in progress belongs to one day: the oldest that still needs it.
        free = serves[window[0]] is None
        running = min(_still_running(window, manual, starts, ctx), wanted) if free else 0
        used_kwh = max(0.0, ctx.settings.water_heating.min_kwh_per_day - need_kwh)
        most = max(wanted, _most_slots(ctx, heat_kwh, used_kwh) - serves.count(day))
        blocks = ctx.settings.water_heating.max_blocks_per_day
        task = DayTask(window, wanted, most, running, blocks, manual)
        placement.tasks[day] = task
        left = {slot: costs[slot] for slot in window if serves[slot] is None}
        for slot in task.cheapest(left, least=wanted):
            serves[slot] = day
    return placement


def _most_slots(ctx: Context, heat_kwh: float, used_kwh: float) -> int:
    """Return how many slots a day may still heat at most; the judge sets no such bound."""
    water = ctx.settings.water_heating
    if ctx.judged_water_rules:
        return round(24 / SLOT_HOURS)
    most_kwh = water.max_kwh_per_day
    if most_kwh is None:
        most_kwh = 2 * water.min_kwh_per_day
    return math.floor((most_kwh - used_kwh) / heat_kwh + 1e-9)


def _battery_carries(over_kwh: float, row: SlotInput, ctx: Context) -> bool:
    """Say whether the battery's power covers what the main fuse does not; its charge may not."""
    limits = ctx.limits
    return (
        ctx.heats_beyond_fuse
        and ctx.engine == "optimal"
        and ctx.discharge_allowed
        and over_kwh <= limits.discharge_kwh
        and limits.ceiling_kwh > limits.floor_kwh
        and row.action not in BATTERY_ACTIONS
    )


def _cost(row: SlotInput, heat_kwh: float, ctx: Context, *, last_resort: float) -> float:
    """Return what heating through a slot costs, infinite where nothing carries it.

    Surplus costs at least nothing: the battery may have a better use for what must not be sold.
    Where only fuse and battery together carry house and heater, the slot comes after all others.
    """
    limits = ctx.limits
    over_kwh = row.load_kwh + heat_kwh - row.pv_kwh - limits.import_kwh
    if over_kwh > 0:
        return last_resort if _battery_carries(over_kwh, row, ctx) else math.inf
    from_pv_kwh = min(heat_kwh, max(0.0, row.pv_kwh - row.load_kwh))
    sale_price = row.store_cost * limits.efficiency
    return from_pv_kwh * max(0.0, sale_price) + (heat_kwh - from_pv_kwh) * row.import_price


def _window(
    day: date, starts: list[datetime], days: list[date], costs: list[float], ctx: Context
) -> tuple[int, ...]:
    """Return the slots ``day`` may use: its own, those it may be deferred to, within the fuse."""
    latest = (
        datetime.combine(day + timedelta(days=1), time(), tzinfo=ctx.settings.zone).timestamp()
        + 3600 * ctx.settings.water_heating.defer_up_to_hours
    )
    return tuple(
        slot
        for slot, start in enumerate(starts)
        if days[slot] >= day and start.timestamp() < latest and math.isfinite(costs[slot])
    )


def _still_running(
    window: tuple[int, ...], manual: tuple[int, ...], starts: list[datetime], ctx: Context
) -> int:
    """Return how many first slots of the window belong to the block in progress.

    The fuse ends it. What heats by hand belongs to it, but is not the window's to count again.
    """
    until = ctx.home.running_water_until
    if until is None:
        return 0
    heated = {*window, *manual}
    block = takewhile(lambda slot: slot in heated and starts[slot] < until, range(len(starts)))
    return sum(slot not in manual for slot in block)
