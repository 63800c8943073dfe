"""The sentence of every reason code.

Numbers come in as parameters, so another language is a table like this one.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

_LATER = "it replaces {use_price:.2f} at {use_at}"
_SOLD_LATER = "it is sold at {use_price:.2f} at {use_at}"
_SALE_BRINGS = "sold now it would bring {export_price:.2f}"
_SALE_COSTS = "selling it now would cost money ({export_price:.2f})"
_LEFT = "it is kept for after the horizon, worth {value:.2f}"

TEXTS: dict[str, str] = {
    "manual_charge": "Charging {power_kw:.1f} kW at {price:.2f} because you asked for it.",
    "manual_charge_not_possible": (
        "You asked to charge, but there is nothing to do: the battery is at your target of "
        "{target_percent:.0f} % or the fuse has no room."
    ),
    "manual_hold": "Holding the battery because you asked for it.",
    "manual_export": "Selling {sold_kw:.1f} kW at {export_price:.2f} because you asked for it.",
    "manual_export_not_possible": (
        "You asked to sell, but nothing can be sold: the battery is at its floor of "
        "{target_percent:.0f} %, or a limit or a rule of yours forbids it."
    ),
    "charge_paid_for": "Charging {power_kw:.1f} kW: at {price:.2f} using power is paid for.",
    "charge_for_later_use": (
        "Charging {power_kw:.1f} kW at {price:.2f}: {later}; wear {wear:.2f}; "
        "gain {gain:.2f} {currency}/kWh."
    ),
    "charge_to_minimum": (
        "Charging {power_kw:.1f} kW at {price:.2f}: the battery is below its minimum of "
        "{min_soc_percent:.0f} %."
    ),
    "charge_run_on": (
        "Charging {power_kw:.1f} kW at {price:.2f}: your smoothing settings ask for longer runs "
        "and rests."
    ),
    "charge_strategic": (
        "Charging {power_kw:.1f} kW at {price:.2f}: the sun will not cover the load and the price "
        "is below your strategic limit."
    ),
    "charge_for_reserve": "Charging {power_kw:.1f} kW at {price:.2f} to refill the reserve.",
    "discharge_pays": (
        "Using the battery, {power_kw:.1f} kW: buying costs {price:.2f}, worth {value_now:.2f} per "
        "stored kWh after wear; kept, it would be worth {value:.2f}."
    ),
    "discharge_for_fuse": (
        "Using the battery, {power_kw:.1f} kW: the house needs more than the main fuse gives."
    ),
    "discharge_run_on": (
        "Using the battery, {power_kw:.1f} kW at {price:.2f}: your smoothing settings do not allow "
        "so short a rest."
    ),
    "discharge_in_cheap_pays": (
        "Using the battery, {power_kw:.1f} kW, although {price:.2f} is cheap: the energy would be "
        "worth only {value:.2f} later."
    ),
    "export_beats_later_use": (
        "Selling {sold_kw:.1f} kW from the battery at {export_price:.2f}: no later use is worth "
        "more (the next is worth {value:.2f})."
    ),
    "pv_store_for_later": "Storing {power_kw:.1f} kW of sun: {later}; {sold_now}.",
    "hold_no_battery": "No battery: the grid and the sun serve the house.",
    "hold_soc_unknown": "Holding: the charge level is unknown, so nothing is discharged or sold.",
    "hold_run_too_short": "Holding: your smoothing settings do not allow so short a run.",
    "hold_curtail": "Throttling the panels: selling would cost {export_price:.2f} {currency}/kWh.",
    "hold_full": "The battery is full; the sun's surplus is sold at {export_price:.2f}.",
    "hold_sell_surplus": (
        "Selling the sun's surplus at {export_price:.2f}: stored it would be worth {value:.2f}."
    ),
    "hold_empty": "Holding: the battery is at its minimum of {min_soc_percent:.0f} %.",
    "hold_balanced": "Nothing to do: the sun covers the house.",
    "hold_use_does_not_pay": (
        "Holding: at {price:.2f} using the battery would not repay its wear and your margin."
    ),
    "hold_cheap_window": "Holding while {price:.2f} is cheap: {later}.",
    "hold_for_dearer": "Holding at {price:.2f}: {later}.",
    "water": "Heating water with {water_kw:.1f} kW from {source} for {water_day:%A}.",
}
_SOURCES = {"grid": "the grid", "battery": "the battery", "pv": "the sun"}


PARTS = (_LATER, _SOLD_LATER, _SALE_BRINGS, _SALE_COSTS, _LEFT, *_SOURCES.values())


def _english(text: str, params: dict[str, Any]) -> str:
    return text.format(**params)


def sentence(
    code: str,
    params: dict[str, Any],
    *,
    say: Callable[[str, dict[str, Any]], str] = _english,
) -> str:
    """Return the sentence of a reason; ``say`` fills in a text of this module, in any language."""
    text = TEXTS[code]
    parts: dict[str, Any] = {}
    if "{later}" in text:
        kept = _LATER if "use_at" in params else _LEFT
        parts["later"] = say(_SOLD_LATER if params.get("use_is_sale") else kept, params)
    if "{sold_now}" in text:
        sale = _SALE_COSTS if params["export_price"] < 0 else _SALE_BRINGS
        parts["sold_now"] = say(sale, params)
    if "{source}" in text:
        parts["source"] = say(_SOURCES[params["water_from"]], {})
        parts["water_day"] = date.fromisoformat(params["water_for_day"])
    return say(text, params | parts)
