"""The sentence of every reason code.

Numbers come in as parameters, so another language is a table like this one.
"""

from typing import Any

_LATER = "it replaces {use_price:.2f} at {use_at}"
_LEFT = "it is kept for after the horizon, worth {value:.2f}"

TEXTS: dict[str, str] = {
    "manual_charge": "Charging {power_kw:.1f} kW at {price:.2f} because you asked for it.",
    "manual_hold": "Holding the battery because you asked for it.",
    "manual_export": "Selling {power_kw:.1f} kW at {export_price:.2f} because you asked for it.",
    "charge_paid_for": "Charging {power_kw:.1f} kW: at {price:.2f} using power is paid for.",
    "charge_for_later_use": (
        "Charging {power_kw:.1f} kW at {price:.2f}: {later}; wear {wear:.2f}; "
        "gain {gain:.2f} {currency}/kWh."
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
    "discharge_in_cheap_pays": (
        "Using the battery, {power_kw:.1f} kW, although {price:.2f} is cheap: the energy would be "
        "worth only {value:.2f} later."
    ),
    "export_beats_later_use": (
        "Selling {power_kw:.1f} kW from the battery at {export_price:.2f}: no later use is worth "
        "more (the next is worth {value:.2f})."
    ),
    "pv_store_for_later": (
        "Storing {power_kw:.1f} kW of sun: {later}; sold now it would bring {export_price:.2f}."
    ),
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
    "hold_cheap_window": "Holding while {price:.2f} is cheap: {later}.",
    "hold_for_dearer": "Holding at {price:.2f}: {later}.",
    "water": "Heating water with {water_kw:.1f} kW from {source} for {water_for_day}.",
}
_SOURCES = {"grid": "the grid", "battery": "the battery", "pv": "the sun"}


def sentence(code: str, params: dict[str, Any]) -> str:
    """Return the English sentence of a reason."""
    later = (_LATER if "use_at" in params else _LEFT).format(**params)
    source = _SOURCES.get(params.get("water_from", ""), "")
    return TEXTS[code].format(later=later, source=source, **params)
