"""Refuse input that no plan may be made from, naming the column, the slot and the value."""

import math

import polars as pl

from app.core.errors import InputError
from app.core.frames import SLOT, SLOTS, check

_ENERGIES = ("pv_kwh", "load_kwh")
_NUMBERS = ("import_price_per_kwh", "export_price_per_kwh", *_ENERGIES)
_ACTIONS = ("charge", "water", "hold", "export")


def validated(slots: pl.DataFrame) -> pl.DataFrame:
    """Return the slots sorted and free of identical duplicates, or say what is wrong with them."""
    check(slots.lazy(), SLOTS, by="planner input")
    frame = slots.select(SLOTS.names()).unique(maintain_order=True).sort("slot_start")
    if frame.is_empty():
        raise InputError("slots: the horizon is empty; at least one slot with a price is needed")
    for name in _NUMBERS:
        _check_number(frame, name, at_least=0.0 if name in _ENERGIES else -math.inf)
    _check_grid(frame)
    unknown = set(frame["manual_action"].drop_nulls()) - set(_ACTIONS)
    if unknown:
        raise InputError(f"manual_action {sorted(unknown)}: use one of {', '.join(_ACTIONS)}")
    powers = frame["manual_power_kw"].drop_nulls()
    if not (powers.is_finite() & (powers > 0)).all():
        raise InputError("manual_power_kw: a power above zero, or none, is needed")
    return frame


def _check_number(frame: pl.DataFrame, name: str, *, at_least: float) -> None:
    """Every value must be there, finite, and not below ``at_least``."""
    for index, value in enumerate(frame[name].to_list()):
        if value is None or not math.isfinite(value):
            start = frame["slot_start"][index]
            raise InputError(f"{name} at {start} is {value}: a finite number is needed")
        if value < at_least:
            raise InputError(f"{name} at {frame['slot_start'][index]} is {value}: below zero")


def _check_grid(frame: pl.DataFrame) -> None:
    """Slots must be quarters, each once, without a gap."""
    starts = frame["slot_start"]
    if starts[0] is None or starts.null_count():
        raise InputError("slot_start: a slot has no time")
    off_grid = starts.filter(starts != starts.dt.truncate("15m"))
    if not off_grid.is_empty():
        raise InputError(f"slot_start {off_grid[0]}: not on a quarter of an hour")
    steps = starts.diff().drop_nulls()
    if bool((steps == SLOT * 0).any()):
        twice = starts.filter(starts.is_duplicated())[0]
        raise InputError(f"slot_start {twice}: given twice with different numbers")
    if bool((steps != SLOT).any()):
        before = starts[int((steps != SLOT).arg_max() or 0)]
        raise InputError(f"slots: a gap after {before}; the horizon must be contiguous")
