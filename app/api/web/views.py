"""What the templates may use: frozen, already formatted for people, in the home's time zone."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.api.web.banners import Banner, banners
from app.api.web.chart_view import ChartView, chart
from app.api.web.inputs_view import InputView, input_view
from app.api.web.plan_blocks import BlocksView, action, blocks, why
from app.api.web.run_facts import run_facts
from app.core.provenance import Quality
from app.service.safe_default import WHAT_IT_MEANS
from app.service.schemas.plan import ScheduleOut, SlotOut, StatusOut
from app.wording import words
from app.wording.i18n import _, marked

STATES = {
    "ok": marked("Plan in force"),
    "degraded": marked("Plan with limits"),
    "stale": marked("Plan is old"),
    "held": marked("Last plan kept"),
    "safe": marked("Safe default"),
    "none": marked("No plan yet"),
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
class PageView:
    """Everything the page shows."""

    state: str
    state_text: str
    zone: str
    clock: str
    version: str
    access: str
    banners: tuple[Banner, ...]
    now: NowView | None
    empty: EmptyView
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
        state_text=_(STATES[status.state]),
        zone=status.timezone,
        clock=f"{local:%a %-d %b, %H:%M} {local.tzname()}",
        version=status.version,
        access=status.access,
        banners=banners(plan, status, zone),
        now=now_card(plan, status),
        empty=_empty(status, zone),
        chart=chart(plan, status, zone),
        blocks=blocks(plan, status.now, zone),
        units=(f"{status.currency}/kWh", status.currency),
        inputs=tuple(input_view(each, status.now) for each in status.inputs),
        inputs_note=_("As of the plan made at {time}.", time=made) if made else "",
        meta=run_facts(plan, status, zone),
    )


def _empty(status: StatusOut, zone: ZoneInfo) -> EmptyView:
    if status.state != "safe" and (status.job.running or status.job.last_outcome == "none"):
        text = _(
            "Darkstar is collecting prices, weather and the state of the home. "
            "The plan shows here in a few seconds."
        )
        return EmptyView(_("Making the first plan"), text, is_planning=True)
    is_safe = status.state == "safe"
    sentences = [
        _(WHAT_IT_MEANS)
        if is_safe
        else _("The first plan appears here as soon as the database answers and prices are known.")
    ]
    if status.job.next_run_at:
        due = words.coming(status.job.next_run_at, status.now, zone)
        sentences.append(_("Darkstar tries again {due}.", due=due))
    sentences.append(_("Run planner tries at once."))
    title = _("Only the home's own sun") if is_safe else _("No plan for now")
    return EmptyView(title, " ".join(sentences), is_planning=False)


def now_card(plan: ScheduleOut | None, status: StatusOut) -> NowView | None:
    """Say what happens now, why, and what follows; None where no plan covers this instant."""
    slot, zone = status.current, ZoneInfo(status.timezone)
    if plan is None or slot is None:
        return None
    ahead = [each for each in plan.schedule if each.slot_start >= slot.slot_start]
    change = next((each for each in ahead if action(each) != action(slot)), None)
    end = words.when(change.slot_start if change else ahead[-1].slot_end, status.now, zone)
    soc, soc_note = _battery(slot, status, zone)
    return NowView(
        action=action(slot),
        word=slot.classification,
        until=_("until {time}", time=end),
        why=why(slot),
        soc=soc,
        soc_note=soc_note,
        price=words.number(slot.import_price_per_kwh),
        price_unit=f"{status.currency}/kWh",
        price_note=_("selling brings {price}", price=words.number(slot.export_price_per_kwh)),
        following=(
            _("at {time}: {action}", time=end, action=action(change).lower())
            if change
            else _("No change until {time}, where the known prices end", time=end)
        ),
    )


def _battery(slot: SlotOut, status: StatusOut, zone: ZoneInfo) -> tuple[str, str]:
    """Return the charge level and its note; a level that nobody has seen is not a number."""
    if any(each.name == "soc" and each.quality == Quality.MISSING for each in status.inputs):
        return _("unknown"), _("planned as if {percent} %", percent=round(slot.soc_projected))
    note = _(
        "at {time}, target {percent} %",
        time=words.hhmm(slot.slot_end, zone),
        percent=round(slot.soc_target),
    )
    return words.amount(slot.soc_projected, "%"), note
