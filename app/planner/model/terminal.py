"""What energy left at the end of the horizon is worth: neither dump it nor hoard it.

Best from a look-ahead: the cost to go over the day after the horizon, averaged over the price
curves of recent days. The mean of convex functions is convex, and of the terminal values tried in
closed loop it was the safest (mean prices hoard, the cheapest quarter starves big batteries).
Without a look-ahead a flat value stands in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from app.core.frames import SLOT_HOURS
from app.planner.model import terms as engine_terms
from app.planner.model import worth
from app.planner.model.battery import TINY_KWH, start_kwh
from app.planner.model.context import Context
from app.planner.model.energy_value import TERMINAL, Curve, cost_to_go
from app.planner.model.limits import Limits

CHEAP_QUANTILE = 0.10
SLOTS_PER_HOUR = round(1 / SLOT_HOURS)
Stairs = tuple[tuple[float, float], ...]


def with_end_value(slots: pl.DataFrame, ctx: Context) -> Context:
    """Return the context with the value of energy left at the end filled in."""
    limits = ctx.limits
    flat = _flat_value(slots["import_price_per_kwh"], ctx)
    band_kwh = limits.ceiling_kwh - limits.floor_kwh
    stairs: Stairs = ((flat, band_kwh),)
    # Without a band (no battery, or one that may not move) there is nothing to tell apart.
    estimates = band_kwh > TINY_KWH and ctx.terminal_value_per_kwh is None
    if estimates and ctx.lookahead is not None:
        days = ctx.lookahead.partition_by("price_day", maintain_order=True)
        stairs = _mean([_day_stairs(day, limits, ctx) for day in days])
    # What is missing below the minimum comes before any use: dearer than every price.
    dearest = 2 * max(map(abs, slots["import_price_per_kwh"]), default=0.0)
    # What is left at the end serves the day after. Over what is left of the horizon the answer
    # would change as the hours pass, and the plan with it.
    served = slots if ctx.lookahead is None else ctx.lookahead
    deficit = served["pv_kwh"].sum() < served["load_kwh"].sum()
    return replace(
        ctx, end_value=stairs, rescue_value_per_kwh=dearest, strategic_period=bool(deficit)
    )


def end_curve(ctx: Context) -> Curve:
    """Return the cost to go after the last slot, over the band the battery may move in."""
    limits = ctx.limits
    stairs = ctx.end_value
    if ctx.engine == "optimal" and ctx.strategic_period:
        stairs = _strategic(stairs, ctx)
    segments = [(-value, kwh, TERMINAL) for value, kwh in stairs]
    above_kwh = start_kwh(ctx) - limits.ceiling_kwh
    if above_kwh > 0:
        # What is stored above the maximum is worth as much as the last of the rest: not given away.
        segments.append((segments[-1][0], above_kwh, TERMINAL))
    base_kwh = min(start_kwh(ctx), limits.floor_kwh)
    if base_kwh < limits.floor_kwh:
        missing_kwh = limits.floor_kwh - base_kwh
        segments.insert(0, (-ctx.rescue_value_per_kwh, missing_kwh, TERMINAL))
    return Curve(base_kwh, 0.0, tuple(segments))


def credit(stored_kwh: float, ctx: Context) -> float:
    """Return what ``stored_kwh`` is worth at the end, in currency, zero at the minimum level.

    Below the minimum and above the maximum the outermost value goes on.
    """
    left_kwh = stored_kwh - ctx.limits.floor_kwh
    if left_kwh <= 0:
        return left_kwh * ctx.end_value[0][0]
    money = 0.0
    for value, kwh in ctx.end_value:
        part_kwh = min(kwh, left_kwh)
        money += value * part_kwh
        left_kwh -= part_kwh
    return money + left_kwh * ctx.end_value[-1][0]


def marginal_value_per_kwh(stored_kwh: float, ctx: Context) -> float:
    """Return what the last of ``stored_kwh`` is worth at the end, per stored kWh."""
    level_kwh = ctx.limits.floor_kwh
    for value, kwh in ctx.end_value:
        level_kwh += kwh
        if stored_kwh <= level_kwh + TINY_KWH:
            return value
    return ctx.end_value[-1][0]


def mean_value_per_kwh(ctx: Context) -> float:
    """Return the mean worth of a stored kWh left at the end over the whole band."""
    width_kwh = sum(kwh for _, kwh in ctx.end_value)
    if width_kwh <= 0:
        return ctx.end_value[0][0]
    return sum(value * kwh for value, kwh in ctx.end_value) / width_kwh


def _flat_value(import_prices: pl.Series, ctx: Context) -> float:
    """Return one worth for every stored kWh beyond the horizon, currency per kWh.

    A kWh kept saves buying one in the next cheap hours, so it is worth the price of the cheapest
    tenth of the horizon, but never more than serving the mean hour would earn.
    """
    if ctx.terminal_value_per_kwh is not None:
        return ctx.terminal_value_per_kwh
    limits = ctx.limits
    cheap = import_prices.quantile(CHEAP_QUANTILE, interpolation="lower")
    mean = import_prices.mean()
    if not isinstance(cheap, float) or not isinstance(mean, float):
        return 0.0
    # The margin a use must earn holds beyond the horizon too; without it a flat day would hoard.
    margin = ctx.settings.decision_thresholds.battery_use_margin_per_kwh
    return max(0.0, min(cheap, (mean - margin) * limits.efficiency - limits.wear_per_kwh))


def _day_stairs(day: pl.DataFrame, limits: Limits, ctx: Context) -> Stairs:
    """Return the value of energy before one day of these prices, hour by hour, dearest first."""
    hourly = replace(
        limits,
        charge_kwh=limits.charge_kwh * SLOTS_PER_HOUR,
        discharge_kwh=limits.discharge_kwh * SLOTS_PER_HOUR,
        import_kwh=limits.import_kwh * SLOTS_PER_HOUR,
        export_kwh=limits.export_kwh * SLOTS_PER_HOUR,
    )
    rows = list(_hours(day, ctx))
    count = len(rows)
    offered = engine_terms.terms(rows, [0.0] * count, ctx, may_buy=[True] * count, limits=hourly)
    flat = _flat_value(day["import_price_per_kwh"], ctx)
    after = (-flat, limits.ceiling_kwh - limits.floor_kwh, TERMINAL)
    before = cost_to_go(offered, Curve(limits.floor_kwh, 0.0, (after,)))[0]
    return tuple((-slope, kwh) for slope, kwh, _ in before.segments)


def _hours(day: pl.DataFrame, ctx: Context) -> Iterator[engine_terms.SlotInput]:
    """Fold quarters into hours: a quarter's detail a day ahead of the prices is not knowledge."""
    hour = pl.int_range(pl.len()) // SLOTS_PER_HOUR
    hours = (
        day.group_by(hour.alias("_hour"), maintain_order=True)
        .agg(
            pl.col("import_price_per_kwh", "export_price_per_kwh").mean(),
            cautious_pv_kwh=pl.col("pv_kwh").sum(),
            cautious_load_kwh=pl.col("load_kwh").sum(),
        )
        .with_columns(
            *worth.values(ctx),
            is_cheap=pl.lit(value=False),
            may_export_battery=(pl.col("export_price_per_kwh") > 0)
            & ctx.settings.arbitrage.enable_export,
            manual_action=pl.lit(None, dtype=pl.String()),
            manual_power_kw=pl.lit(None, dtype=pl.Float64()),
        )
    )
    return iter(engine_terms.inputs_of(hours))


def _mean(days: Sequence[Stairs]) -> Stairs:
    """Return the mean of staircases over the same band."""
    share = 1 / len(days)
    steps = [0] * len(days)
    left = [day[0][1] for day in days]
    result: list[tuple[float, float]] = []
    while all(step < len(day) for step, day in zip(steps, days, strict=True)):
        width_kwh = min(left)
        value = share * sum(day[step][0] for step, day in zip(steps, days, strict=True))
        if width_kwh > 0:
            result.append((value, width_kwh))
        for index, day in enumerate(days):
            left[index] -= width_kwh
            if left[index] <= TINY_KWH:
                steps[index] += 1
                if steps[index] < len(day):
                    left[index] += day[steps[index]][1]
    return tuple(result)


def _strategic(stairs: Stairs, ctx: Context) -> Stairs:
    """Raise what is below the strategic target by the tolerance, at most to the strategic price.

    Soft on purpose: at the full strategic price the cheap weekend of 2024-04-13 bought 30 kWh that
    the days after had no use for, 10 SEK lost on one plan.
    """
    strategic, limits = ctx.settings.strategic_charging, ctx.limits
    price = strategic.price_threshold_per_kwh / limits.efficiency
    bonus = 1 + strategic.carry_forward_tolerance_ratio
    target_kwh = ctx.settings.battery.capacity_kwh * strategic.target_soc_percent / 100
    result: list[tuple[float, float]] = []
    level_kwh = limits.floor_kwh
    for value, kwh in stairs:
        below_kwh = min(kwh, max(0.0, target_kwh - level_kwh))
        level_kwh += kwh
        result += [
            (each, part)
            for each, part in (
                (max(value, min(price, value * bonus)), below_kwh),
                (value, kwh - below_kwh),
            )
            if part > 0
        ]
    return tuple(result) or stairs
