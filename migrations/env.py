"""Run migrations on the connection that ``app.db.migrate`` hands over."""

from alembic import context

from app.db.models import Base


def _is_ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave the lock table of SQLite upgrades out of comparisons."""
    return not (kind == "table" and name == "migration_lock")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_object=_is_ours,
)
with context.begin_transaction():
    context.run_migrations()
