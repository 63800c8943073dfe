"""docs/database.md has every table and column, and none that is gone."""

from app.db.tables.models import Base
from tools import database


def test_the_document_is_as_the_tables_are() -> None:
    assert database.TARGET.read_text(encoding="utf-8") == database.document(), "make database"


def test_nothing_is_explained_that_is_gone() -> None:
    columns = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    assert set(database.MEANINGS) == columns
