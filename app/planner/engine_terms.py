"""What every slot offers to stored energy: the frame's rows as uses and supplies of the curve."""

import polars as pl

from app.planner import export_rules, worth
from app.planner.battery import limits_of
from app.planner.context import Context
from app.planner.energy_value import Piece, SlotTerms

NEEDS = pl.Schema(
    {
        "import_price_per_kwh": pl.Float64(),
        "export_price_per_kwh": pl.Float64(),
        "cautious_pv_kwh": pl.Float64(),
        "cautious_load_kwh": pl.Float64(),
        "water_kwh": pl.Float64(),
        "is_cheap": pl.Boolean(),
        "may_export_battery": pl.Boolean(),
        "manual_action": pl.String(),
    }
)


def columns(ctx: Context) -> list[pl.Expr]:
    """Return the value and amount of each use and supply, all per stored kWh and in stored kWh."""
    limits = limits_of(ctx.settings)
    thresholds = ctx.settings.decision_thresholds
    eff = limits.efficiency
    net = pl.col("cautious_load_kwh") + pl.col("water_kwh") - pl.col("cautious_pv_kwh")
    house_ac = pl.min_horizontal(worth.net_load_kwh(), limits.discharge_kwh)
    # The battery does not heat water in cheap windows: there the grid is the cheap source.
    both_ac = pl.min_horizontal(net.clip(lower_bound=0), limits.discharge_kwh)
    water_ac = pl.when("is_cheap").then(0.0).otherwise((both_ac - house_ac).clip(lower_bound=0))
    surplus = (-net).clip(lower_bound=0)
    store_ac = pl.min_horizontal(surplus, limits.charge_kwh)
    fuse_ac = (limits.import_kwh - net.clip(lower_bound=0)).clip(lower_bound=0)
    buy_ac = pl.min_horizontal(limits.charge_kwh - store_ac, fuse_ac)
    sell_ac = pl.min_horizontal(
        limits.discharge_kwh - house_ac - water_ac,
        (limits.export_kwh - surplus).clip(lower_bound=0),
    )
    # Where the heater runs on the grid nothing is sold in the same slot.
    may_sell = pl.col("may_export_battery") & ~(pl.col("is_cheap") & (pl.col("water_kwh") > 0))
    held = pl.col("manual_action").fill_null("") == "hold"
    may_use = ~held & ctx.discharge_allowed
    buy_cost = worth.buy_cost() / eff
    # Never above the cost of buying in the same slot: at negative prices burning energy in and
    # out of the battery would otherwise look like a gain that no single flow can realise.
    house = pl.min_horizontal(
        worth.use_value(
            worth.buy_cost(), ctx, margin_per_kwh=thresholds.battery_use_margin_per_kwh
        ),
        buy_cost,
    )
    water = pl.min_horizontal(
        worth.use_value(
            worth.buy_cost(), ctx, margin_per_kwh=thresholds.battery_water_margin_per_kwh
        ),
        house,
    )
    sale = pl.min_horizontal(export_rules.guarded_sale_value(ctx), water)
    allowed = pl.when(may_use)
    return [
        house.alias("house_value"),
        (allowed.then(house_ac).otherwise(0.0) / eff * ctx.safety.value).alias("house_kwh"),
        water.alias("water_value"),
        (allowed.then(water_ac).otherwise(0.0) / eff).alias("water_use_kwh"),
        sale.alias("sale_value"),
        (pl.when(may_use & may_sell).then(sell_ac).otherwise(0.0) / eff).alias("sale_kwh"),
        (worth.sale_price(ctx) / eff).alias("store_cost"),
        (store_ac * eff).alias("store_kwh"),
        buy_cost.alias("buy_cost"),
        (pl.when(held).then(0.0).otherwise(buy_ac) * eff).alias("buy_kwh"),
    ]


def terms(df: pl.DataFrame, ctx: Context, *, may_buy: list[bool]) -> list[SlotTerms]:
    """Return what each slot offers; grid energy only where ``may_buy`` says so."""
    rows = df.select(columns(ctx)).rows()
    result: list[SlotTerms] = []
    for row, buys in zip(rows, may_buy, strict=True):
        house, house_kwh, water, water_kwh, sale, sale_kwh, store, store_kwh, buy, buy_kwh = row
        result.append(
            SlotTerms(
                uses=(Piece(house, house_kwh), Piece(water, water_kwh), Piece(sale, sale_kwh)),
                supplies=(Piece(store, store_kwh), Piece(buy, buy_kwh if buys else 0.0)),
            )
        )
    return result
