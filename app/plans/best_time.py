"""The cheapest starts of an appliance in a plan, beside starting now and at the lowest prices."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from app.core.clock import iso_utc, slot_floor
from app.core.errors import DarkstarError, InputError
from app.core.frames import SLOT
from app.planner.best_time import BestTime, Load, load_of
from app.planner.model.context import Context
from app.planner.run import Plan, make_plan

_SAME_MONEY = 1e-6


class WindowTooShortError(InputError):
    """The appliance needs longer than it is given."""

    code = "window_too_short"


class PlanRunOutError(DarkstarError):
    """The plan in force has no slot left at this instant."""

    status = 503
    code = "plan_run_out"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An appliance and when it may run: ``kwh`` taken evenly over ``hours``, times aware UTC.

    ``before`` is when it must be done at the latest, None for the end of the plan; ``count`` is
    how many starts are asked for.
    """

    kwh: float
    hours: float
    after: datetime
    before: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """A slot under the appliance: kWh (of these, from the sun's surplus), prices, its cost."""

    slot_start: datetime
    slot_end: datetime
    kwh: float
    from_surplus_kwh: float
    import_price_per_kwh: float
    export_price_per_kwh: float
    marginal_value_per_kwh: float
    cost: float


@dataclass(frozen=True, slots=True)
class Start:
    """A start with what it costs: in all, at import prices alone, and slot by slot."""

    start: datetime
    end: datetime
    cost: float
    cost_at_import_prices: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest ``starts`` that do not overlap, the best first, and two to compare them with.

    ``now`` starts with the slot in progress, ``cheapest_price`` where import prices alone are
    lowest; None where the fuse or the window does not allow it. ``note`` says why nothing fits.
    """

    starts: tuple[Start, ...]
    now: Start | None
    cheapest_price: Start | None
    after: datetime
    before: datetime
    note: str


class Finder:
    """Finds starts in one plan from one slot on; made once, asked often."""

    def __init__(self, plan: Plan, *, now: datetime) -> None:
        """Prepare the plan's curves (some 20 ms); raises ``PlanRunOutError``."""
        starts: list[datetime] = plan.schedule["slot_start"].to_list()
        self.first_slot = slot_floor(now)
        if self.first_slot not in starts:
            raise PlanRunOutError("the plan in force has run out; run the planner first")
        self._starts = starts
        self._schedule = plan.schedule
        self._prices = BestTime(plan, first=starts.index(self.first_slot))

    @property
    def end(self) -> datetime:
        """When the last slot with a known price ends."""
        return self._starts[-1] + SLOT

    def find(self, wanted: Wanted, *, now: datetime) -> Found:
        """Return the cheapest starts; raises ``WindowTooShortError``."""
        after = max(wanted.after, now)
        lasts = timedelta(hours=wanted.hours)
        if wanted.before is not None and wanted.before - after < lasts:
            raise WindowTooShortError(
                f"before = {iso_utc(wanted.before)}: {wanted.hours:g} h do not fit after "
                f"{iso_utc(after)}; give a later `before` or fewer hours"
            )
        before = min(wanted.before or self.end, self.end)
        load = load_of(kwh=wanted.kwh, hours=wanted.hours)
        costs, spot = self._prices.costs(load), self._prices.spot_costs(load)
        allowed = [
            slot
            for slot in costs
            if self._starts[slot] >= after and self._starts[slot] + lasts <= before
        ]
        made = _Starts(self, load, lasts, costs, spot)
        cheapest, here = _cheapest(allowed, spot, count=1, width=1), self._prices.first
        return Found(
            starts=made.of(_cheapest(allowed, costs, count=wanted.count, width=len(load.kwh))),
            now=next(iter(made.of([here] if here in costs else [])), None),
            cheapest_price=next(iter(made.of(cheapest)), None),
            after=after,
            before=before,
            note="" if allowed else self._why_none(after, before, lasts),
        )

    def _why_none(self, after: datetime, before: datetime, lasts: timedelta) -> str:
        # From the next quarter on, as starts are on quarters.
        first = slot_floor(after + SLOT - timedelta(microseconds=1))
        if first + lasts > before:
            return (
                f"no start on a quarter of an hour fits between {iso_utc(after)} and "
                f"{iso_utc(before)}; prices are known until {iso_utc(self.end)}"
            )
        return "the main fuse has no room for it in any of these slots"

    def start(self, load: Load, slot: int, lasts: timedelta, cost: float, spot: float) -> Start:
        """Return a start with its parts."""
        begins = self._starts[slot]
        return Start(begins, begins + lasts, cost, spot, tuple(self._parts(load, slot)))

    def _parts(self, load: Load, slot: int) -> Iterable[Part]:
        for part in self._prices.parts(load, slot):
            row = self._schedule.row(part.slot, named=True)
            yield Part(
                slot_start=row["slot_start"],
                slot_end=row["slot_end"],
                kwh=part.kwh,
                from_surplus_kwh=part.from_surplus_kwh,
                import_price_per_kwh=row["import_price_per_kwh"],
                export_price_per_kwh=row["export_price_per_kwh"],
                marginal_value_per_kwh=row["marginal_value_per_kwh"],
                cost=part.cost,
            )


class _Kept(NamedTuple):
    """The plan and curves that were asked about last, and what they came from."""

    made_from: tuple[str, str]
    plan: Plan
    finder: Finder


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and until when prices are known."""

    found: Found
    known_until: datetime


_last: list[_Kept] = []


def answer(
    inputs_hash: str, slots: pl.DataFrame, ctx: Context, wanted: Wanted, *, now: datetime
) -> Answer:
    """Find starts in the plan of these inputs; its curves are made once a plan and slot.

    Raises ``PlanRunOutError`` or ``WindowTooShortError``.
    """
    kept, made_from = _last.pop() if _last else None, (inputs_hash, ctx.engine)
    if kept is None or kept.made_from != made_from:
        # The same inputs give the same plan, with the columns that its rows do not keep.
        plan = make_plan(slots, ctx)
        kept = _Kept(made_from, plan, Finder(plan, now=now))
    elif kept.finder.first_slot != slot_floor(now):
        kept = kept._replace(finder=Finder(kept.plan, now=now))
    _last.append(kept)
    return Answer(kept.finder.find(wanted, now=now), kept.finder.end)


@dataclass(frozen=True, slots=True)
class _Starts:
    """What starts are made from."""

    finder: Finder
    load: Load
    lasts: timedelta
    costs: dict[int, float]
    spot: dict[int, float]

    def of(self, slots: Sequence[int]) -> tuple[Start, ...]:
        return tuple(
            self.finder.start(self.load, slot, self.lasts, self.costs[slot], self.spot[slot])
            for slot in slots
        )


def _cheapest(
    slots: Iterable[int], costs: dict[int, float], *, count: int, width: int
) -> list[int]:
    """Return the cheapest slots at least ``width`` apart, the earlier of equals first."""
    found: list[int] = []
    for slot in sorted(slots, key=lambda slot: (math.floor(costs[slot] / _SAME_MONEY), slot)):
        if len(found) == count:
            break
        if all(abs(slot - other) >= width for other in found):
            found.append(slot)
    return found
