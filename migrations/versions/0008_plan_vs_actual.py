"""A view of what was planned beside what happened, slot by slot, for charts and questions."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Planned powers become energies of a quarter. The plan of a slot is the last one made before it
# began, so that a slot is never compared with a plan that already knew how it ended.
VIEW = """ plan_vs_actual AS
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
    p.planned_cost,
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
"""


def upgrade() -> None:
    """Make the view anew: an interrupted upgrade may have left one."""
    op.execute("DROP VIEW IF EXISTS plan_vs_actual")
    # With the rights of who asks: the user who made it may be gone one day. SQLite knows no users.
    mine = op.get_bind().dialect.name == "sqlite"
    op.execute(("CREATE VIEW" if mine else "CREATE SQL SECURITY INVOKER VIEW") + VIEW)


def downgrade() -> None:
    """Drop the view; what was recorded stays."""
    op.execute("DROP VIEW IF EXISTS plan_vs_actual")
