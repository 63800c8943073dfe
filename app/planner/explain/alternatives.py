"""What else a slot's battery could have done, in money per stored kWh, beside what it does.

With one-way efficiency e, wear w and the worth v of one more stored kWh: buying it costs
``import price / e``, keeping sun from being sold costs ``export price / e``, serving the house
brings ``import price * e - w`` and selling it brings ``export price * e - w``.
"""

from dataclasses import dataclass

from app.planner.model.limits import Limits


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one more stored kWh would gain by an action against leaving the battery alone.

    In currency per stored kWh, physical limits and the owner's margins aside; ``hold`` gains 0.
    """

    action: str
    gain_per_kwh: float


def alternatives(
    *, import_price: float, export_price: float, value_per_kwh: float, limits: Limits
) -> tuple[Alternative, ...]:
    """Return every action with its gain, the best first; prices and worth per kWh."""
    eff, wear = limits.efficiency, limits.wear_per_kwh
    # Sun that nobody takes off one's hands may be thrown away where the inverter can do that.
    lost_sale = max(0.0, export_price) if limits.can_curtail else export_price
    gains = {
        "charge": value_per_kwh - import_price / eff,
        "pv_charge": value_per_kwh - lost_sale / eff,
        "discharge": import_price * eff - wear - value_per_kwh,
        "export": export_price * eff - wear - value_per_kwh,
        "hold": 0.0,
    }
    found = [Alternative(action, gain) for action, gain in gains.items()]
    return tuple(sorted(found, key=lambda each: -each.gain_per_kwh))
