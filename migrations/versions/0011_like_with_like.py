"""The view of plan and outcome compares like with like: both costs are the meter's."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# As 0008 made it, but for the costs: what is planned counted the battery's wear, what happened did
# not. Wear stands by itself.
GRID_COST = """(p.import_kw * p.import_price_per_kwh - p.export_kw * p.export_price_per_kwh) / 4"""
VIEW = f""" plan_vs_actual AS
SELECT
    o.slot_start,
    p.plan_run_id,
    p.planned_at,
    p.classification,
    p.soc_projected AS planned_soc_percent,
    o.soc_percent AS actual_soc_percent,
    p.import_kw / 4 AS planned_import_kwh,
    o.import_kwh AS actual_import_kwh,
    p.export_kw / 4 AS planned_export_kwh,
    o.export_kwh AS actual_export_kwh,
    p.planned_pv_kwh,
    o.pv_kwh AS actual_pv_kwh,
    p.planned_load_kwh,
    o.load_kwh AS actual_load_kwh,
    p.water_kw / 4 AS planned_water_kwh,
    o.water_kwh AS actual_water_kwh,
    p.charge_kw / 4 AS planned_charge_kwh,
    o.charge_kwh AS actual_charge_kwh,
    p.discharge_kw / 4 AS planned_discharge_kwh,
    o.discharge_kwh AS actual_discharge_kwh,
    o.temperature_c,
    o.import_price_per_kwh,
    o.export_price_per_kwh,
    {GRID_COST} AS planned_cost,
    p.planned_cost - {GRID_COST} AS planned_wear,
    o.import_kwh * o.import_price_per_kwh - o.export_kwh * o.export_price_per_kwh AS actual_cost,
    o.quality,
    o.recorded_at
FROM observed_slot o
LEFT JOIN plan_history p
    ON p.slot_start = o.slot_start
    AND p.plan_run_id = (
        SELECT MAX(h.plan_run_id) FROM plan_history h
        WHERE h.slot_start = o.slot_start AND h.planned_at <= h.slot_start
    )
"""  # noqa: S608 - a text of this file


def upgrade() -> None:
    """Make the view anew."""
    _replace(VIEW)


def downgrade() -> None:
    """Bring the view of revision 0008 back."""
    before = VIEW.replace(
        f"{GRID_COST} AS planned_cost,\n    p.planned_cost - {GRID_COST} AS planned_wear",
        "p.planned_cost",
    )
    _replace(before)


def _replace(view: str) -> None:
    op.execute("DROP VIEW IF EXISTS plan_vs_actual")
    # With the rights of who asks: the user who made it may be gone one day. SQLite knows no users.
    mine = op.get_bind().dialect.name == "sqlite"
    op.execute(("CREATE VIEW" if mine else "CREATE SQL SECURITY INVOKER VIEW") + view)
