"""Why a slot does what it does: a stable code, its numbers, and one sentence with them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from app.core.clock import hhmm, iso_utc
from app.core.frames import SLOT_HOURS
from app.planner.engine import engines
from app.planner.explain.kept_for import NOTICEABLE_KWH, Prospects, Purpose, nearest
from app.planner.explain.reason_codes import Worth, code_of, obstacle
from app.planner.model import manual
from app.planner.model.battery import TINY_KWH
from app.planner.model.context import Context
from app.planner.model.energy_value import Curve
from app.planner.model.sequential import lists
from app.wording import reason_texts

_COLUMNS = (
    "slot_start",
    "classification",
    "manual_action",
    "manual_target_soc_percent",
    "import_price_per_kwh",
    "export_price_per_kwh",
    "is_cheap",
    "is_strategic",
    "cautious_pv_kwh",
    "cautious_load_kwh",
    "house_value_per_kwh",
    "water_value_per_kwh",
    "water_kwh",
    "water_for_day",
    "was_smoothed",
    "draft_label",
    "charge_kwh",
    "grid_charge_kwh",
    "discharge_kwh",
    "battery_export_kwh",
    "import_kwh",
    "export_kwh",
    "curtailed_kwh",
    "soc_start_kwh",
    "soc_end_kwh",
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its parameters, sentence, and the value of one more stored kWh."""

    code: str
    text: str
    marginal_value_per_kwh: float
    params: dict[str, Any] = field(default_factory=dict)


def reasons(df: pl.DataFrame, ctx: Context) -> list[Reason]:
    """Return the reason of every slot, in order."""
    columns = zip(*lists(df, *_COLUMNS), strict=True)
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in columns]
    curves = engines.engine_of(ctx).value(df, ctx).curves
    prospects = Prospects(rows, ctx)
    starts = [row["slot_start"] for row in rows]
    return [
        _reason(row, _worth(slot, row, curves[slot], prospects, ctx), starts, ctx)
        for slot, row in enumerate(rows)
    ]


def _worth(
    slot: int, row: dict[str, Any], curve: Curve, prospects: Prospects, ctx: Context
) -> Worth:
    """Return what the last kWh kept, or the one given away instead of kept, is worth and for."""
    holds = row["classification"] == "hold"
    gives = row["export_kwh"] > TINY_KWH if holds else row["discharge_kwh"] > TINY_KWH
    at = curve.stair_at(row["soc_end_kwh"] + (NOTICEABLE_KWH if gives else -NOTICEABLE_KWH))
    value = 0.0 if at is None else -curve.segments[at][0]
    if gives:
        return Worth(value)
    purposes = [each for each in prospects.of(slot) if _justifies(each, row, ctx)]
    if (purpose := nearest(purposes, value)) is None:
        return Worth(value)
    bought = row["import_price_per_kwh"] / ctx.limits.efficiency
    return Worth(value, purpose, purpose.worth_per_kwh - bought)


def _justifies(purpose: Purpose, row: dict[str, Any], ctx: Context) -> bool:
    """Say whether a purpose speaks for what a slot does: charges, stores sun, or holds."""
    eff = ctx.limits.efficiency
    price: float = row["import_price_per_kwh"]
    sold: float = row["export_price_per_kwh"]
    if row["classification"] == "charge":
        return purpose.kind != "purchase" and purpose.worth_per_kwh > price / eff
    if row["classification"] == "pv_charge":
        return purpose.worth_per_kwh >= sold / eff
    if purpose.price_per_kwh is not None:
        return purpose.price_per_kwh >= price
    return purpose.worth_per_kwh >= price * eff - ctx.limits.wear_per_kwh


def _reason(row: dict[str, Any], worth: Worth, starts: list[datetime], ctx: Context) -> Reason:
    code = code_of(row, worth, ctx)
    params = _params(row, worth, starts, ctx)
    text = reason_texts.sentence(code, params)
    if row["water_kwh"] > 0:
        text = f"{text} {reason_texts.sentence('water', params)}"
    return Reason(code=code, text=text, params=params, marginal_value_per_kwh=worth.value_per_kwh)


def _params(
    row: dict[str, Any], worth: Worth, starts: list[datetime], ctx: Context
) -> dict[str, Any]:
    """Return the numbers the sentence uses; money per kWh, power in kW."""
    limits = ctx.limits
    price: float = row["import_price_per_kwh"]
    power_kw = max(row["charge_kwh"], row["discharge_kwh"]) / SLOT_HOURS
    params: dict[str, Any] = {
        "currency": ctx.settings.nordpool.currency,
        "power_kw": round(power_kw, 3),
        "sold_kw": round(row["battery_export_kwh"] / SLOT_HOURS, 3),
        "price": round(price, 4),
        "export_price": round(row["export_price_per_kwh"], 4),
        "wear": round(limits.wear_per_kwh, 4),
        "value": round(worth.value_per_kwh, 4),
        "value_now": round(price * limits.efficiency - limits.wear_per_kwh, 4),
        "min_soc_percent": ctx.settings.battery.min_soc_percent,
        "is_below_minimum": row["soc_start_kwh"] < limits.floor_kwh - NOTICEABLE_KWH,
        "is_feed_in_full": row["export_kwh"] >= limits.export_kwh - NOTICEABLE_KWH,
    }
    action = row["manual_action"]
    if action in {"charge", "export"}:
        target_kwh = manual.target_kwh(action, row["manual_target_soc_percent"], ctx)
        params["target_percent"] = (
            round(100 * target_kwh / limits.capacity_kwh, 1) if limits.capacity_kwh else 0.0
        )
        params["because"] = obstacle(row, target_kwh, ctx)
    if worth.purpose is not None:
        gain = worth.gain_per_kwh or 0.0
        params |= _told(worth.purpose, row["slot_start"], starts, ctx.settings.zone)
        params["gain"] = round(gain, 4)
    if row["water_for_day"] is not None:
        params["water_kw"] = round(row["water_kwh"] / SLOT_HOURS, 3)
        params["water_for_day"] = row["water_for_day"].isoformat()
        params["water_from"] = _water_source(row)
    return params


def _told(
    purpose: Purpose, now: datetime, starts: list[datetime], zone: ZoneInfo
) -> dict[str, Any]:
    """Return the parameters of a purpose; the day is told where the time alone means another."""
    if purpose.slot is None:
        return {"left_value": round(purpose.worth_per_kwh, 4)}
    start = starts[purpose.slot]
    name = "rebuy" if purpose.kind == "purchase" else "use"
    told: dict[str, Any] = {
        f"{name}_price": round(purpose.price_per_kwh or 0.0, 4),
        f"{name}_at": hhmm(start, zone),
        f"{name}_start": iso_utc(start),
    }
    if name == "use":
        told["use_is_sale"] = purpose.kind == "sale"
    local, here = start.astimezone(zone), now.astimezone(zone)
    if local.replace(tzinfo=None) - here.replace(tzinfo=None) >= _DAY:
        told[f"{name}_day"] = local.date().isoformat()
    return told


def _water_source(row: dict[str, Any]) -> str:
    """Name what heats: sun that the house leaves, then the battery after the house, then the grid.

    Several are joined by ``_``, in this order.
    """
    water_kwh = row["water_kwh"]
    missing_kwh = max(0.0, row["cautious_load_kwh"] - row["cautious_pv_kwh"])
    pv_kwh = min(water_kwh, max(0.0, row["cautious_pv_kwh"] - row["cautious_load_kwh"]))
    own_kwh = row["discharge_kwh"] - row["battery_export_kwh"]
    battery_kwh = min(water_kwh - pv_kwh, max(0.0, own_kwh - missing_kwh))
    parts = {
        "pv": pv_kwh,
        "battery": battery_kwh,
        "grid": water_kwh - pv_kwh - battery_kwh,
    }
    return "_".join(name for name, kwh in parts.items() if kwh > TINY_KWH) or "grid"
