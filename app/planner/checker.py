"""An independent look at a finished plan, from the published columns alone, before it goes out.

Nothing of the planner's own arithmetic is reused: balance, steps of the charge level, limits and
labels are recomputed from powers and percentages. A plan that fails is not published.
"""

import polars as pl

from app.core.errors import PlanInvalidError
from app.core.frames import CLASSIFICATIONS, SCHEDULE, SLOT, SLOT_HOURS, check
from app.planner.model.context import Context

EPSILON_KWH = 1e-6
_POWERS = (
    "charge_kw",
    "discharge_kw",
    "import_kw",
    "export_kw",
    "curtailed_kw",
    "water_kw",
)


def require_valid(schedule: pl.DataFrame, ctx: Context) -> None:
    """Raise ``PlanInvalidError`` naming the rule and the first slot that breaks it."""
    check(schedule.lazy(), SCHEDULE, by="published plan")
    numbers = [name for name, dtype in SCHEDULE.items() if dtype == pl.Float64()]
    if schedule.select(pl.any_horizontal(pl.all().is_null())).to_series().any():
        raise PlanInvalidError("a published column has an empty value")
    broken_number = ~pl.all_horizontal(pl.col(name).is_finite() for name in numbers)
    rules = {"every number is finite": broken_number, **_shape(), **_physics(ctx), **_labels(ctx)}
    broken = schedule.select(expr.any().alias(rule) for rule, expr in rules.items()).row(0)
    for rule, is_broken in zip(rules, broken, strict=True):
        if is_broken:
            found = schedule.filter(rules[rule])
            raise PlanInvalidError(
                f"plan refused: '{rule}' is broken in {found.height} slots, "
                f"first at {found['slot_start'][0]}"
            )


def _shape() -> dict[str, pl.Expr]:
    step = pl.col("slot_start").diff().fill_null(SLOT)
    return {
        "slots follow each other without gap": step != SLOT,
        "a slot ends a quarter after it starts": pl.col("slot_end") - pl.col("slot_start") != SLOT,
        "no power is negative": pl.any_horizontal(pl.col(name) < 0 for name in _POWERS),
    }


def _physics(ctx: Context) -> dict[str, pl.Expr]:
    """Balance, charge level, powers and limits, in kWh per slot."""
    battery, grid = ctx.settings.battery, ctx.settings.grid
    charge, discharge, imported, exported, curtailed, water = (
        pl.col(name) * SLOT_HOURS for name in _POWERS
    )
    balance = (
        imported
        + pl.col("planned_pv_kwh")
        + discharge
        - pl.col("planned_load_kwh")
        - water
        - charge
        - exported
        - curtailed
    )
    one_way = (battery.roundtrip_efficiency_percent / 100) ** 0.5
    stored = pl.col("soc_projected") / 100 * battery.capacity_kwh
    start_kwh = ctx.home.soc_percent / 100 * battery.capacity_kwh
    before = stored.shift(1).fill_null(start_kwh)
    low_kwh = battery.min_soc_percent / 100 * battery.capacity_kwh
    high_kwh = battery.max_soc_percent / 100 * battery.capacity_kwh
    charge_kw = min(battery.max_charge_kw, ctx.settings.inverter.max_power_kw)
    discharge_kw = min(battery.max_discharge_kw, ctx.settings.inverter.max_power_kw)
    needed = pl.col("planned_load_kwh") - pl.col("planned_pv_kwh")
    over_fuse = imported > grid.max_import_kw * SLOT_HOURS + EPSILON_KWH
    cost = (
        imported * pl.col("import_price_per_kwh")
        - exported * pl.col("export_price_per_kwh")
        + discharge / one_way * battery.wear_cost_per_kwh
    )
    return {
        "energy in equals energy out": balance.abs() > EPSILON_KWH,
        "the charge level follows the flows": (
            stored - before - charge * one_way + discharge / one_way
        ).abs()
        > EPSILON_KWH,
        "nothing is discharged below the minimum": (discharge > EPSILON_KWH)
        & (stored < low_kwh - EPSILON_KWH),
        "nothing is charged above the maximum": (charge > EPSILON_KWH)
        & (stored > high_kwh + EPSILON_KWH),
        "charging keeps to its power": charge > charge_kw * SLOT_HOURS + EPSILON_KWH,
        "discharging keeps to its power": discharge > discharge_kw * SLOT_HOURS + EPSILON_KWH,
        "never charge and discharge at once": pl.min_horizontal(charge, discharge) > EPSILON_KWH,
        "never import and export at once": pl.min_horizontal(imported, exported) > EPSILON_KWH,
        "only the load itself may exceed the fuse": over_fuse
        & (
            (charge > EPSILON_KWH)
            | ((water > EPSILON_KWH) & ~pl.col("is_manual"))
            | (imported > needed + water + EPSILON_KWH)
        ),
        "exports keep to their limit": exported > grid.max_export_kw * SLOT_HOURS + EPSILON_KWH,
        "cost is what the flows cost": (pl.col("planned_cost") - cost).abs() > EPSILON_KWH,
        "the heater is on or off": (water > EPSILON_KWH)
        & ((water / SLOT_HOURS - ctx.settings.water_heating.power_kw).abs() > EPSILON_KWH),
    }


def _labels(ctx: Context) -> dict[str, pl.Expr]:
    """Words must say what the flows do."""
    word = pl.col("classification")
    discharges = pl.col("discharge_kw") * SLOT_HOURS > EPSILON_KWH
    charges = pl.col("charge_kw") * SLOT_HOURS > EPSILON_KWH
    forbidden = discharges if not ctx.discharge_allowed else pl.lit(value=False)
    return {
        "a known word": ~word.is_in(CLASSIFICATIONS),
        "hold moves nothing": (word == "hold") & (charges | discharges),
        "charge takes from the grid": (word == "charge") & ~(charges & (pl.col("import_kw") > 0)),
        "discharge and export draw": word.is_in(["discharge", "export"]) & ~discharges,
        "sun charge takes nothing from the grid": (word == "pv_charge")
        & (pl.col("import_kw") * SLOT_HOURS > EPSILON_KWH),
        "an unknown charge level discharges nothing": forbidden,
        "charge levels are percentages": ~pl.col("soc_projected").is_between(-1e-9, 100 + 1e-9)
        | ~pl.col("soc_target").is_between(-1e-9, 100 + 1e-9),
    }
