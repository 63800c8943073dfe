"""Price days that a provider corrected, kept as they were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Microseconds: MariaDB's plain DATETIME drops them.
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    """Add the table unless an interrupted upgrade has: MariaDB's DDL cannot be rolled back."""
    if sa.inspect(op.get_bind()).has_table("superseded_price"):
        return
    op.create_table(
        "superseded_price",
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", INSTANT, nullable=False),
        sa.Column("spot_price_per_kwh", sa.Double(), nullable=False),
        sa.Column("exchange_rate_per_eur", sa.Double(), nullable=True),
        sa.Column("delivery_day", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "area", "currency", "slot_start", "superseded_at", name="pk_superseded_price"
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_superseded_price_slot_start", "superseded_price", ["slot_start"])


def downgrade() -> None:
    """Forget what was replaced; the prices in force stay."""
    op.drop_table("superseded_price", if_exists=True)
