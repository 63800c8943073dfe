"""The sentence of every reason code.

Numbers come in as parameters, so another language is a table like this one.
"""

from collections.abc import Callable, Iterator
from datetime import date
from string import Formatter
from typing import Any

_LATER = "it replaces {use_price:.2f} at {at}"
_SOLD_LATER = "it is sold at {use_price:.2f} at {at}"
_BUY_BACK = "buying it back at {at} costs {rebuy_price:.2f}"
_BUY_LATER = "buying it at {at} would cost {rebuy_price:.2f}"
_LEFT = "it is kept for after the horizon, worth {left_value:.2f}"
_WORTH = "a stored kWh is worth {value:.2f} later"
_ON_A_DAY = "{time} on {day:%A}"
_SALE_BRINGS = "sold now it would bring {export_price:.2f}"
_SALE_COSTS = "selling it now would cost money ({export_price:.2f})"
_NO_SALE = "the feed-in limit leaves no room to sell it now"
_SOME_KW = "{kw:.1f} kW"
_LITTLE_KW = "less than 0.1 kW"

TEXTS: dict[str, str] = {
    "manual_charge": "Charging {power} at {price:.2f} because you asked for it.",
    "manual_charge_not_possible": "You asked to charge, but nothing can be bought: {because}.",
    "manual_hold": "Holding the battery because you asked for it.",
    "manual_export": "Selling {sold} at {export_price:.2f} because you asked for it.",
    "manual_export_not_possible": "You asked to sell, but nothing can be sold: {because}.",
    "charge_paid_for": "Charging {power}: at {price:.2f} using power is paid for.",
    "charge_for_later_use": (
        "Charging {power} at {price:.2f}: {later}; wear {wear:.2f}; gain {gain:.2f} {currency}/kWh."
    ),
    "charge_to_minimum": (
        "Charging {power} at {price:.2f}: the battery is below its minimum of "
        "{min_soc_percent:.0f} %."
    ),
    "charge_run_on": (
        "Charging {power} at {price:.2f}: your smoothing settings ask for longer runs and rests."
    ),
    "charge_strategic": (
        "Charging {power} at {price:.2f}: the sun will not cover the load and the price "
        "is below your strategic limit."
    ),
    "charge_for_reserve": "Charging {power} at {price:.2f} to refill the reserve.",
    "discharge_pays": (
        "Using the battery, {power}: buying costs {price:.2f}, worth {value_now:.2f} per "
        "stored kWh after wear; kept, it would be worth {value:.2f}."
    ),
    "discharge_before_sale": (
        "Using the battery, {power}: selling pays more than buying costs here, and the house is "
        "served before anything is sold; kept, it would be worth {value:.2f}."
    ),
    "discharge_for_fuse": (
        "Using the battery, {power}: the house needs more than the main fuse gives."
    ),
    "discharge_run_on": (
        "Using the battery, {power} at {price:.2f}: your smoothing settings do not allow "
        "so short a rest."
    ),
    "discharge_in_cheap_pays": (
        "Using the battery, {power}, although {price:.2f} is cheap: the energy would be "
        "worth only {value:.2f} later."
    ),
    "export_beats_later_use": (
        "Selling {sold} from the battery at {export_price:.2f}: no later use is worth "
        "more (the next is worth {value:.2f})."
    ),
    "pv_store_for_later": "Storing {power} of sun: {later}; {sold_now}.",
    "hold_no_battery": "No battery: the grid and the sun serve the house.",
    "hold_soc_unknown": "Holding: the charge level is unknown, so the battery gives nothing.",
    "hold_run_too_short": "Holding: your smoothing settings do not allow so short a run.",
    "hold_curtail": "Throttling the panels: selling would cost {sale_cost:.2f} {currency}/kWh.",
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
    "hold_by_rule": (
        "Holding at {price:.2f}: your safety factor keeps the battery from serving the house."
    ),
    "hold_for_dearer": "Holding at {price:.2f}: {later}.",
    "water": "Heating water with {water} from {source} for {water_day:%A}.",
}
VARIANTS: dict[str, str] = {
    "manual_charge_storing": (
        "Storing {power} of sun; you asked to charge, but nothing can be bought: {because}."
    ),
    "manual_hold_storing": (
        "Storing {power} of sun; because you asked to hold, nothing is bought or used."
    ),
    "manual_export_using": "Using the battery, {power}: you asked to sell, but {because}.",
    "hold_curtail_limit": "Throttling the panels: the feed-in limit leaves no room to sell more.",
    "hold_below_minimum": ("Holding: the battery is below its minimum of {min_soc_percent:.0f} %."),
}
"""What is said instead where a rule shows in a slot in another way."""
_BECAUSE: dict[str, dict[str, str]] = {
    "charge": {
        "target": "the battery is at or above your target of {target_percent:.0f} %",
        "power": "the sun gives all that the battery can take",
        "fuse": "the main fuse has no room",
        "rule": "a limit stands against it",
    },
    "export": {
        "soc_unknown": "the charge level is unknown",
        "target": "the battery is at or below your floor of {target_percent:.0f} %",
        "power": "the house takes all that the battery can give",
        "cheap": "energy is held while power is cheap",
        "feed_in": "the feed-in limit leaves no room",
        "rule": "a limit or a rule of yours stands against it",
    },
}
_SOURCES = {
    "grid": "the grid",
    "battery": "the battery",
    "pv": "the sun",
    "pv_battery": "the sun and the battery",
    "pv_grid": "the sun and the grid",
    "battery_grid": "the battery and the grid",
    "pv_battery_grid": "the sun, the battery and the grid",
}

PARTS = (
    _LATER,
    _SOLD_LATER,
    _BUY_BACK,
    _BUY_LATER,
    _LEFT,
    _WORTH,
    _ON_A_DAY,
    _SALE_BRINGS,
    _SALE_COSTS,
    _NO_SALE,
    _SOME_KW,
    _LITTLE_KW,
    *_SOURCES.values(),
    *(text for texts in _BECAUSE.values() for text in texts.values()),
)
# What would read as 0.0 kW.
_LITTLE = 0.05


def _english(text: str, params: dict[str, Any]) -> str:
    return text.format(**params)


def shape(code: str, params: dict[str, Any]) -> tuple[str, ...]:
    """Return the texts a sentence is made of: equal ones can be told of several slots at once."""
    text = _text(code, params)
    days = [str(params.get(name, "")) for name in ("use_day", "rebuy_day", "water_for_day")]
    return (text, *(part for _, part in _parts(text, code, params)), *days)


def sentence(
    code: str,
    params: dict[str, Any],
    *,
    say: Callable[[str, dict[str, Any]], str] = _english,
    figures: dict[str, Any] | None = None,
) -> str:
    """Return the sentence of a reason; ``say`` fills in a text of this module, in any language.

    ``figures`` stand in for the parameters where several slots of one ``shape`` are told at once.
    """
    text = _text(code, params)
    given = {"sale_cost": -params.get("export_price", 0.0), **(figures or params)}
    kept = "rebuy" if "rebuy_at" in params else "use"
    if (at := given.get(f"{kept}_at")) is not None:
        day = params.get(f"{kept}_day")
        on = {"time": at, "day": date.fromisoformat(day)} if day else {}
        given["at"] = say(_ON_A_DAY, on) if day else at
    if "{water_day" in text:
        given["water_day"] = date.fromisoformat(params["water_for_day"])
    parts = {
        name: say(part, given | {"kw": given.get(f"{name}_kw")})
        for name, part in _parts(text, code, params)
    }
    return say(text, given | parts)


def _text(code: str, params: dict[str, Any]) -> str:
    """Return the text of a code, or the variant that says what the slot shows."""
    moves = params.get("power_kw", 0.0) > 0
    variants = {
        "manual_charge_not_possible": ("manual_charge_storing", moves),
        "manual_hold": ("manual_hold_storing", moves),
        "manual_export_not_possible": ("manual_export_using", moves),
        "hold_curtail": ("hold_curtail_limit", params.get("export_price", 0.0) >= 0),
        "hold_empty": ("hold_below_minimum", params.get("is_below_minimum", False)),
    }
    variant, holds = variants.get(code, ("", False))
    return VARIANTS[variant] if holds else TEXTS[code]


def _parts(text: str, code: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what stands in a text for the names that are not numbers."""
    for _, name, _, _ in Formatter().parse(text):
        if name == "later":
            yield name, _later(code, params)
        elif name == "sold_now":
            sale = _SALE_COSTS if params["export_price"] < 0 else _SALE_BRINGS
            yield name, _NO_SALE if params.get("is_feed_in_full") else sale
        elif name == "because":
            causes = _BECAUSE["charge" if "charge" in code else "export"]
            yield name, causes[params.get("because", "rule")]
        elif name == "source":
            yield name, _SOURCES[params["water_from"]]
        elif name in {"power", "sold", "water"}:
            yield name, _SOME_KW if params[f"{name}_kw"] >= _LITTLE else _LITTLE_KW


def _later(code: str, params: dict[str, Any]) -> str:
    """Say what the energy is for, or at least what it is worth."""
    if "use_at" in params:
        return _SOLD_LATER if params.get("use_is_sale") else _LATER
    if "rebuy_at" in params:
        return _BUY_BACK if code.startswith("hold") else _BUY_LATER
    return _LEFT if "left_value" in params else _WORTH
