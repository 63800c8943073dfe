"""The figures of a planning run: labels and texts beside the plan."""

from typing import Final
from zoneinfo import ZoneInfo

from app.service.schemas.plan import PlanMeta, ScheduleOut, StatusOut
from app.wording import words
from app.wording.i18n import _, marked

_ENGINES: Final = {"optimal": marked("optimal"), "cascade": marked("cascade")}


def engine(name: str) -> str:
    """Return what people call a planning engine."""
    return _(_ENGINES[name]) if name in _ENGINES else name


def run_facts(
    plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    """Return (label, text) of the database, the plan and its run."""
    rows = [(_("Database"), status.database)]
    stamps = ((_("Local plan"), status.local_plan), (_("Server plan"), status.server_plan))
    for label, stamp in stamps:
        text = _("none")
        if stamp:
            text = _(
                "{time}, run {run}, version {version}",
                time=words.when(stamp.planned_at, status.now, zone),
                run=stamp.plan_run_id,
                version=stamp.planner_version,
            )
        rows.append((label, text))
    if plan:
        rows += [
            (_("Prices known until"), words.when(plan.meta.horizon_end, status.now, zone)),
            (_("Engine"), engine(plan.meta.engine)),
            (_("Safety factor (S-index)"), words.number(plan.meta.s_index)),
            *_money_rows(plan.meta),
            (_("Run took"), words.amount(plan.meta.duration_ms / 1000, "s", 1)),
        ]
    if status.job.next_run_at:
        rows.append((_("Next run"), words.due(status.job.next_run_at, status.now, zone)))
    return tuple(rows)


def _money_rows(meta: PlanMeta) -> tuple[tuple[str, str], ...]:
    """Return what plan and smoothing cost, and what energy left at the end is worth."""
    per_kwh = _("{currency}/kWh, estimated", currency=meta.currency)
    rows = (
        (_("Cost until then, wear included"), meta.cost, meta.currency),
        (_("With an idle battery"), meta.cost_do_nothing, meta.currency),
        (_("Smoothing costs"), meta.smoothing_cost, meta.currency),
        (_("Energy left at the end"), meta.terminal_value_per_kwh, per_kwh),
    )
    return tuple((name, words.amount(v, unit, 2)) for name, v, unit in rows if v is not None)
