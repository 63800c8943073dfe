"""The table of alerts: what was wrong from when to when, and who was told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import MYSQL, Base
from app.db.tables.columns import BigId, UtcDateTime


class AlertRow(Base):
    """One episode of one condition.

    ``raised_at`` is null while the condition has not lasted long enough, ``recovered_at`` while it
    lasts. ``open_code`` repeats the code of an open episode and is null afterwards, so that there
    is one at a time. ``deliveries`` maps a channel to the last message it was given.
    """

    __tablename__ = "alert"
    __table_args__ = (MYSQL,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(40))
    open_code: Mapped[str | None] = mapped_column(String(40), unique=True)
    severity: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text())
    since: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    raised_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    recovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    deliveries: Mapped[dict[str, Any]] = mapped_column(JSON())
