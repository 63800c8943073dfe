"""What the page of forecasts is made from: read once, everything by slot start."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.forecasts.chart import Axis
from app.api.learning.scores_routes import ForecastScoreOut, known_scores
from app.api.prices.routes import prices_of
from app.core import clock
from app.core.clock import local_midnight
from app.core.errors import DatabaseUnavailableError
from app.core.frames import SLOT
from app.db import forecasts, observed, plans
from app.db.connection.engine import session_scope
from app.db.tables.models import PlanRun
from app.gather import temperature as temperature_forecast
from app.gather.day_ahead import issued_before
from app.ingest import demo
from app.plans.stored_inputs import NotReplayableError, inputs_of
from app.service.schemas.plan import InputOut, ScheduleOut
from app.service.schemas.prices import PriceSlotOut, PricesOut
from app.service.services import Services

KINDS = ("pv_kwh", "load_kwh")
TEMPERATURE = temperature_forecast.KIND
_ISSUED_WITHIN = timedelta(days=3)
Values = Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class WeatherOrigin:
    """Where the temperatures ahead come from; a sample has no time of issue."""

    source: str
    issued_at: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Prices, forecasts and what was measured of yesterday, today and tomorrow.

    ``forecast`` and ``actual`` are by kind, energies in kWh per slot. ``estimated_prices`` are the
    stand-ins for prices that are not out yet.
    """

    axis: Axis
    currency: str
    prices: tuple[PriceSlotOut, ...] = ()
    estimated_prices: Values = field(default_factory=dict)
    is_sample_price: bool = False
    forecast: Mapping[str, Values] = field(default_factory=dict)
    actual: Mapping[str, Values] = field(default_factory=dict)
    temperature_issue: WeatherOrigin | None = None
    inputs: tuple[InputOut, ...] = ()
    scores: tuple[ForecastScoreOut, ...] = ()

    def input(self, name: str) -> InputOut | None:
        """Return where an input of the plan in force came from."""
        return next((each for each in self.inputs if each.name == name), None)


@dataclass(frozen=True, slots=True)
class _Issues:
    """The newest issue of a kind, and those of the evenings before yesterday and today."""

    newest: forecasts.Issue | None
    before: tuple[forecasts.Issue, ...]

    def ahead(self) -> dict[datetime, float]:
        return {} if self.newest is None else _pairs(self.newest.frame, "value")

    def past(self) -> dict[datetime, float]:
        return _joined(_pairs(each.frame, "value") for each in self.before)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the database has of the three days."""

    run: PlanRun | None
    recorded: pl.DataFrame
    issues: dict[str, _Issues]


async def known_facts(deps: Services) -> Facts:
    """Read everything; raises ``DatabaseUnavailableError``."""
    settings, now = deps.job.settings, clock.now()
    axis = Axis.around(now, settings.zone)
    plan = await deps.plan()
    if deps.database_error:
        # Asking again would cost the caller the database's whole patience once more.
        raise DatabaseUnavailableError(deps.database_error)
    ahead = await prices_of(deps)
    earlier = await prices_of(deps, now=local_midnight(axis.days[1], settings.zone) - SLOT)
    stored = await _stored(deps, axis, plan)
    scores = await known_scores(deps)
    facts = await asyncio.to_thread(_facts, axis, plan, (earlier, ahead), stored, scores.scores)
    if settings.is_demo and facts.temperature_issue is None:
        return await asyncio.to_thread(_with_sample_weather, facts)
    return facts


async def _stored(deps: Services, axis: Axis, plan: ScheduleOut | None) -> _Stored:
    start, end = axis.slots[0], axis.slots[-1] + SLOT
    async with session_scope(deps.job.sources.sessions) as session:
        run = await plans.run_by_id(session, plan.meta.plan_run_id) if plan else None
        recorded = await observed.load(session, start=start, end=end)
        issues = {kind: await _issues(session, kind, axis) for kind in (*KINDS, TEMPERATURE)}
    return _Stored(run, recorded, issues)


async def _issues(session: AsyncSession, kind: str, axis: Axis) -> _Issues:
    newest = await forecasts.latest(
        session,
        kind=kind,
        issued_after=axis.now - _ISSUED_WITHIN,
        start=axis.slots[0],
        end=axis.slots[-1] + SLOT,
    )
    before = [await issued_before(session, kind, day, axis.zone) for day in axis.days[:2]]
    return _Issues(newest, tuple(each for each in before if each is not None))


def _facts(
    axis: Axis,
    plan: ScheduleOut | None,
    prices: tuple[PricesOut, PricesOut],
    stored: _Stored,
    scores: Iterable[ForecastScoreOut],
) -> Facts:
    earlier, ahead = prices
    slots = {each.slot_start: each for each in (*earlier.slots, *ahead.slots)}
    frames = _planned_with(stored.run)
    newest = stored.issues[TEMPERATURE].newest
    return Facts(
        axis=axis,
        currency=ahead.currency,
        prices=tuple(slots[start] for start in axis.slots if start in slots),
        estimated_prices=_estimated(frames, axis, slots),
        is_sample_price=ahead.is_sample,
        forecast={
            kind: _forecast(kind, frames, stored.issues[kind], plan, axis)
            for kind in (*KINDS, TEMPERATURE)
        },
        actual={
            kind: _pairs(stored.recorded.drop_nulls(kind), kind) for kind in (*KINDS, TEMPERATURE)
        },
        temperature_issue=WeatherOrigin(newest.source, newest.issued_at) if newest else None,
        inputs=tuple(plan.meta.inputs) if plan else (),
        scores=tuple(scores),
    )


def _with_sample_weather(facts: Facts) -> Facts:
    """Return the facts with recorded temperatures, as the demo home has recorded sun."""
    zone, slots = facts.axis.zone, list(facts.axis.slots)
    sample = demo.sample_slots(slots, zone=zone, currency=demo.CURRENCY)
    temperatures = _pairs(sample.drop_nulls(TEMPERATURE), TEMPERATURE)
    return replace(
        facts,
        forecast={**facts.forecast, TEMPERATURE: temperatures},
        temperature_issue=WeatherOrigin(demo.SOURCE, None),
    )


def _planned_with(run: PlanRun | None) -> tuple[pl.DataFrame, ...]:
    """Return what the plan in force was made with, and the estimated day after its horizon."""
    if run is None:
        return ()
    try:
        inputs = inputs_of(run)
    except NotReplayableError:
        return ()
    after = inputs.ctx.lookahead
    if after is None:
        return (inputs.slots,)
    names = ("import_price_per_kwh", *KINDS)
    means = after.group_by("slot_start").agg(pl.col(names).mean()).sort("slot_start")
    return inputs.slots, means


def _forecast(
    kind: str,
    planned_with: tuple[pl.DataFrame, ...],
    issues: _Issues,
    plan: ScheduleOut | None,
    axis: Axis,
) -> dict[datetime, float]:
    """Return a forecast: behind now that of the evening before, ahead what the plan counts on.

    Where no issue was kept, as in the demo home, today's past is as it was planned.
    """
    past, newest = issues.past(), issues.ahead()
    ahead = _joined(_pairs(each, kind) for each in planned_with if kind in each.columns)
    rows = plan.schedule if plan and kind in KINDS else []
    kept = {slot.slot_start: getattr(slot, f"planned_{kind}") for slot in rows}
    behind_now, ahead_of_now = (past, newest, ahead, kept), (ahead, newest, past, kept)
    return {
        slot: value
        for slot in axis.slots
        for value in _first(ahead_of_now if slot + SLOT > axis.now else behind_now, slot)
    }


def _first(known: Iterable[Values], slot: datetime) -> Iterable[float]:
    """Give what the first that knows the slot says; nothing where none does."""
    yield from [each[slot] for each in known if slot in each][:1]


def _estimated(
    planned_with: tuple[pl.DataFrame, ...], axis: Axis, known: Mapping[datetime, PriceSlotOut]
) -> dict[datetime, float]:
    """Return estimated import prices of the slots ahead that have no published one."""
    means = _joined(_pairs(each, "import_price_per_kwh") for each in planned_with[1:])
    return {
        slot: means[slot]
        for slot in axis.slots
        if slot in means and slot not in known and slot >= axis.now
    }


def _pairs(frame: pl.DataFrame, name: str) -> dict[datetime, float]:
    return dict(frame.select("slot_start", name).iter_rows())


def _joined(found: Iterable[dict[datetime, float]]) -> dict[datetime, float]:
    """Return all of them in one; the first to know a slot counts."""
    joined: dict[datetime, float] = {}
    for each in found:
        joined = each | joined
    return joined
