"""The home's books: what comes in (grid, sun, battery) is what goes out (use, battery, grid)."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from app.doctor.checks.flows import ENOUGH_HOURS, FLOWS, Flows
from app.doctor.checks.report import Finding, Verdict

GREEN_PERCENT, AMBER_PERCENT = 6.0, 15.0
# A correction explains a mismatch when it leaves less than a third of it.
EXPLAINS: Final = 1 / 3
_IN: Final = ("import_kwh", "pv_kwh", "discharge_kwh")
_OUT: Final = ("load_kwh", "water_kwh", "charge_kwh", "export_kwh")
_LITTLE_KWH: Final = 0.5
SWAPS: Final = {
    "grid": ("import_kwh", "export_kwh"),
    "battery": ("charge_kwh", "discharge_kwh"),
}


def swapped(frame: pl.DataFrame, which: str) -> pl.DataFrame:
    """Return the flows with the two directions of the grid or the battery exchanged."""
    one, other = SWAPS[which]
    return frame.with_columns(pl.col(one).alias(other), pl.col(other).alias(one))


def mismatch_percent(frame: pl.DataFrame) -> float:
    """Return the sum of abs(in - out) over that of max(in, out), in percent.

    Only hours that are wholly known count.
    """
    hours = _sums(frame)
    through = float(hours.select(pl.max_horizontal("brought", "taken")).to_series().sum())
    return 100 * float((hours["brought"] - hours["taken"]).abs().sum()) / through if through else 0


def _sums(frame: pl.DataFrame) -> pl.DataFrame:
    return (
        frame.select(FLOWS)
        .drop_nulls()
        .select(brought=pl.sum_horizontal(_IN), taken=pl.sum_horizontal(_OUT))
    )


def explanation(frame: pl.DataFrame) -> str:
    """Return which exchange (``grid``, ``battery``) makes the books agree, or nothing."""
    as_mapped = mismatch_percent(frame)
    if as_mapped <= AMBER_PERCENT:
        return ""
    tried = {which: mismatch_percent(swapped(frame, which)) for which in SWAPS}
    best = min(tried, key=lambda which: tried[which])
    return best if tried[best] < as_mapped * EXPLAINS else ""


def balance(flows: Flows, fixes: Mapping[str, str], *, marked: bool) -> Finding:
    """Return whether the books agree; ``fixes`` are the words for each exchange.

    ``marked`` tells that an entity is already known to be wrong, so that one is mended first.
    """
    if flows.absent:
        return Finding(
            "home_balance",
            Verdict.GREY,
            "the home's books need every meter, and some are not mapped or not read",
            fix=f"map {', '.join(flows.absent)}",
        )
    hours = _sums(flows.frame)
    brought, taken = float(hours["brought"].sum()), float(hours["taken"].sum())
    if hours.height < ENOUGH_HOURS or max(brought, taken) < _LITTLE_KWH:
        return Finding(
            "home_balance",
            Verdict.GREY,
            f"only {hours.height} hours of the last 24 are known to every meter",
            float(hours.height),
            "h",
            "look again when all meters have a day of history",
        )
    percent = mismatch_percent(flows.frame)
    proof = (
        f"{brought:.1f} kWh came in and {taken:.1f} kWh went out; hour by hour {percent:.0f} % "
        "does not add up"
    )
    if percent <= GREEN_PERCENT:
        return Finding("home_balance", Verdict.GREEN, proof, round(percent, 1), "%")
    verdict = Verdict.AMBER if percent <= AMBER_PERCENT else Verdict.RED
    fix = _fix(flows, fixes, brought=brought, taken=taken, marked=marked)
    return Finding("home_balance", verdict, proof, round(percent, 1), "%", fix)


def _fix(
    flows: Flows, fixes: Mapping[str, str], *, brought: float, taken: float, marked: bool
) -> str:
    if marked:
        return "mend the entities marked red first, then look again"
    if which := explanation(flows.frame):
        left = mismatch_percent(swapped(flows.frame, which))
        return f"{fixes[which]}: that leaves {left:.0f} %"
    if brought > taken:
        return (
            "more comes in than goes out: home_assistant.consumption_entity_id misses a part of "
            "the house, or home_assistant.consumption_includes_water_heater must be false"
        )
    return (
        "more goes out than comes in: a source is not mapped or counts too little (a second "
        "inverter or string, an import phase), or the consumption counts something twice"
    )
