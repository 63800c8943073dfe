"""What the templates may use: frozen, already formatted for people, in the home's time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.api.plan_blocks import ACTIONS, BlockView, blocks
from app.api.schemas import InputOut, ScheduleOut, StatusOut
from app.frames import SLOT_HOURS
from app.provenance import Quality

STATES = {
    "ok": "Plan in force",
    "degraded": "Plan with limits",
    "stale": "Plan is old",
    "held": "Last plan kept",
    "none": "No plan yet",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """A message above the page: its kind (sample, warn, error), title and sentence."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class NowView:
    """The now card."""

    action: str
    word: str
    until: str
    why: str
    soc: str
    target: str
    price: str
    following: str


@dataclass(frozen=True, slots=True)
class InputView:
    """One input badge."""

    name: str
    quality: str
    source: str
    age: str
    detail: str


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything the page shows."""

    state: str
    state_text: str
    zone: str
    clock: str
    version: str
    banners: tuple[Banner, ...]
    now: NowView | None
    kpis: tuple[tuple[str, str, str], ...]
    blocks: tuple[BlockView, ...]
    inputs: tuple[InputView, ...]
    meta: tuple[tuple[str, str], ...]


def page(plan: ScheduleOut | None, status: StatusOut) -> PageView:
    """Build the page from the plan and the state of the service."""
    zone = ZoneInfo(status.timezone)
    local = status.now.astimezone(zone)
    return PageView(
        state=status.state,
        state_text=STATES[status.state],
        zone=status.timezone,
        clock=f"{local:%a %-d %b, %H:%M} {local.tzname()}",
        version=status.version,
        banners=_banners(status),
        now=_now(plan, status, zone),
        kpis=_kpis(plan, status, zone),
        blocks=blocks(plan, status.now, zone),
        inputs=tuple(_input(each, status.now) for each in status.inputs),
        meta=_meta(plan, status, zone),
    )


def _banners(status: StatusOut) -> tuple[Banner, ...]:
    banners = []
    sample = [each.name for each in status.inputs if each.quality == Quality.SAMPLE]
    live = [each.name for each in status.inputs if each.quality == Quality.LIVE]
    if sample:
        real = f" Live: {_listed(live)}." if live else " Nothing live could be reached."
        text = f"Recorded sample data stands in for {_listed(sample)}.{real}"
        banners.append(Banner("sample", "Sample data", text))
    if not status.database_ok:
        text = f"{status.database}: {status.database_error}. The last plan stays in memory; "
        banners.append(
            Banner("error", "Database away", text + "Darkstar tries again every few seconds.")
        )
    if status.job.last_error:
        meanwhile = "The last plan stays in force." if status.current else "There is no plan yet."
        banners.append(Banner("error", "Planning failed", f"{status.job.last_error}. {meanwhile}"))
    if status.warnings:
        banners.append(Banner("warn", "Plan with limits", "; ".join(status.warnings) + "."))
    return tuple(banners)


def _listed(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}".replace(",", "\u202f").replace("-", "\u2212")


def _now(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> NowView | None:
    slot = status.current
    if plan is None or slot is None:
        return None
    ahead = [each for each in plan.schedule if each.slot_start >= slot.slot_start]
    change = next((e for e in ahead if e.classification != slot.classification), None)
    until = change.slot_start if change else ahead[-1].slot_end
    following = (
        f"{ACTIONS[change.classification]} from {_hhmm(change.slot_start, zone)}"
        if change
        else "No change within the plan"
    )
    return NowView(
        action=ACTIONS[slot.classification],
        word=slot.classification,
        until=f"until {_hhmm(until, zone)}",
        why=slot.reason_text,
        soc=f"{slot.soc_projected:.0f} %",
        target=f"{slot.soc_target:.0f} %",
        price=f"{slot.import_price_per_kwh:.2f} {status.currency}/kWh",
        following=following,
    )


def _hhmm(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"


def _kpis(
    plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo
) -> tuple[tuple[str, str, str], ...]:
    """Return (label, value, note) of the key figures."""
    if plan is None:
        return ()
    meta, currency = plan.meta, plan.meta.currency
    today = status.now.astimezone(zone).date()
    todays = [s for s in plan.schedule if s.slot_start.astimezone(zone).date() == today]
    span = round((meta.horizon_end - meta.horizon_start).total_seconds() / 3600)
    return (
        ("Planned cost", _money(meta.cost, currency), f"next {span} h, stored energy credited"),
        (
            "Saves",
            _money(meta.cost_do_nothing - meta.cost, currency),
            "against leaving the battery idle",
        ),
        (
            "Beyond own sun",
            _money(meta.cost_self_consumption - meta.cost, currency),
            "against only storing your own sun",
        ),
        ("Sun today", f"{sum(s.planned_pv_kwh for s in todays):.1f} kWh", "forecast"),
        (
            "Hot water today",
            f"{sum(s.water_kw for s in todays) * SLOT_HOURS:.1f} kWh",
            "planned",
        ),
    )


def _input(each: InputOut, now: datetime) -> InputView:
    age = _ago(now - each.issued_at) if each.issued_at else ""
    return InputView(
        name=each.name.replace("_", " "),
        quality=each.quality.value,
        source=each.source,
        age=age,
        detail=each.detail,
    )


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"  # noqa: PLR2004


def _meta(
    plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    rows = [("Database", status.database)]
    for label, stamp in (("Local plan", status.local_plan), ("Server plan", status.server_plan)):
        text = "none"
        if stamp:
            local = stamp.planned_at.astimezone(zone)
            text = f"{local:%H:%M:%S}, version {stamp.planner_version}, run {stamp.plan_run_id}"
        rows.append((label, text))
    if plan:
        end = plan.meta.horizon_end.astimezone(zone)
        rows += [
            ("Engine", plan.meta.engine),
            ("S-index", f"{plan.meta.s_index:.2f}"),
            ("Prices known until", f"{end:%a %H:%M}"),
            ("Run took", f"{plan.meta.duration_ms:.0f} ms"),
        ]
    return tuple(rows)
