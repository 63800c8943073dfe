"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
TABLES = (
    "plan_history",
    "current_schedule",
    "plan_pointer",
    "plan_run",
    "forecast",
    "manual_action",
    "observation",
    "price",
    "setting_change",
)


def _create_table(name: str, *columns: Any, **options: Any) -> None:
    """Create a table unless an interrupted upgrade has: MariaDB's DDL cannot be rolled back."""
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *columns, **options)


def upgrade() -> None:
    """Create every table and the one row of the plan pointer."""
    _create_table(
        "forecast",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "issued_at", "slot_start", name="pk_forecast"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    _create_table(
        "manual_action",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("start_at", sa.DateTime(), nullable=False),
        sa.Column("end_at", sa.DateTime(), nullable=False),
        sa.Column("target_soc_percent", sa.Double(), nullable=True),
        sa.Column("power_kw", sa.Double(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.String(length=64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_manual_action"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_manual_action_start_at", "manual_action", ["start_at"], if_not_exists=True)
    _create_table(
        "observation",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("quality", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name", "observed_at", name="pk_observation"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    _create_table(
        "plan_pointer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("plan_run_id", BIG_ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_plan_pointer"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    _create_table(
        "plan_run",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("trigger_name", sa.String(length=32), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("planner_version", sa.String(length=32), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("inputs_hash", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("horizon_start", sa.DateTime(), nullable=True),
        sa.Column("horizon_end", sa.DateTime(), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("demo_home", sa.Boolean(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("cost_do_nothing", sa.Double(), nullable=True),
        sa.Column("cost_self_consumption", sa.Double(), nullable=True),
        sa.Column("s_index", sa.Double(), nullable=True),
        sa.Column("s_index_parts", sa.JSON(), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=True),
        sa.Column("input_status", sa.JSON(), nullable=True),
        sa.Column("inputs", LONG_TEXT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_plan_run"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_plan_run_planned_at", "plan_run", ["planned_at"], if_not_exists=True)
    op.create_index("ix_plan_run_status", "plan_run", ["status"], if_not_exists=True)
    _create_table(
        "price",
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("spot_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("delivery_day", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("area", "currency", "slot_start", name="pk_price"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_price_delivery_day", "price", ["delivery_day"], if_not_exists=True)
    _create_table(
        "setting_change",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("field", sa.String(length=120), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=True),
        sa.Column("new_value", sa.Text(), nullable=True),
        sa.Column("changed_from", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_setting_change"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    _create_table(
        "current_schedule",
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("plan_run_id", BIG_ID, nullable=False),
        sa.Column("slot_number", sa.Integer(), nullable=False),
        sa.Column("slot_end", sa.DateTime(), nullable=False),
        sa.Column("classification", sa.String(length=16), nullable=False),
        sa.Column("charge_kw", sa.Double(), nullable=False),
        sa.Column("discharge_kw", sa.Double(), nullable=False),
        sa.Column("import_kw", sa.Double(), nullable=False),
        sa.Column("export_kw", sa.Double(), nullable=False),
        sa.Column("curtailed_kw", sa.Double(), nullable=False),
        sa.Column("water_kw", sa.Double(), nullable=False),
        sa.Column("planned_load_kwh", sa.Double(), nullable=False),
        sa.Column("planned_pv_kwh", sa.Double(), nullable=False),
        sa.Column("import_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("export_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("planned_cost", sa.Double(), nullable=False),
        sa.Column("soc_target", sa.Double(), nullable=False),
        sa.Column("soc_projected", sa.Double(), nullable=False),
        sa.Column("marginal_value_per_kwh", sa.Double(), nullable=False),
        sa.Column("is_manual", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("reason_params", sa.JSON(), nullable=False),
        sa.Column("reason_text", sa.String(length=400), nullable=False),
        sa.Column("valid_until", sa.DateTime(), nullable=False),
        sa.Column("planner_version", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "charge_kw >= 0 AND discharge_kw >= 0 AND water_kw >= 0",
            name="ck_current_schedule_powers",
        ),
        sa.CheckConstraint(
            "soc_projected >= 0 AND soc_projected <= 100", name="ck_current_schedule_soc_projected"
        ),
        sa.CheckConstraint(
            "soc_target >= 0 AND soc_target <= 100", name="ck_current_schedule_soc_target"
        ),
        sa.ForeignKeyConstraint(
            ["plan_run_id"], ["plan_run.id"], name="fk_current_schedule_plan_run_id_plan_run"
        ),
        sa.PrimaryKeyConstraint("slot_start", name="pk_current_schedule"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index(
        "ix_current_schedule_plan_run_id", "current_schedule", ["plan_run_id"], if_not_exists=True
    )
    _create_table(
        "plan_history",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("plan_run_id", BIG_ID, nullable=False),
        sa.Column("slot_number", sa.Integer(), nullable=False),
        sa.Column("slot_end", sa.DateTime(), nullable=False),
        sa.Column("classification", sa.String(length=16), nullable=False),
        sa.Column("charge_kw", sa.Double(), nullable=False),
        sa.Column("discharge_kw", sa.Double(), nullable=False),
        sa.Column("import_kw", sa.Double(), nullable=False),
        sa.Column("export_kw", sa.Double(), nullable=False),
        sa.Column("curtailed_kw", sa.Double(), nullable=False),
        sa.Column("water_kw", sa.Double(), nullable=False),
        sa.Column("planned_load_kwh", sa.Double(), nullable=False),
        sa.Column("planned_pv_kwh", sa.Double(), nullable=False),
        sa.Column("import_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("export_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("planned_cost", sa.Double(), nullable=False),
        sa.Column("soc_target", sa.Double(), nullable=False),
        sa.Column("soc_projected", sa.Double(), nullable=False),
        sa.Column("marginal_value_per_kwh", sa.Double(), nullable=False),
        sa.Column("is_manual", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("reason_params", sa.JSON(), nullable=False),
        sa.Column("reason_text", sa.String(length=400), nullable=False),
        sa.Column("valid_until", sa.DateTime(), nullable=False),
        sa.Column("planner_version", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_run_id"],
            ["plan_run.id"],
            name="fk_plan_history_plan_run_id_plan_run",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_plan_history"),
        sa.UniqueConstraint(
            "plan_run_id", "slot_start", name="uq_plan_history_plan_run_id_slot_start"
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index(
        "ix_plan_history_slot_start", "plan_history", ["slot_start"], if_not_exists=True
    )
    bind = op.get_bind()
    if not bind.execute(sa.text("SELECT count(*) FROM plan_pointer")).scalar():
        bind.execute(sa.text("INSERT INTO plan_pointer (id, generation) VALUES (1, 0)"))


def downgrade() -> None:
    """Drop every table."""
    for name in TABLES:
        op.drop_table(name, if_exists=True)
