"""The battery: its limits, and ``walk``, the one forward loop over the state of charge.

One-way efficiency is the square root of the round trip, both ways. Energies are kWh per slot on
the AC side unless the name says stored. Live state of charge outside its band is respected: below
the floor nothing is discharged, above the ceiling nothing is charged, and nothing is lifted or cut.
"""

import math
from typing import NamedTuple

from app.planner.model.context import Context
from app.planner.model.limits import Limits

FORBIDDEN = math.inf
"""A floor no state of charge can exceed: the use it guards is off in that slot."""

UNREACHED_KWH = 1e9
"""A floor that keeps a use from paying, but lets the battery help when the fuse is exceeded."""

TINY_KWH = 1e-6
"""Below this an energy is rounding noise and no decision, for every pass alike.

As large as what the checker lets pass: a discharge that counts here must count there, and 1e-9 here
beside 1e-6 there let residues of 1e-16 kWh be a purchase in one place and none in another.
"""


def start_kwh(ctx: Context) -> float:
    """Return the energy stored at the start of the horizon."""
    return ctx.settings.battery.capacity_kwh * ctx.home.soc_percent / 100


class Control(NamedTuple):
    """What one slot is told to do, all levels in stored kWh.

    The battery serves the house down to ``use_floor_kwh``, the heater down to ``water_floor_kwh``
    and sells down to ``export_floor_kwh``; it stores PV surplus up to ``store_to_kwh``, what the
    feed-in limit would waste up to ``spill_to_kwh``, and buys at most ``grid_charge_kwh`` (AC)
    while below ``buy_to_kwh``; ``sale_kwh`` (AC) is the most it sells.
    """

    pv_kwh: float
    load_kwh: float
    water_kwh: float
    export_price_per_kwh: float
    grid_charge_kwh: float
    use_floor_kwh: float
    water_floor_kwh: float
    export_floor_kwh: float
    store_to_kwh: float
    spill_to_kwh: float
    buy_to_kwh: float
    sale_kwh: float = math.inf


class Flow(NamedTuple):
    """What happened in one slot, kWh AC; ``soc_*`` in stored kWh."""

    charge_kwh: float
    grid_charge_kwh: float
    discharge_kwh: float
    battery_export_kwh: float
    import_kwh: float
    export_kwh: float
    curtailed_kwh: float
    soc_start_kwh: float
    soc_end_kwh: float


def walk(controls: list[Control], *, start_kwh: float, limits: Limits) -> list[Flow]:
    """Carry the state of charge through every slot and return the flows."""
    flows: list[Flow] = []
    soc_kwh = start_kwh
    for control in controls:
        flow = step(control, soc_kwh=soc_kwh, limits=limits)
        flows.append(flow)
        soc_kwh = flow.soc_end_kwh
    return flows


def step(control: Control, *, soc_kwh: float, limits: Limits) -> Flow:
    """Simulate one slot: PV to load, water, battery, export; then the grid, then the battery."""
    surplus_kwh = control.pv_kwh - control.load_kwh - control.water_kwh
    charge_kwh = own_kwh = sold_kwh = 0.0
    # Most slots leave the battery alone; asking first halves the time of a walk.
    if surplus_kwh > 0 or (control.grid_charge_kwh > 0 and soc_kwh < control.buy_to_kwh):
        charge_kwh = _charge(control, surplus_kwh, soc_kwh, limits)
    if charge_kwh <= 0 and (
        soc_kwh > min(control.use_floor_kwh, control.water_floor_kwh, control.export_floor_kwh)
        or -surplus_kwh > limits.import_kwh
    ):
        own_kwh, sold_kwh = _discharge(control, surplus_kwh, soc_kwh, limits)
    discharge_kwh = own_kwh + sold_kwh
    net_kwh = surplus_kwh - charge_kwh + discharge_kwh
    imported_kwh, spare_kwh = (-net_kwh, 0.0) if net_kwh < 0 else (0.0, net_kwh)
    # Panels can be throttled; what the battery gives has been decided and is never thrown away.
    unwanted = limits.can_curtail and control.export_price_per_kwh < 0
    export_kwh = min(sold_kwh if unwanted else spare_kwh, spare_kwh, limits.export_kwh)
    end_kwh = soc_kwh
    if charge_kwh > 0 or discharge_kwh > 0:
        end_kwh = _stored_after(soc_kwh, charge_kwh, discharge_kwh, limits)
    return Flow(
        charge_kwh,
        min(charge_kwh, imported_kwh),
        discharge_kwh,
        sold_kwh,
        imported_kwh,
        export_kwh,
        spare_kwh - export_kwh,
        soc_kwh,
        end_kwh,
    )


def _charge(control: Control, surplus_kwh: float, soc_kwh: float, limits: Limits) -> float:
    """Return AC energy into the battery: PV surplus first, the grid on top, within limits."""
    room_kwh = max(0.0, limits.ceiling_kwh - soc_kwh) / limits.efficiency
    pv_room_kwh = max(0.0, control.store_to_kwh - soc_kwh) / limits.efficiency
    spilt_kwh = max(0.0, surplus_kwh - limits.export_kwh)
    spill_room_kwh = max(0.0, control.spill_to_kwh - soc_kwh) / limits.efficiency
    from_pv_kwh = max(
        min(max(0.0, surplus_kwh), pv_room_kwh),
        min(spilt_kwh, spill_room_kwh),
    )
    # The sum decides, not its parts: surplus left over while the grid charges would be sold and
    # bought back in one slot.
    buy_room_kwh = max(0.0, control.buy_to_kwh - soc_kwh) / limits.efficiency
    wanted_kwh = max(from_pv_kwh, min(from_pv_kwh + control.grid_charge_kwh, buy_room_kwh))
    fuse_kwh = max(0.0, limits.import_kwh + surplus_kwh)
    charge_kwh = min(wanted_kwh, limits.charge_kwh, room_kwh, max(fuse_kwh, from_pv_kwh))
    return charge_kwh if charge_kwh > TINY_KWH else 0.0


def _discharge(
    control: Control, surplus_kwh: float, soc_kwh: float, limits: Limits
) -> tuple[float, float]:
    """Return AC energy out of the battery: for the house, and for sale."""
    demand_kwh = max(0.0, -surplus_kwh)
    own_kwh = sold_kwh = 0.0
    if demand_kwh > 0:
        own_kwh = _own_use(control, demand_kwh, soc_kwh, limits)
    if own_kwh >= demand_kwh - TINY_KWH and soc_kwh > control.export_floor_kwh:
        left_kwh = soc_kwh - own_kwh / limits.efficiency
        sold_kwh = min(
            limits.discharge_kwh - own_kwh,
            control.sale_kwh,
            max(0.0, limits.export_kwh - max(0.0, surplus_kwh)),
            _above(left_kwh, control.export_floor_kwh, limits),
        )
    return (
        own_kwh if own_kwh > TINY_KWH else 0.0,
        sold_kwh if sold_kwh > TINY_KWH else 0.0,
    )


def _own_use(control: Control, demand_kwh: float, soc_kwh: float, limits: Limits) -> float:
    """Return AC energy for the house, then for the heater, in any case for the main fuse."""
    load_kwh = max(0.0, control.load_kwh - control.pv_kwh)
    own_kwh = min(load_kwh, limits.discharge_kwh, _above(soc_kwh, control.use_floor_kwh, limits))
    if demand_kwh > load_kwh and own_kwh >= load_kwh - TINY_KWH:
        heat_kwh = min(demand_kwh, limits.discharge_kwh)
        own_kwh = max(own_kwh, min(heat_kwh, _above(soc_kwh, control.water_floor_kwh, limits)))
    over_kwh = demand_kwh - limits.import_kwh
    if over_kwh > 0 and control.use_floor_kwh < FORBIDDEN:
        # The fuse is a hard limit: what exceeds it comes from the battery, whatever it is worth.
        relief_kwh = min(over_kwh, limits.discharge_kwh, _above(soc_kwh, 0.0, limits))
        own_kwh = max(own_kwh, relief_kwh)
    return own_kwh


def _above(soc_kwh: float, floor_kwh: float, limits: Limits) -> float:
    """Return the AC energy that can be drawn before the floor (never below the minimum)."""
    return max(0.0, soc_kwh - max(floor_kwh, limits.floor_kwh)) * limits.efficiency


def _stored_after(soc_kwh: float, charge_kwh: float, discharge_kwh: float, limits: Limits) -> float:
    """Return the stored energy at the slot's end, snapped to the band edge it has reached."""
    after_kwh = soc_kwh + charge_kwh * limits.efficiency - discharge_kwh / limits.efficiency
    for edge_kwh in (limits.floor_kwh, limits.ceiling_kwh):
        if abs(after_kwh - edge_kwh) < TINY_KWH / 2 and after_kwh != soc_kwh:
            return edge_kwh
    return after_kwh


def idle(control: Control) -> Control:
    """Return the control with the battery off: the cost of doing nothing."""
    return control._replace(
        grid_charge_kwh=0.0,
        use_floor_kwh=FORBIDDEN,
        water_floor_kwh=FORBIDDEN,
        export_floor_kwh=FORBIDDEN,
        store_to_kwh=0.0,
        spill_to_kwh=0.0,
    )


def self_consumption(control: Control, *, limits: Limits) -> Control:
    """Return the control of a battery that only shifts the home's own PV surplus."""
    return control._replace(
        grid_charge_kwh=0.0,
        use_floor_kwh=limits.floor_kwh,
        water_floor_kwh=limits.floor_kwh,
        export_floor_kwh=FORBIDDEN,
        store_to_kwh=limits.ceiling_kwh,
        spill_to_kwh=limits.ceiling_kwh,
    )
