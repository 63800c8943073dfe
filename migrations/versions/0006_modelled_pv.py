"""What the panels should have given, to be held against what they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table unless an interrupted upgrade has: MariaDB's DDL cannot be rolled back."""
    if sa.inspect(op.get_bind()).has_table("modelled_pv"):
        return
    op.create_table(
        "modelled_pv",
        sa.Column("made_for", sa.String(length=16), nullable=False),
        sa.Column("slot_start", sa.DateTime(), nullable=False),
        sa.Column("modelled_kwh", sa.Double(), nullable=False),
        sa.Column("snow_ratio", sa.Double(), nullable=False),
        sa.Column("is_limited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("made_for", "slot_start", name="pk_modelled_pv"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
    )
    op.create_index("ix_modelled_pv_slot_start", "modelled_pv", ["slot_start"])


def downgrade() -> None:
    """Forget what was modelled; it can be asked for again."""
    op.drop_table("modelled_pv", if_exists=True)
