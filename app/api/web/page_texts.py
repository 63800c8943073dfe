"""The words that scripts on the pages say; they come with the page, in its language."""

from typing import Final

from app.wording.i18n import _, marked

_TEXTS: Final = {
    "live": marked("live"),
    "offline": marked("offline since {time}"),
    "lost_title": marked("Out of touch since {time}"),
    "lost": marked(
        "Darkstar does not answer this page. What you see is as of then; the page tries again "
        "every few seconds and catches up by itself."
    ),
    "now": marked("now"),
    "estimated": marked("estimated"),
    "not_known": marked("prices not known yet"),
    "range": marked("{day}, {from}\u2013{to}"),
    "lane_battery": marked("Battery, %"),
    "lane_power": marked("Power, kW"),
    "lane_price": marked("Price, {currency} per kWh"),
    "series_price": marked("Price"),
    "series_estimate": marked("Estimated price"),
    "series_sale": marked("Sale price"),
    "series_pv": marked("Sun"),
    "series_water": marked("Water"),
    "series_charge": marked("Charge"),
    "series_discharge": marked("Discharge"),
    "series_export": marked("Export"),
    "series_load": marked("Load"),
    "series_pv_actual": marked("Sun, measured"),
    "series_load_actual": marked("Load, measured"),
    "series_soc": marked("Battery"),
    "series_soc_actual": marked("Battery, measured"),
    "series_target": marked("Target"),
    "says_soc": marked("battery {percent} %"),
    "says_charge": marked("charging {power} kW"),
    "says_discharge": marked("discharging {power} kW"),
    "says_water": marked("heating water {power} kW"),
    "says_export": marked("exporting {power} kW"),
    "says_pv": marked("sun {power} kW"),
    "says_load": marked("load {power} kW"),
    "measured": marked("Measured: {facts}."),
    "measured_soc_percent": marked("battery {value} %"),
    "measured_pv_kw": marked("sun {value} kW"),
    "measured_load_kw": marked("load {value} kW"),
    "no_answer": marked("No new plan: Darkstar does not answer. The plan shown stays as it is."),
}


def for_scripts() -> dict[str, str]:
    """Return every text by its key; ``{names}`` are filled in by the script."""
    return {key: _(text) for key, text in _TEXTS.items()}
