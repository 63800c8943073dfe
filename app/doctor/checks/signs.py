"""Which way is positive: told by the battery's level, by the home's books, and by the night."""

from typing import Final

import polars as pl

from app.doctor.checks import battery_balance, home_balance
from app.doctor.checks.flows import Flows
from app.doctor.checks.report import Finding, Verdict
from app.settings import Battery, Settings

# An hour without sun and without the battery: whatever flows comes from the grid.
DARK_KWH: Final = 0.03
ENOUGH_KWH: Final = 0.5
CLEAR_SHARE: Final = 0.8
_AGREE: Final = 0.5


def fixes(flows: Flows, settings: Settings) -> dict[str, str]:
    """Return in words how to exchange the two directions of the grid and of the battery."""
    home = settings.home_assistant
    found = {}
    for which, (one, other) in home_balance.SWAPS.items():
        keys = (flows.used.get(one, ""), flows.used.get(other, ""))
        signed = f"{which}_power_entity_id"
        if keys == (signed, signed):
            ways = tuple(flow.removesuffix("_kwh") for flow in (one, other))
            now = getattr(home, f"{which}_power_positive_is")
            right = ways[1] if now == ways[0] else ways[0]
            found[which] = f"write home_assistant.{which}_power_positive_is: {right}"
        else:
            found[which] = f"exchange home_assistant.{keys[0]} and home_assistant.{keys[1]}"
    return found


def battery(flows: Flows, settings: Battery, fix: str) -> Finding | None:
    """Return whether the level rises when the meters say charging; None without both."""
    level = flows.level
    if level is None or not {"charge_kwh", "discharge_kwh"} <= flows.used.keys():
        return None
    if not settings.capacity_kwh:
        return None
    found = battery_balance.moves(flows, level, settings)
    moved = abs(found.up_points) + abs(found.down_points)
    if moved < battery_balance.ENOUGH_POINTS / 2 or not found.expected_points:
        return Finding("sign", Verdict.GREY, "the battery hardly moved in 24 h", moved, "%")
    agree = found.followed_points / moved
    rises = f"the level changed by {found.up_points:+.0f} % while charging and by "
    proof = f"{rises}{-found.down_points:+.0f} % while discharging"
    if agree > _AGREE:
        return Finding("sign", Verdict.GREEN, proof, round(agree, 2))
    if agree < -_AGREE:
        return Finding("sign", Verdict.RED, proof, round(agree, 2), fix=fix)
    unclear = "level and power belong to different batteries, or one of them is delayed: check both"
    return Finding("sign", Verdict.AMBER, proof, round(agree, 2), fix=unclear)


def grid(flows: Flows, fix: str) -> Finding | None:
    """Return whether import and export are the right way round; None without both."""
    if not {"import_kwh", "export_kwh"} <= flows.used.keys():
        return None
    if not flows.absent and home_balance.explanation(flows.frame) == "grid":
        as_mapped = home_balance.mismatch_percent(flows.frame)
        turned = home_balance.mismatch_percent(home_balance.swapped(flows.frame, "grid"))
        proof = (
            f"{as_mapped:.0f} % of the home's energy does not add up; turned round {turned:.0f} %"
        )
        return Finding("sign", Verdict.RED, proof, round(as_mapped, 1), "%", fix)
    sources = pl.sum_horizontal("pv_kwh", "discharge_kwh", ignore_nulls=False)
    dark = flows.frame.filter(sources < DARK_KWH)
    bought, sold = float(dark["import_kwh"].sum()), float(dark["export_kwh"].sum())
    if bought + sold < ENOUGH_KWH:
        return Finding("sign", Verdict.GREY, "no hour without sun and battery to tell by")
    proof = f"without sun and battery {bought:.1f} kWh came in and {sold:.1f} kWh went out"
    share = sold / (bought + sold)
    if share > CLEAR_SHARE:
        return Finding("sign", Verdict.RED, proof, round(sold, 2), "kWh", fix)
    # In between the meters of sun and battery miss something: their own findings say what.
    verdict = Verdict.GREEN if share < 1 - CLEAR_SHARE else Verdict.GREY
    return Finding("sign", verdict, proof, round(sold, 2), "kWh")
