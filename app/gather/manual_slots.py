"""Manual actions as the planner takes them: a row for every slot they cover."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import polars as pl

from app.core.frames import SLOT, SLOTS

MANUAL = pl.Schema(
    {
        name: SLOTS[name]
        for name in (
            "slot_start",
            "manual_action",
            "manual_target_soc_percent",
            "manual_power_kw",
        )
    }
)


class Action(Protocol):
    """What counts of an action, kept or only wished for."""

    @property
    def action(self) -> str: ...  # noqa: D102
    @property
    def start_at(self) -> datetime: ...  # noqa: D102
    @property
    def end_at(self) -> datetime: ...  # noqa: D102
    @property
    def target_soc_percent(self) -> float | None: ...  # noqa: D102
    @property
    def power_kw(self) -> float | None: ...  # noqa: D102
    @property
    def expires_at(self) -> datetime | None: ...  # noqa: D102


def manual_frame(actions: Sequence[Action]) -> pl.DataFrame:
    """Return ``MANUAL`` for the actions; where two cover a slot the later in the list counts."""
    rows = {}
    for action in actions:
        start = action.start_at
        while start < action.end_at and (action.expires_at is None or start < action.expires_at):
            rows[start] = (start, action.action, action.target_soc_percent, action.power_kw)
            start += SLOT
    return pl.DataFrame(list(rows.values()), schema=MANUAL, orient="row")
