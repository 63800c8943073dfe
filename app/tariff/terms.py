"""The rules of a tariff as expressions over a frame of slots."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

import polars as pl

from app.settings.tariff import Charge, Rate, Rule, TaxedCharge
from app.settings.tariff_layers import Component, Line

local_day: Final = pl.col("_local_day")
local_hour: Final = pl.col("_local_hour")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FRIDAY, _SATURDAY = 5, 6

Amount = Callable[[Rule], pl.Expr]


def local_times(timezone: str) -> tuple[pl.Expr, ...]:
    """Return day and hour on the wall of every slot: the fold's hour twice, the gap's never."""
    local = pl.col("slot_start").dt.convert_time_zone(timezone)
    return (
        local.dt.date().alias("_local_day"),
        local.dt.hour().alias("_local_hour"),
    )


def amount(component: Component, holidays: Sequence[date]) -> pl.Expr:
    """Return the component as it stands: percent of VAT, or currency per kWh."""
    return _component(component, holidays, _plain)


def amount_before_vat(component: Component, holidays: Sequence[date]) -> pl.Expr:
    """Return the component per kWh without VAT; needs ``_vat_ratio``."""
    return _component(component, holidays, _before_vat)


def estimated(components: Iterable[Component]) -> pl.Expr:
    """Return where a figure is missing or has run out, so that the price is not the bill's."""
    found = pl.lit(value=False)
    for each in components:
        own = _reaches(each.own)
        if not each.base_is_known:
            packed = _reaches(each.pack[0] if each.pack else None)
            found = found | ~(own | packed)
        if each.own and each.own.expires:
            found = found | (local_day >= each.own.expires)
        for line in each.pack:
            if line.expires:
                found = found | (~own & (local_day >= line.expires))
    return found


def _reaches(line: Line | None) -> pl.Expr:
    """Return whether the line has a figure for the slot, run out or not."""
    if line is None or line.first_day is None:
        return pl.lit(value=line is not None)
    return local_day >= line.first_day


def _component(component: Component, holidays: Sequence[date], value: Amount) -> pl.Expr:
    """Return own rules where they reach, else the pack's lines added up, else the base."""
    base = pl.lit(component.base, dtype=pl.Float64)
    packed = base
    if component.pack:
        sums = [_line(line, holidays, value) for line in component.pack]
        packed = sums[0]
        for each in sums[1:]:
            # A levy that began later than the others adds nothing before.
            packed = packed + each.fill_null(0.0)
        packed = packed.fill_null(base) if component.pack[0].first_day else packed
    if component.own is None:
        return packed
    own = _line(component.own, holidays, value)
    return pl.coalesce(own, packed) if component.own.first_day else own


def _line(line: Line, holidays: Sequence[date], value: Amount) -> pl.Expr:
    """Return the amount of the span each slot lies in, null before the first."""
    found: pl.Expr = pl.lit(None, dtype=pl.Float64)
    for span in line.spans:
        rules = _first_that_fits(span.rules, holidays, value)
        if span.start is not None:
            rules = pl.when(local_day >= span.start).then(rules).otherwise(found)
        found = rules
    return found


def _first_that_fits(rules: Sequence[Rule], holidays: Sequence[date], value: Amount) -> pl.Expr:
    """Return the amount of the first rule that fits; one that always does is among them."""
    always = next(index for index, rule in enumerate(rules) if rule.is_always)
    found = value(rules[always])
    for rule in reversed(rules[:always]):
        found = pl.when(_fits(rule, holidays)).then(value(rule)).otherwise(found)
    return found


def _fits(rule: Rule, holidays: Sequence[date]) -> pl.Expr:
    """Return whether months, days and hours of the rule all fit the slot."""
    fits: list[pl.Expr] = []
    if rule.months:
        fits.append(local_day.dt.month().is_in(rule.months))
    if rule.days:
        fits.append(pl.any_horizontal(_day(day, holidays) for day in rule.days))
    if rule.hours:
        fits.append(pl.any_horizontal(_hours(*pair) for pair in rule.hour_ranges))
    return pl.all_horizontal(fits)


def _day(name: str, holidays: Sequence[date]) -> pl.Expr:
    weekday = local_day.dt.weekday()
    if name in WEEKDAYS:
        return weekday == WEEKDAYS.index(name) + 1
    is_holiday = local_day.is_in(list(holidays)) if holidays else pl.lit(value=False)
    if name == "workday":
        return (weekday <= _FRIDAY) & ~is_holiday
    return is_holiday | (weekday >= _SATURDAY) if name == "weekend" else is_holiday


def _hours(first: int, end: int) -> pl.Expr:
    """Return whether the hour lies in [first, end), across midnight where end comes first."""
    if first < end:
        return (local_hour >= first) & (local_hour < end)
    return (local_hour >= first) | (local_hour < end)


def _plain(rule: Rule) -> pl.Expr:
    if isinstance(rule, Rate):
        return pl.lit(rule.percent, dtype=pl.Float64)
    if not isinstance(rule, Charge):
        raise TypeError(f"{type(rule).__name__} is neither a rate nor a charge")
    fixed = pl.lit(rule.per_kwh, dtype=pl.Float64)
    if not rule.percent_of_spot:
        return fixed
    return fixed + pl.col("spot_price_per_kwh") * (rule.percent_of_spot / 100)


def _before_vat(rule: Rule) -> pl.Expr:
    plain = _plain(rule)
    if isinstance(rule, TaxedCharge) and rule.includes_vat:
        return plain / (1 + pl.col("_vat_ratio"))
    return plain
