"""What the best possible plan would have cost, and how near the published one came."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("cost_best", "optimality_percent", "smoothing_cost", "terminal_value_per_kwh")


def _present() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("plan_run")}


def upgrade() -> None:
    """Add what is not there yet: MariaDB keeps the steps of an interrupted upgrade."""
    present = _present()
    for name in COLUMNS:
        if name not in present:
            op.add_column("plan_run", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    """Forget the measure; in place, because a copy of the table would cascade into the history."""
    present = _present()
    for name in COLUMNS:
        if name in present:
            op.execute(f"ALTER TABLE plan_run DROP COLUMN {name}")
