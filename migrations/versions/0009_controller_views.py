"""Views for whoever reads the plan by SQL: what counts now, and the schedule in local time."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VIEWS = ("plan_now", "current_schedule_local")

# What differs between the databases: the clock, and the local time of a UTC column. MariaDB's
# FROM_UNIXTIME answers in the session's time zone, the one of NOW(), and needs no zone tables.
# SQLite keeps instants as text, with microseconds; its own clock gives whole seconds.
MARIADB = {
    "create": "CREATE OR REPLACE SQL SECURITY INVOKER VIEW",
    "now": "UTC_TIMESTAMP()",
    "instant": "{}",
    "local": "FROM_UNIXTIME(TIMESTAMPDIFF(SECOND, '1970-01-01', {}))",
    "age": "TIMESTAMPDIFF(SECOND, {}, UTC_TIMESTAMP())",
}
SQLITE = {
    "create": "CREATE VIEW IF NOT EXISTS",
    "now": "datetime('now')",
    "instant": "datetime({})",
    "local": "datetime({}, 'localtime')",
    "age": "CAST(ROUND((julianday('now') - julianday({})) * 86400) AS INTEGER)",
}

# Always one row. Every column of the slot is null, and every power 0, while no slot is valid.
PLAN_NOW = """
{create} plan_now AS
SELECT
    CASE WHEN slot.slot_start IS NULL THEN 0 ELSE 1 END AS plan_valid,
    COALESCE(slot.classification, 'safe') AS action,
    slot.soc_target AS soc_target,
    COALESCE(slot.charge_kw, 0) AS charge_kw,
    COALESCE(slot.discharge_kw, 0) AS discharge_kw,
    COALESCE(slot.import_kw, 0) AS import_kw,
    COALESCE(slot.export_kw, 0) AS export_kw,
    COALESCE(slot.water_kw, 0) AS water_kw,
    COALESCE(slot.reason, 'no_valid_plan') AS reason,
    slot.reason_text AS reason_text,
    COALESCE(slot.is_manual, 0) AS is_manual,
    slot.import_price_per_kwh AS import_price_per_kwh,
    slot.export_price_per_kwh AS export_price_per_kwh,
    slot.slot_start AS slot_start,
    slot.slot_end AS slot_end,
    slot.valid_until AS valid_until,
    {slot_start_local} AS slot_start_local,
    {slot_end_local} AS slot_end_local,
    {valid_until_local} AS valid_until_local,
    slot.plan_run_id AS plan_run_id,
    run.planned_at AS planned_at,
    {age} AS plan_age_seconds,
    run.currency AS currency,
    run.timezone AS timezone
FROM (SELECT 1 AS one) AS always
LEFT JOIN current_schedule AS slot
    ON {slot_start} <= {now} AND {slot_end} > {now} AND {valid_until} > {now}
LEFT JOIN plan_run AS run ON run.id = slot.plan_run_id
"""
CURRENT_SCHEDULE_LOCAL = """
{create} current_schedule_local AS
SELECT
    slot.*,
    {slot_start_local} AS slot_start_local,
    {slot_end_local} AS slot_end_local,
    {valid_until_local} AS valid_until_local
FROM current_schedule AS slot
"""


def upgrade() -> None:
    """Create both; a view that an interrupted upgrade made stays or is made again."""
    words = SQLITE if op.get_bind().dialect.name == "sqlite" else MARIADB
    columns = ("slot_start", "slot_end", "valid_until")
    parts = {name: words["instant"].format(f"slot.{name}") for name in columns}
    parts |= {f"{name}_local": words["local"].format(f"slot.{name}") for name in columns}
    parts |= {"create": words["create"], "now": words["now"]}
    parts["age"] = words["age"].format("run.planned_at")
    for view in (PLAN_NOW, CURRENT_SCHEDULE_LOCAL):
        op.execute(view.format(**parts))


def downgrade() -> None:
    """Drop both."""
    for name in VIEWS:
        op.execute(f"DROP VIEW IF EXISTS {name}")
