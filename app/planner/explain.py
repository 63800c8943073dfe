"""Why a slot does what it does: a stable code, its numbers, and one sentence with them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from app.frames import SLOT_HOURS
from app.planner import engines, manual, reason_texts
from app.planner.battery import TINY_KWH
from app.planner.context import Context
from app.planner.energy_value import TERMINAL, Curve
from app.planner.reason_codes import Worth, code_of
from app.planner.sequential import lists
from app.planner.worth import VALUE_COLUMNS

_TINY_KWH = 1e-6
_SAME_VALUE = 1e-9
_COLUMNS = (
    "slot_start",
    "classification",
    "manual_action",
    "manual_target_soc_percent",
    "import_price_per_kwh",
    "export_price_per_kwh",
    "is_cheap",
    "is_strategic",
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


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its parameters, sentence, and the value of one more stored kWh."""

    code: str
    text: str
    marginal_value_per_kwh: float
    params: dict[str, Any] = field(default_factory=dict)


def reasons(df: pl.DataFrame, ctx: Context) -> list[Reason]:
    """Return the reason of every slot, in order."""
    later = _Later(
        starts=df["slot_start"].to_list(),
        import_prices=df["import_price_per_kwh"].to_list(),
        export_prices=df["export_price_per_kwh"].to_list(),
        offers=list(zip(*lists(df, *VALUE_COLUMNS[:3]), strict=True)),
    )
    curves = engines.engine_of(ctx).value(df, ctx).curves
    rows = _rows(df)
    bought_for = _purchases_used_at(rows)
    result = []
    for index, row in enumerate(rows):
        worth = _with_gain(_worth(row, curves[index], later), row, ctx)
        use = bought_for[index]
        if row["classification"] == "charge" and use is not None:
            sold = rows[use]["classification"] == "export"
            spent = _with_gain(later.use(worth.value_per_kwh, use, is_sale=sold), row, ctx)
            worth = spent if (spent.gain_per_kwh or 0.0) > 0 else worth
        result.append(_reason(row, worth, ctx))
    return result


@dataclass(frozen=True, slots=True)
class _Later:
    """What every slot has to offer to a kWh that is kept."""

    starts: list[datetime]
    import_prices: list[float]
    export_prices: list[float]
    offers: list[tuple[float, float, float]]

    def use(self, value_per_kwh: float, slot: int, *, is_sale: bool) -> Worth:
        """Describe the use of a kWh in a slot."""
        prices = self.export_prices if is_sale else self.import_prices
        return Worth(value_per_kwh, prices[slot], self.starts[slot], is_sale=is_sale)

    def found(self, value_per_kwh: float, slot: int) -> bool | None:
        """Say whether a stair stands for a sale; None for energy that a slot would bring in."""
        if slot == TERMINAL:
            return None
        house, water, sale = self.offers[slot]
        if min(abs(value_per_kwh - house), abs(value_per_kwh - water)) < _SAME_VALUE:
            return False
        return True if abs(value_per_kwh - sale) < _SAME_VALUE else None


def _purchases_used_at(rows: list[dict[str, Any]]) -> list[int | None]:
    """Return, per slot, the least dear slot served before the next purchase: the marginal use.

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
            marginal is None or _earned(row) < _earned(rows[marginal])
        ):
            marginal = index
        found[index] = marginal
    return found


def _earned(row: dict[str, Any]) -> float:
    """Return what the battery's kWh brings in a slot: the price it replaces or is sold at."""
    sold = row["classification"] == "export"
    price: float = row["export_price_per_kwh" if sold else "import_price_per_kwh"]
    return price


def _rows(df: pl.DataFrame) -> list[dict[str, Any]]:
    columns = zip(*lists(df, *_COLUMNS), strict=True)
    return [dict(zip(_COLUMNS, row, strict=True)) for row in columns]


def _worth(row: dict[str, Any], curve: Curve, later: _Later) -> Worth:
    """Find the stair of the kWh in question: the last one kept, or the last one given away."""
    gives = row["classification"] in {"discharge", "export"}
    at = curve.stair_at(row["soc_end_kwh"] + (_TINY_KWH if gives else -_TINY_KWH))
    if at is None:
        return Worth(0.0, None, None)
    value = -curve.segments[at][0]
    # A stair may be a later purchase that this kWh saves; what people want to hear of is the use
    # behind it, which is the last one before it.
    for slope, _, slot in reversed(curve.segments[: at + 1]):
        is_sale = later.found(-slope, slot)
        if is_sale is not None:
            return later.use(value, slot, is_sale=is_sale)
    return Worth(value, None, None)


def _with_gain(worth: Worth, row: dict[str, Any], ctx: Context) -> Worth:
    """Add what the use earns beyond buying the kWh in this slot."""
    if worth.use_price is None:
        return worth
    limits = ctx.limits
    served = worth.use_price * limits.efficiency - limits.wear_per_kwh
    bought = row["import_price_per_kwh"] / limits.efficiency
    return worth._replace(gain_per_kwh=served - bought)


def _reason(row: dict[str, Any], worth: Worth, ctx: Context) -> Reason:
    code = code_of(row, worth, ctx)
    params = _params(row, worth, ctx)
    text = reason_texts.sentence(code, params)
    if row["water_kwh"] > 0:
        text = f"{text} {reason_texts.sentence('water', params)}"
    return Reason(code=code, text=text, params=params, marginal_value_per_kwh=worth.value_per_kwh)


def _params(row: dict[str, Any], worth: Worth, ctx: Context) -> dict[str, Any]:
    """Return the numbers the sentence uses; money per kWh, power in kW."""
    limits = ctx.limits
    price: float = row["import_price_per_kwh"]
    zone = ctx.settings.zone
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
    }
    action = row["manual_action"]
    if action in {"charge", "export"}:
        target_kwh = manual.target_kwh(action, row["manual_target_soc_percent"], ctx)
        params["target_percent"] = (
            round(100 * target_kwh / limits.capacity_kwh, 1) if limits.capacity_kwh else 0.0
        )
    if worth.use_start is not None:
        params["use_price"] = round(worth.use_price or 0.0, 4)
        params["use_is_sale"] = worth.is_sale
        params["gain"] = round(worth.gain_per_kwh or 0.0, 4)
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
