"""Tables that other programs read, and our own; times are UTC, numbers at full width."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.alerts import AlertRow
from app.db.tables.base import MYSQL, Base
from app.db.tables.columns import BigId, LongText, SlotTime, UtcDateTime
from app.db.tables.inputs import (
    Forecast,
    ForecastScore,
    ModelledPv,
    Observation,
    ObservedSlot,
    Price,
    SupersededPrice,
)

__all__ = [
    "AlertRow",
    "Base",
    "CurrentSlot",
    "Forecast",
    "ForecastScore",
    "HistorySlot",
    "ManualAction",
    "ManualChange",
    "ModelledPv",
    "Observation",
    "ObservedSlot",
    "PlanPointer",
    "PlanRun",
    "Price",
    "SettingChange",
    "SupersededPrice",
]

POWERS = ("charge_kw", "discharge_kw", "import_kw", "export_kw", "curtailed_kw", "water_kw")


class PlanRun(Base):
    """One planning run: why, with what, what came of it."""

    __tablename__ = "plan_run"
    __table_args__ = (MYSQL,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    trigger: Mapped[str] = mapped_column(String(32))
    engine: Mapped[str] = mapped_column(String(32))
    planner_version: Mapped[str] = mapped_column(String(32))
    config_hash: Mapped[str] = mapped_column(String(64))
    inputs_hash: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16), index=True)
    horizon_start: Mapped[datetime | None] = mapped_column(SlotTime())
    horizon_end: Mapped[datetime | None] = mapped_column(SlotTime())
    timezone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    demo_home: Mapped[bool]
    cost: Mapped[float | None] = mapped_column(Double())
    cost_do_nothing: Mapped[float | None] = mapped_column(Double())
    cost_self_consumption: Mapped[float | None] = mapped_column(Double())
    cost_best: Mapped[float | None] = mapped_column(Double())
    optimality_percent: Mapped[float | None] = mapped_column(Double())
    smoothing_cost: Mapped[float | None] = mapped_column(Double())
    terminal_value_per_kwh: Mapped[float | None] = mapped_column(Double())
    s_index: Mapped[float | None] = mapped_column(Double())
    s_index_parts: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    duration_ms: Mapped[float | None] = mapped_column(Double())
    warnings: Mapped[list[str] | None] = mapped_column(JSON())
    input_status: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON())
    # 100 kB that only a replay needs: read with ``plans.run_by_id``, never by accident.
    inputs: Mapped[str | None] = mapped_column(LongText, deferred=True, deferred_raiseload=True)
    error: Mapped[str | None] = mapped_column(Text())


class PlanPointer(Base):
    """One row: which run is published; locked while publishing, so one writer goes at a time."""

    __tablename__ = "plan_pointer"
    __table_args__ = (MYSQL,)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(BigInteger)
    plan_run_id: Mapped[int | None] = mapped_column(BigId)


class SlotColumns:
    """The columns that the current schedule and its history share."""

    slot_number: Mapped[int] = mapped_column(Integer)
    slot_end: Mapped[datetime] = mapped_column(SlotTime())
    classification: Mapped[str] = mapped_column(String(16))
    charge_kw: Mapped[float] = mapped_column(Double())
    discharge_kw: Mapped[float] = mapped_column(Double())
    import_kw: Mapped[float] = mapped_column(Double())
    export_kw: Mapped[float] = mapped_column(Double())
    curtailed_kw: Mapped[float] = mapped_column(Double())
    water_kw: Mapped[float] = mapped_column(Double())
    planned_load_kwh: Mapped[float] = mapped_column(Double())
    planned_pv_kwh: Mapped[float] = mapped_column(Double())
    import_price_per_kwh: Mapped[float] = mapped_column(Double())
    export_price_per_kwh: Mapped[float] = mapped_column(Double())
    planned_cost: Mapped[float] = mapped_column(Double())
    soc_target: Mapped[float] = mapped_column(Double())
    soc_projected: Mapped[float] = mapped_column(Double())
    marginal_value_per_kwh: Mapped[float] = mapped_column(Double())
    is_manual: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(40))
    reason_params: Mapped[dict[str, Any]] = mapped_column(JSON())
    reason_text: Mapped[str] = mapped_column(String(400))
    valid_until: Mapped[datetime] = mapped_column(SlotTime())
    planner_version: Mapped[str] = mapped_column(String(32))


class CurrentSlot(SlotColumns, Base):
    """The plan in force: today's past as it was planned, and everything ahead."""

    __tablename__ = "current_schedule"
    __table_args__ = (
        CheckConstraint("soc_projected >= 0 AND soc_projected <= 100", name="soc_projected"),
        CheckConstraint("soc_target >= 0 AND soc_target <= 100", name="soc_target"),
        CheckConstraint(" AND ".join(f"{power} >= 0" for power in POWERS), name="powers"),
        MYSQL,
    )

    slot_start: Mapped[datetime] = mapped_column(SlotTime(), primary_key=True)
    plan_run_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan_run.id"), index=True)


class HistorySlot(SlotColumns, Base):
    """Every slot of every published plan, one generation per run."""

    __tablename__ = "plan_history"
    __table_args__ = (UniqueConstraint("plan_run_id", "slot_start"), MYSQL)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    slot_start: Mapped[datetime] = mapped_column(SlotTime(), index=True)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime())
    plan_run_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan_run.id", ondelete="CASCADE"))


class ManualAction(Base):
    """What the owner asked for on a range of slots; apart from the automatic plan."""

    __tablename__ = "manual_action"
    __table_args__ = (MYSQL,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    action: Mapped[str] = mapped_column(String(16))
    start_at: Mapped[datetime] = mapped_column(SlotTime(), index=True)
    end_at: Mapped[datetime] = mapped_column(SlotTime())
    target_soc_percent: Mapped[float | None] = mapped_column(Double())
    power_kw: Mapped[float | None] = mapped_column(Double())
    note: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    created_from: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ManualChange(Base):
    """One step of the trail of manual actions; steps of one ``change`` are undone together.

    ``what`` is created, edited or removed; ``before`` and ``after`` are the action as data.
    """

    __tablename__ = "manual_change"
    __table_args__ = (Index("ix_manual_change_at", "at"), MYSQL)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    change: Mapped[str] = mapped_column(String(32))
    action_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    what: Mapped[str] = mapped_column(String(16))
    made_from: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SettingChange(Base):
    """A setting that was changed while running; secrets are never written here."""

    __tablename__ = "setting_change"
    __table_args__ = (MYSQL,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime())
    field: Mapped[str] = mapped_column(String(120))
    old_value: Mapped[str | None] = mapped_column(Text())
    new_value: Mapped[str | None] = mapped_column(Text())
    changed_from: Mapped[str] = mapped_column(String(64))
