"""The trail of manual changes: what was done, when, from where, and how to take it back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table unless an interrupted upgrade has: MariaDB's DDL cannot be rolled back."""
    if sa.inspect(op.get_bind()).has_table("manual_change"):
        return
    op.create_table(
        "manual_change",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("change", sa.String(length=32), nullable=False),
        sa.Column("action_id", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("made_from", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_manual_change"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_manual_change_at", "manual_change", ["at"])


def downgrade() -> None:
    """Forget the trail; the actions stay."""
    op.drop_table("manual_change", if_exists=True)
