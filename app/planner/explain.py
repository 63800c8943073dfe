"""Why a slot does what it does: a stable code, its numbers, and one sentence with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from app.frames import SLOT_HOURS
from app.planner import reason_texts
from app.planner.battery import TINY_KWH, limits_of
from app.planner.context import Context
from app.planner.energy_value import TERMINAL

_TINY_KWH = 1e-6
_COLUMNS = (
    "slot_start",
    "classification",
    "manual_action",
    "import_price_per_kwh",
    "export_price_per_kwh",
    "is_cheap",
    "is_strategic",
    "water_kwh",
    "water_for_day",
    "was_smoothed",
    "charge_kwh",
    "grid_charge_kwh",
    "discharge_kwh",
    "battery_export_kwh",
    "import_kwh",
    "export_kwh",
    "curtailed_kwh",
    "soc_start_kwh",
    "soc_end_kwh",
    "stair_values",
    "stair_kwhs",
    "stair_slots",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its parameters, sentence, and the value of one more stored kWh."""

    code: str
    text: str
    marginal_value_per_kwh: float
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worth:
    """What the last stored kWh at a slot's end is for: its value, and the use that gives it."""

    value_per_kwh: float
    use_price: float | None
    use_start: datetime | None


def reasons(df: pl.DataFrame, ctx: Context) -> list[Reason]:
    """Return the reason of every slot, in order."""
    starts: list[datetime] = df["slot_start"].to_list()
    prices: list[float] = df["import_price_per_kwh"].to_list()
    base_kwh = min(
        ctx.settings.battery.capacity_kwh * ctx.home.soc_percent / 100,
        limits_of(ctx.settings).floor_kwh,
    )
    rows = list(_rows(df))
    bought_for = _purchases_used_at(rows)
    result = []
    for index, row in enumerate(rows):
        worth = _worth(row, base_kwh, starts, prices)
        use = bought_for[index]
        if row["classification"] == "charge" and use is not None:
            sold = rows[use]["classification"] == "export"
            price = rows[use]["export_price_per_kwh" if sold else "import_price_per_kwh"]
            worth = Worth(worth.value_per_kwh, price, starts[use])
        result.append(_reason(row, worth, ctx))
    return result


def _purchases_used_at(rows: list[dict[str, Any]]) -> list[int | None]:
    """Return, per slot, the cheapest slot served before the next purchase: the marginal use.

    Uses go to the dearest slots first, so the last kWh bought is the one that serves the cheapest.
    """
    found: list[int | None] = [None] * len(rows)
    marginal: int | None = None
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        charges = row["classification"] == "charge"
        next_charges = index + 1 < len(rows) and rows[index + 1]["classification"] == "charge"
        if next_charges and not charges:
            marginal = None
        if row["classification"] in {"discharge", "export"} and (
            marginal is None or row["import_price_per_kwh"] < rows[marginal]["import_price_per_kwh"]
        ):
            marginal = index
        found[index] = marginal
    return found


def _rows(df: pl.DataFrame) -> Iterator[dict[str, Any]]:
    return df.select(_COLUMNS).iter_rows(named=True)


def _worth(
    row: dict[str, Any], base_kwh: float, starts: list[datetime], prices: list[float]
) -> Worth:
    """Find the stair of the last kWh stored at the slot's end."""
    level_kwh, value, use = base_kwh, 0.0, TERMINAL
    stairs = zip(row["stair_values"], row["stair_kwhs"], row["stair_slots"], strict=True)
    for value, kwh, slot in stairs:
        level_kwh += kwh
        # A stair worth more than its slot's price is a later purchase that this kWh saves; what
        # people want to hear of is the use behind it.
        if slot != TERMINAL and value <= prices[slot]:
            use = slot
        if level_kwh >= row["soc_end_kwh"] - _TINY_KWH:
            break
    if use == TERMINAL:
        return Worth(value_per_kwh=value, use_price=None, use_start=None)
    return Worth(value_per_kwh=value, use_price=prices[use], use_start=starts[use])


def _reason(row: dict[str, Any], worth: Worth, ctx: Context) -> Reason:
    code = _code(row, worth, ctx)
    params = _params(row, worth, ctx)
    text = reason_texts.sentence(code, params)
    if row["water_kwh"] > 0:
        text = f"{text} {reason_texts.sentence('water', params)}"
    return Reason(code=code, text=text, params=params, marginal_value_per_kwh=worth.value_per_kwh)


def _code(row: dict[str, Any], worth: Worth, ctx: Context) -> str:
    """Name the rule that decided."""
    word: str = row["classification"]
    if row["manual_action"] is not None and row["manual_action"] != "water":
        return f"manual_{row['manual_action']}"
    if word == "charge":
        return _charge_code(row, worth)
    if word == "discharge":
        return "discharge_in_cheap_pays" if row["is_cheap"] else "discharge_pays"
    if word == "export":
        return "export_beats_later_use"
    if word == "pv_charge":
        return "pv_store_for_later"
    return _hold_code(row, ctx)


def _charge_code(row: dict[str, Any], worth: Worth) -> str:
    if row["import_price_per_kwh"] < 0:
        return "charge_paid_for"
    if worth.use_price is not None and worth.use_price > row["import_price_per_kwh"]:
        return "charge_for_later_use"
    return "charge_strategic" if row["is_strategic"] else "charge_for_reserve"


def _hold_code(row: dict[str, Any], ctx: Context) -> str:
    limits = limits_of(ctx.settings)
    full = row["soc_end_kwh"] >= limits.ceiling_kwh - _TINY_KWH
    empty = row["soc_start_kwh"] <= limits.floor_kwh + _TINY_KWH
    rules = (
        ("hold_no_battery", limits.capacity_kwh == 0),
        ("hold_soc_unknown", not ctx.discharge_allowed),
        ("hold_run_too_short", row["was_smoothed"]),
        ("hold_curtail", row["curtailed_kwh"] > TINY_KWH),
        ("hold_full", row["export_kwh"] > TINY_KWH and full),
        ("hold_sell_surplus", row["export_kwh"] > TINY_KWH),
        ("hold_empty", empty),
        ("hold_balanced", row["import_kwh"] <= TINY_KWH),
        ("hold_cheap_window", row["is_cheap"]),
    )
    return next((code for code, holds in rules if holds), "hold_for_dearer")


def _params(row: dict[str, Any], worth: Worth, ctx: Context) -> dict[str, Any]:
    """Return the numbers the sentence uses; money per kWh, power in kW."""
    limits = limits_of(ctx.settings)
    price: float = row["import_price_per_kwh"]
    zone = ctx.settings.zone
    power_kw = max(row["charge_kwh"], row["discharge_kwh"]) / SLOT_HOURS
    params: dict[str, Any] = {
        "currency": ctx.settings.nordpool.currency,
        "power_kw": round(power_kw, 3),
        "price": round(price, 4),
        "export_price": round(row["export_price_per_kwh"], 4),
        "wear": round(limits.wear_per_kwh, 4),
        "value": round(worth.value_per_kwh, 4),
        "value_now": round(price * limits.efficiency - limits.wear_per_kwh, 4),
        "min_soc_percent": ctx.settings.battery.min_soc_percent,
    }
    if worth.use_start is not None:
        params["use_price"] = round(worth.use_price or 0.0, 4)
        served = (worth.use_price or 0.0) * limits.efficiency - limits.wear_per_kwh
        params["gain"] = round(served - price / limits.efficiency, 4)
        params["use_at"] = worth.use_start.astimezone(zone).strftime("%H:%M")
    if row["water_for_day"] is not None:
        params["water_kw"] = round(row["water_kwh"] / SLOT_HOURS, 3)
        params["water_for_day"] = row["water_for_day"].isoformat()
        params["water_from"] = _water_source(row)
    return params


def _water_source(row: dict[str, Any]) -> str:
    if row["import_kwh"] > TINY_KWH:
        return "grid"
    return "battery" if row["discharge_kwh"] > TINY_KWH else "pv"
