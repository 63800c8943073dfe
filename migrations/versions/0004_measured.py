"""What really happened, slot by slot, how good the forecasts were, and how wide their spread is."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
MEASURED = (
    "soc_percent",
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    "load_kwh",
    "water_kwh",
    "charge_kwh",
    "discharge_kwh",
    "temperature_c",
    "import_price_per_kwh",
    "export_price_per_kwh",
)
ADDED: dict[str, dict[str, Any]] = {
    "forecast": {"p10": sa.Double(), "p90": sa.Double(), "made_for": sa.String(length=16)},
    "price": {"exchange_rate_per_eur": sa.Double()},
}


def _inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())


def _present(table: str) -> set[str]:
    return {column["name"] for column in _inspector().get_columns(table)}


def _create_table(name: str, *columns: Any) -> None:
    """Create a table unless an interrupted upgrade has: MariaDB's DDL cannot be rolled back."""
    if not _inspector().has_table(name):
        op.create_table(name, *columns, mysql_charset="utf8mb4", mysql_collate="utf8mb4_unicode_ci")


def upgrade() -> None:
    """Add what is not there yet: MariaDB keeps the steps of an interrupted upgrade."""
    for table, columns in ADDED.items():
        present = _present(table)
        for name, kind in columns.items():
            if name not in present:
                op.add_column(table, sa.Column(name, kind, nullable=True))
    _create_table(
        "observed_slot",
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in MEASURED),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("slot_start", name="pk_observed_slot"),
    )
    _create_table(
        "forecast_score",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("measured_kwh", sa.Double(), nullable=False),
        sa.Column("mean_absolute_error_kwh", sa.Double(), nullable=False),
        sa.Column("bias_kwh", sa.Double(), nullable=False),
        sa.Column("persistence_mean_absolute_error_kwh", sa.Double(), nullable=True),
        sa.Column("persistence_bias_kwh", sa.Double(), nullable=True),
        sa.Column("inside_spread_ratio", sa.Double(), nullable=True),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name="pk_forecast_score"),
    )


def downgrade() -> None:
    """Forget what was measured; columns go in place, so that nothing cascades."""
    for table in ("forecast_score", "observed_slot"):
        op.drop_table(table, if_exists=True)
    for table, columns in ADDED.items():
        present = _present(table)
        for name in columns:
            if name in present:
                op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
