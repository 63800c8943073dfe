"""What tells in one short question whether the plan in the database is still the one somebody has.

A publication moves the generation on and a withdrawal changes ``valid_until``, but a backup that is
restored, a purge or an edit by hand may do anything: so every column of every row counts.
"""

from collections.abc import Sequence
from functools import cache, reduce
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Double, Select, String, func, literal, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import plans
from app.db.tables.models import CurrentSlot, PlanPointer, PlanRun

Stamp: TypeAlias = tuple[Any, ...]

_RUN = (
    PlanRun.planned_at,
    PlanRun.finished_at,
    PlanRun.status,
    PlanRun.config_hash,
    PlanRun.inputs_hash,
)
_NUMBERS = (int, float, bool)


async def plan_stamp(session: AsyncSession) -> Stamp | None:
    """Return what is equal as long as the plan in force is, None while there is none.

    Read it before the plan, in the same transaction.
    """
    found = (await session.execute(_question(session.get_bind().dialect.name))).one_or_none()
    return None if found is None else tuple(found)


@cache
def _question(dialect: str) -> Select[Any]:
    # All rows belong to the one pointer; aggregates without rows are a row, too.
    pointer = literal(plans.POINTER_ID).label("pointer")
    rows = select(pointer, *_sums(dialect)).select_from(CurrentSlot).subquery()
    return (
        select(PlanPointer.generation, PlanPointer.plan_run_id, *_RUN, *rows.c)
        .join(PlanRun, PlanRun.id == PlanPointer.plan_run_id)
        .join(rows, rows.c.pointer == PlanPointer.id)
    )


def _sums(dialect: str) -> list[ColumnElement[Any]]:
    """Return what the rows come to: the database adds up, so that hardly anything is sent."""
    columns = list(CurrentSlot.__table__.columns)
    numbers = [each for each in columns if each.type.python_type in _NUMBERS]
    # Weighted, so that two rows that change places show.
    weighted: list[ColumnElement[Any]] = [
        func.sum(type_coerce(each, Double()) * CurrentSlot.slot_number).label(each.name)
        for each in numbers
    ]
    texts = [type_coerce(each, String()) for each in columns if each not in numbers]
    return [func.count().label("rows"), *weighted, _digest(texts, dialect).label("texts")]


def _digest(texts: Sequence[ColumnElement[str]], dialect: str) -> ColumnElement[Any]:
    """Return an aggregate that changes with any of the texts; times are such."""
    if dialect == "sqlite":
        # It has no checksum, but its texts need no network: all of them take 0.1 ms.
        return func.group_concat(reduce(lambda one, other: one.concat(other), texts))
    return func.sum(func.crc32(func.concat_ws("|", *texts)))
