"""What the templates may use: frozen, already formatted for people, in the home's time zone."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.api import words
from app.api.banners import Banner, banners
from app.api.chart_view import ChartView, chart
from app.api.plan_blocks import BlocksView, action, blocks
from app.api.schemas import InputOut, PlanMeta, ScheduleOut, SlotOut, StatusOut
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
class NowView:
    """The now card."""

    action: str
    word: str
    until: str
    why: str
    soc: str
    soc_note: str
    price: str
    price_unit: str
    price_note: str
    following: str


@dataclass(frozen=True, slots=True)
class EmptyView:
    """What stands in place of the now card while there is no plan."""

    title: str
    text: str
    is_planning: bool


@dataclass(frozen=True, slots=True)
class InputView:
    """One input badge."""

    name: str
    quality: str
    quality_text: str
    source: str
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
    empty: EmptyView
    kpis: tuple[tuple[str, str, str], ...]
    chart: ChartView
    blocks: BlocksView
    units: tuple[str, str]
    inputs: tuple[InputView, ...]
    inputs_note: str
    meta: tuple[tuple[str, str], ...]


def page(plan: ScheduleOut | None, status: StatusOut) -> PageView:
    """Build the page from the plan and the state of the service."""
    zone = ZoneInfo(status.timezone)
    local = status.now.astimezone(zone)
    made = words.when(plan.meta.planned_at, status.now, zone) if plan else ""
    return PageView(
        state=status.state,
        state_text=STATES[status.state],
        zone=status.timezone,
        clock=f"{local:%a %-d %b, %H:%M} {local.tzname()}",
        version=status.version,
        banners=banners(plan, status, zone),
        now=_now(plan, status, zone),
        empty=_empty(status, zone),
        kpis=_kpis(plan, status, zone),
        chart=chart(plan, status, zone),
        blocks=blocks(plan, status.now, zone),
        units=(f"{status.currency}/kWh", status.currency),
        inputs=tuple(_input(each, status.now) for each in status.inputs),
        inputs_note=f"As of the plan made at {made}." if made else "",
        meta=_meta(plan, status, zone),
    )


def _empty(status: StatusOut, zone: ZoneInfo) -> EmptyView:
    if status.job.running or status.job.last_outcome == "none":
        text = (
            "Darkstar is collecting prices, weather and the state of the home. "
            "The plan shows here in a few seconds."
        )
        return EmptyView("Making the first plan", text, is_planning=True)
    again = ""
    if status.job.next_run_at:
        again = f"Darkstar tries again {words.coming(status.job.next_run_at, status.now, zone)}. "
    text = (
        "The first plan appears here as soon as the database answers and prices are known. "
        f"{again}Run planner tries at once."
    )
    return EmptyView("No plan for now", text, is_planning=False)


def _now(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> NowView | None:
    slot = status.current
    if plan is None or slot is None:
        return None
    ahead = [each for each in plan.schedule if each.slot_start >= slot.slot_start]
    change = next((each for each in ahead if action(each) != action(slot)), None)
    end = words.when(change.slot_start if change else ahead[-1].slot_end, status.now, zone)
    soc, soc_note = _battery(slot, status, zone)
    return NowView(
        action=action(slot),
        word=slot.classification,
        until=f"until {end}",
        why=words.plain(slot.reason_text),
        soc=soc,
        soc_note=soc_note,
        price=words.number(slot.import_price_per_kwh),
        price_unit=f"{status.currency}/kWh",
        price_note=f"selling brings {words.number(slot.export_price_per_kwh)}",
        following=(
            f"at {words.when(change.slot_start, status.now, zone)}: {action(change).lower()}"
            if change
            else f"No change until {end}, where the known prices end"
        ),
    )


def _battery(slot: SlotOut, status: StatusOut, zone: ZoneInfo) -> tuple[str, str]:
    """Return the charge level and its note; a level that nobody has seen is not a number."""
    if any(each.name == "soc" and each.quality == Quality.MISSING for each in status.inputs):
        return "unknown", f"planned as if {slot.soc_projected:.0f} %"
    at = words.hhmm(slot.slot_end, zone)
    return f"{slot.soc_projected:.0f} %", f"at {at}, target {slot.soc_target:.0f} %"


def _kpis(
    plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo
) -> tuple[tuple[str, str, str], ...]:
    """Return (label, value, note) of the key figures."""
    if plan is None or status.current is None:
        return ()
    meta, today = plan.meta, status.now.astimezone(zone).date()
    left = [
        slot
        for slot in plan.schedule
        if slot.slot_end > status.now and slot.slot_start.astimezone(zone).date() == today
    ]
    span = round((meta.horizon_end - meta.horizon_start).total_seconds() / 3600)
    saved = meta.cost_do_nothing - meta.cost
    planned = meta.cost_self_consumption - meta.cost
    sun, water = (
        sum(s.planned_pv_kwh for s in left),
        sum(s.water_kw for s in left) * SLOT_HOURS,
    )
    return (
        ("Planned cost", f"{words.number(meta.cost)} {meta.currency}", f"for {span} h, net"),
        ("Saves", f"{words.number(saved)} {meta.currency}", "against an idle battery"),
        ("By planning", f"{words.number(planned)} {meta.currency}", "against only storing sun"),
        *_optimality(meta),
        ("Sun today", f"{sun:.1f} kWh", "still to come"),
        ("Hot water today", f"{water:.1f} kWh", "still to heat"),
    )


def _optimality(meta: PlanMeta) -> tuple[tuple[str, str, str], ...]:
    """Return how near the plan comes to the best possible one; nothing for an older plan."""
    if meta.cost_best is None or meta.optimality_percent is None:
        return ()
    missed = words.number(meta.cost - meta.cost_best)
    note = "nothing left to gain"
    if missed != words.number(0):
        note = f"{missed} {meta.currency} from the best"
    return (("Optimality", f"{words.number(meta.optimality_percent, 0)} %", note),)


def _input(each: InputOut, now: datetime) -> InputView:
    age = words.ago(now - each.issued_at) if each.issued_at else ""
    published = "published " if each.name == "prices" else ""
    return InputView(
        name=words.sentence(words.name(each.name)).rstrip("."),
        quality=each.quality.value,
        quality_text=words.QUALITIES[each.quality.value],
        source=f"{each.source}, {published}{age}" if age else each.source,
        detail=words.sentence(each.detail),
    )


def _meta(
    plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    rows = [("Database", status.database)]
    for label, stamp in (("Local plan", status.local_plan), ("Server plan", status.server_plan)):
        text = "none"
        if stamp:
            made = words.when(stamp.planned_at, status.now, zone)
            text = f"{made}, run {stamp.plan_run_id}, version {stamp.planner_version}"
        rows.append((label, text))
    if plan:
        rows += [
            ("Prices known until", words.when(plan.meta.horizon_end, status.now, zone)),
            ("Engine", plan.meta.engine),
            ("Safety factor (S-index)", f"{plan.meta.s_index:.2f}"),
            *_money_rows(plan.meta),
            ("Run took", f"{plan.meta.duration_ms / 1000:.1f} s"),
        ]
    if status.job.next_run_at:
        due = words.coming(status.job.next_run_at, status.now, zone)
        rows.append(("Next run", due.removeprefix("at ")))
    return tuple(rows)


def _money_rows(meta: PlanMeta) -> tuple[tuple[str, str], ...]:
    """Return what the owner's smoothing costs, and what energy left at the end is worth."""
    rows = (
        ("Smoothing costs", meta.smoothing_cost, meta.currency),
        ("Energy left at the end", meta.terminal_value_per_kwh, f"{meta.currency}/kWh, estimated"),
    )
    return tuple((name, f"{words.number(v)} {unit}") for name, v, unit in rows if v is not None)
