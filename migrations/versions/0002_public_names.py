"""Public names as documented, power checks for every flow, indexes for retention."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHECKS = {
    "ck_current_schedule_powers": (
        "charge_kw >= 0 AND discharge_kw >= 0 AND import_kw >= 0 AND export_kw >= 0 "
        "AND curtailed_kw >= 0 AND water_kw >= 0"
    ),
    "ck_current_schedule_soc_projected": "soc_projected >= 0 AND soc_projected <= 100",
    "ck_current_schedule_soc_target": "soc_target >= 0 AND soc_target <= 100",
}
INDEXES = (
    ("ix_price_slot_start", "price", "slot_start"),
    ("ix_forecast_issued_at", "forecast", "issued_at"),
    ("ix_observation_observed_at", "observation", "observed_at"),
)


def upgrade() -> None:
    """Every step looks first: MariaDB keeps the steps of an upgrade that was interrupted."""
    _rename_column("plan_run", "trigger_name", "trigger")
    _replace_checks()
    for name, table, column in INDEXES:
        op.create_index(name, table, [column], if_not_exists=True)
    op.drop_table("migration_lock", if_exists=True)


def downgrade() -> None:
    """Give the old column name back; the stricter checks may stay."""
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table, if_exists=True)
    _rename_column("plan_run", "trigger", "trigger_name")


def _rename_column(table: str, old: str, new: str) -> None:
    """Rename in place: SQLite's usual copy of the table would cascade into the plan history."""
    bind = op.get_bind()
    if old in {column["name"] for column in sa.inspect(bind).get_columns(table)}:
        quote = bind.dialect.identifier_preparer.quote
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {quote(old)} TO {quote(new)}")


def _replace_checks() -> None:
    """Give the checks of the current schedule their names, and the powers all their columns."""
    present = sa.inspect(op.get_bind()).get_check_constraints("current_schedule")
    # MariaDB also lists the JSON checks of single columns, which have no name of ours.
    names = {str(check["name"]) for check in present if str(check["name"]).startswith("ck_")}
    if names == set(CHECKS):
        return
    with op.batch_alter_table("current_schedule") as batch:
        for name in sorted(names - CHECKS.keys()):
            batch.drop_constraint(op.f(name), type_="check")
        for name in sorted(CHECKS.keys() - names):
            batch.create_check_constraint(op.f(name), CHECKS[name])
