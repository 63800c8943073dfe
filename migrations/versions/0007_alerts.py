"""Alerts: what was wrong from when to when, and who was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Every step looks first: MariaDB keeps the steps of an upgrade that was interrupted."""
    if not sa.inspect(op.get_bind()).has_table("alert"):
        op.create_table(
            "alert",
            sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
            sa.Column("code", sa.String(length=40), nullable=False),
            sa.Column("open_code", sa.String(length=40), nullable=True),
            sa.Column("severity", sa.String(length=16), nullable=False),
            sa.Column("message", sa.Text(), nullable=False),
            sa.Column("since", INSTANT, nullable=False),
            sa.Column("raised_at", INSTANT, nullable=True),
            sa.Column("recovered_at", INSTANT, nullable=True),
            sa.Column("deliveries", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_alert"),
            sa.UniqueConstraint("open_code", name="uq_alert_open_code"),
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_unicode_ci",
        )
    for column in ("since", "recovered_at"):
        op.create_index(f"ix_alert_{column}", "alert", [column], if_not_exists=True)


def downgrade() -> None:
    """Forget every alert."""
    op.drop_table("alert", if_exists=True)
