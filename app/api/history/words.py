"""How the pages name what runs are: why they were made, how they ended, what plans do."""

from app.db.run_changes import NOTICEABLE_KW
from app.service.schemas.runs import DoingOut
from app.wording import words
from app.wording.i18n import _, marked

TRIGGERS = {
    "schedule": marked("by the clock"),
    "start": marked("at the start of the service"),
    "button": marked("by the button"),
    "prices": marked("for new prices"),
    "manual": marked("after a manual action"),
    "soc_deviation": marked("as the battery left its plan"),
    "mqtt": marked("by MQTT"),
    "clock": marked("as the clock was set"),
}
STATUSES = {
    "ok": marked("planned"),
    "degraded": marked("planned with limits"),
    "held": marked("held: the last plan stays"),
    "failed": marked("failed"),
    "aborted": marked("cut off"),
    "running": marked("at work"),
}
_STATES = {
    "manual_slots": marked("manual quarters"),
    "soc_percent": marked("battery level, %"),
    "water_used_today_kwh": marked("hot water used today, kWh"),
    "water_owed_kwh": marked("hot water owed since yesterday, kWh"),
    "water_caught_up_kwh": marked("hot water caught up, kWh"),
    "running_classification": marked("action in progress"),
    "running_water_until": marked("heater runs until"),
    "s_index": marked("safety factor (S-index)"),
    "discharge_allowed": marked("battery may be used"),
    "prices_after_the_horizon": marked("price after the horizon, per kWh"),
}
_SERIES = {
    "import_price": marked("buying price"),
    "export_price": marked("selling price"),
    "pv": marked("sun forecast"),
    "load": marked("consumption forecast"),
}
_DOING = {
    "charge": marked("Charging {power} kW"),
    "pv_charge": marked("Storing {power} kW of sun"),
    "discharge": marked("Using {power} kW of the battery"),
    "export": marked("Selling {power} kW"),
    "hold": marked("Holding"),
}
_POWERS = {
    "charge": "charge_kw",
    "pv_charge": "charge_kw",
    "discharge": "discharge_kw",
    "export": "export_kw",
}
_SAME_MONEY = 0.005


def trigger(key: str) -> str:
    """Say why a run was made; a name that is not known is said as it is."""
    return _(TRIGGERS[key]) if key in TRIGGERS else words.name(key)


def status(key: str) -> str:
    """Say how a run ended."""
    return _(STATUSES[key]) if key in STATUSES else words.name(key)


def state(key: str) -> str:
    """Name a part of the home's state, or of what a run knew beside its slots."""
    return _(_STATES[key]) if key in _STATES else words.name(key)


def series(key: str) -> str:
    """Name a series that runs plan with."""
    return _(_SERIES[key]) if key in _SERIES else words.name(key)


def doing(what: DoingOut) -> str:
    """Say what a plan does in a range: ``Charging 5.0 kW, heating water with 3.0 kW``."""
    kind = what.classification
    if kind in _DOING:
        power = words.number(getattr(what, _POWERS[kind]), 1) if kind in _POWERS else ""
        said = _(_DOING[kind], power=power)
    else:
        said = words.name(kind)
    if what.water_kw < NOTICEABLE_KW:
        return said
    heater = words.number(what.water_kw, 1)
    return _("{action}, heating water with {power} kW", action=said, power=heater)


def signed(difference: float, currency: str) -> str:
    """Return a difference in money with its sign; nothing where it reads as zero."""
    if abs(difference) < _SAME_MONEY:
        return f"0 {currency}"
    return f"{'+' if difference > 0 else ''}{words.number(difference)} {currency}"


def dearer(difference: float, currency: str) -> str:
    """Say what the later of two plans costs more over what both plan."""
    money = words.number(abs(difference))
    if abs(difference) < _SAME_MONEY:
        return _("Over these the later plan costs the same.")
    if difference > 0:
        return _(
            "Over these the later plan costs {money} {currency} more.",
            money=money,
            currency=currency,
        )
    return _(
        "Over these the later plan costs {money} {currency} less.", money=money, currency=currency
    )


def share(percent: float | None) -> str:
    """Return how much of the achievable saving a plan reaches.

    Below zero a plan costs more than only storing sun would: how far below, as a share, says
    nothing (a manual action on a day with little to save makes it -653 %).
    """
    if percent is None:
        return ""
    return _("below 0 %") if percent < 0 else f"{words.number(percent, 0)} %"


def seconds(milliseconds: float | None) -> str:
    """Return how long a run took."""
    return "" if milliseconds is None else f"{words.number(milliseconds / 1000, 1)} s"
