"""Make a plan from collected slots: validate, run the passes, collect once, price it."""

from dataclasses import dataclass

import polars as pl

from app.errors import InputError
from app.frames import SCHEDULE, SLOT, SLOTS, check
from app.planner import pass2_water, pipeline
from app.planner.consolidation import runs_of
from app.planner.context import Context
from app.planner.totals import Totals, totals

_NUMBERS = ("import_price_per_kwh", "export_price_per_kwh", "pv_kwh", "load_kwh")
_ACTIONS = ("charge", "water", "hold", "export")
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule (columns of ``frames.SCHEDULE``), its cost, and what people must know.

    ``frame`` keeps every pass's columns for debugging and explanations.
    """

    schedule: pl.DataFrame
    frame: pl.DataFrame
    totals: Totals
    warnings: tuple[str, ...]


def make_plan(slots: pl.DataFrame, ctx: Context) -> Plan:
    """Plan the slots (columns of ``frames.SLOTS``); raises ``InputError`` on unusable input."""
    frame = pipeline.plan(validated(slots).lazy(), ctx).collect()
    return Plan(
        schedule=frame.select(SCHEDULE.names()),
        frame=frame,
        totals=totals(frame, ctx),
        warnings=_warnings(frame, ctx),
    )


def validated(slots: pl.DataFrame) -> pl.DataFrame:
    """Return the slots sorted and free of identical duplicates, or say what is wrong with them."""
    check(slots.lazy(), SLOTS, by="planner input")
    frame = slots.select(SLOTS.names()).unique(maintain_order=True).sort("slot_start")
    if frame.is_empty():
        raise InputError("slots: the horizon is empty; at least one slot with a price is needed")
    for name in _NUMBERS:
        bad = frame.filter(pl.col(name).is_null() | ~pl.col(name).is_finite())
        if not bad.is_empty():
            raise InputError(
                f"{name} at {bad['slot_start'][0]} is {bad[name][0]}: a finite number is needed"
            )
    for name in ("pv_kwh", "load_kwh"):
        bad = frame.filter(pl.col(name) < 0)
        if not bad.is_empty():
            raise InputError(f"{name} at {bad['slot_start'][0]} is {bad[name][0]}: below zero")
    _check_grid(frame)
    unknown = set(frame["manual_action"].drop_nulls()) - set(_ACTIONS)
    if unknown:
        raise InputError(f"manual_action {sorted(unknown)}: use one of {', '.join(_ACTIONS)}")
    return frame


def _check_grid(frame: pl.DataFrame) -> None:
    """Slots must be quarters, each once, without a gap."""
    starts = frame["slot_start"]
    if starts[0] is None or starts.null_count():
        raise InputError("slot_start: a slot has no time")
    off_grid = frame.filter(pl.col("slot_start") != pl.col("slot_start").dt.truncate("15m"))
    if not off_grid.is_empty():
        raise InputError(f"slot_start {off_grid['slot_start'][0]}: not on a quarter of an hour")
    steps = starts.diff().drop_nulls()
    if bool((steps == SLOT * 0).any()):
        twice = starts.filter(starts.is_duplicated())[0]
        raise InputError(f"slot_start {twice}: given twice with different numbers")
    if bool((steps != SLOT).any()):
        before = starts[int((steps != SLOT).arg_max() or 0)]
        raise InputError(f"slots: a gap after {before}; the horizon must be contiguous")


def _warnings(frame: pl.DataFrame, ctx: Context) -> tuple[str, ...]:
    """Name what the plan could not do."""
    found: list[str] = []
    limit_kw = ctx.settings.grid.max_import_kw
    over = frame.filter(pl.col("import_kw") > limit_kw + _TINY)
    if not over.is_empty():
        found.append(
            f"fuse_exceeded_by_load: the house alone needs up to {max(over['import_kw']):.1f} kW, "
            f"the grid gives {limit_kw:g} kW, in {over.height} slots"
        )
    served = dict(
        frame.filter(pl.col("water_for_day").is_not_null())
        .group_by("water_for_day")
        .agg(pl.col("water_kwh").sum())
        .iter_rows()
    )
    if ctx.settings.water_heating.power_kw > 0:
        for day, need_kwh in pass2_water.needs_kwh(frame["slot_start"].to_list(), ctx).items():
            short_kwh = need_kwh - served.get(day, 0.0)
            if short_kwh > _TINY:
                found.append(
                    f"water_short: {day} gets {short_kwh:.2f} kWh less than {need_kwh:.2f} kWh; "
                    "too few usable slots are left"
                )
    return (*found, *_manual_warnings(frame, ctx))


def _manual_warnings(frame: pl.DataFrame, ctx: Context) -> list[str]:
    """Name every manual block in which nothing of what was asked can be done."""
    actions: list[str | None] = frame["manual_action"].to_list()
    done = [
        frame["water_kwh"][slot] > 0 if action == "water" else frame["classification"][slot]
        for slot, action in enumerate(actions)
    ]
    found = []
    for action in ("charge", "export", "water"):
        for first, last in runs_of([each == action for each in actions]):
            if not {action, True} & set(done[first : last + 1]):
                begins = frame["slot_start"][first].astimezone(ctx.settings.zone)
                found.append(
                    f"manual_{action}_not_possible: nothing can be done in the "
                    f"{last - first + 1} slots from {begins:%Y-%m-%d %H:%M}"
                )
    return found
