"""Run migrations on the connection that ``app.db.connection.migrate`` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from app.db.tables.columns import SlotTime, UtcDateTime
from app.db.tables.models import Base


def _render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as plain ones: a migration must not change when a model does."""
    if kind == "type" and isinstance(item, SlotTime):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return 'sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
