"""Replies built from the rows of the database and the state of the job."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.db.tables.models import CurrentSlot, HistorySlot, PlanRun
from app.service.schemas.plan import InputOut, JobState, PlanMeta, ScheduleOut, SlotOut

STALE_AFTER = timedelta(minutes=90)


def slot_at(plan: ScheduleOut | None, instant: datetime) -> SlotOut | None:
    """Return the planned slot that holds an instant."""
    slots = plan.schedule if plan else []
    return next((slot for slot in slots if slot.slot_start <= instant < slot.slot_end), None)


def state_of(plan: ScheduleOut | None, job: JobState, now: datetime, *, is_safe: bool) -> str:
    """Return ok, degraded, stale, held, safe or none."""
    if plan is None:
        return "none"
    if is_safe:
        return "safe"
    if job.last_outcome in {"held", "failed"}:
        return "held"
    if now - plan.meta.planned_at > STALE_AFTER:
        return "stale"
    return plan.meta.status


def schedule_of(run: PlanRun, slots: Sequence[CurrentSlot | HistorySlot]) -> ScheduleOut:
    """Build the reply from the rows of the run and its slots."""
    meta = PlanMeta(
        plan_run_id=run.id,
        planned_at=run.planned_at,
        trigger=run.trigger,
        engine=run.engine,
        planner_version=run.planner_version,
        status=run.status,
        horizon_start=run.horizon_start or run.planned_at,
        horizon_end=run.horizon_end or run.planned_at,
        timezone=run.timezone,
        currency=run.currency,
        cost=run.cost or 0.0,
        cost_do_nothing=run.cost_do_nothing or 0.0,
        cost_self_consumption=run.cost_self_consumption or 0.0,
        cost_best=run.cost_best,
        optimality_percent=run.optimality_percent,
        smoothing_cost=run.smoothing_cost,
        terminal_value_per_kwh=run.terminal_value_per_kwh,
        s_index=run.s_index or 1.0,
        duration_ms=run.duration_ms or 0.0,
        warnings=run.warnings or [],
        inputs=[InputOut.model_validate(status) for status in run.input_status or []],
        demo_home=run.demo_home,
    )
    return ScheduleOut(meta=meta, schedule=[SlotOut.model_validate(slot) for slot in slots])
