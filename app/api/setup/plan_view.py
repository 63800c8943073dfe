"""The last step: what is set up, what is still estimated or sample, and what the plan is worth."""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from app.api.web import views
from app.core.provenance import AFTER_THE_HORIZON, Quality
from app.doctor.checks.roles import mapped
from app.service.schemas.plan import PlanMeta, ScheduleOut, StatusOut
from app.settings import Settings
from app.wording import words
from app.wording.i18n import _, ngettext

_MADE: Final = frozenset({"ok", "degraded"})


@dataclass(frozen=True, slots=True)
class FactView:
    """One line of the summary and the step that changes it."""

    name: str
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """How the run ended: in words, and in money where there is a plan."""

    is_good: bool
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything ``setup_plan.html`` may use."""

    facts: tuple[FactView, ...]
    inputs: tuple[tuple[str, str, str], ...]
    inputs_note: str
    is_demo: bool
    outcome: OutcomeView | None
    problem: str


def plan_view(
    settings: Settings,
    plan: ScheduleOut | None,
    status: StatusOut,
    *,
    is_made: bool,
    problem: str = "",
) -> PlanView:
    """Return the page; ``is_made`` after the button."""
    weak = [each for each in status.inputs if each.name != AFTER_THE_HORIZON]
    weak = [each for each in weak if each.quality != Quality.LIVE]
    return PlanView(
        facts=tuple(_facts(settings)),
        inputs=tuple(
            (words.name(each.name), each.quality, _(words.QUALITIES[each.quality]))
            for each in (weak if plan else [])
        ),
        inputs_note=_inputs_note(plan, len(weak)),
        is_demo=settings.is_demo,
        outcome=_outcome(plan, status) if is_made and not problem else None,
        problem=problem,
    )


def _inputs_note(plan: ScheduleOut | None, weak: int) -> str:
    if plan is None:
        return _("There is no plan yet: what is live and what is estimated shows after it.")
    if not weak:
        return _("Everything the last plan was made from is live.")
    return _("In the last plan these were not live:")


def _facts(settings: Settings) -> list[FactView]:
    place, prices, tariff = settings.location, settings.nordpool, settings.tariff
    taxes = _("published taxes") if tariff.pack else _("own figures for taxes")
    where = f"{words.number(place.latitude)}, {words.number(place.longitude)}"
    price = f"{prices.price_area}, {prices.currency}, {taxes}"
    return [
        FactView(_("Place"), f"{where} · {settings.timezone}", "/setup/place"),
        FactView(_("Price"), price, "/setup/place"),
        FactView(_("Battery"), _battery(settings), "/setup/battery"),
        FactView(_("Hot water"), _water(settings), "/setup/water"),
        FactView(_("Sun"), _sun(settings), "/setup/sun"),
        FactView(_("Sensors"), _sensors(settings), "/setup/home-assistant"),
    ]


def _battery(settings: Settings) -> str:
    battery = settings.battery
    if not battery.capacity_kwh:
        return _("none")
    return _(
        "{capacity} kWh, used between {low} and {high} %, {power} kW",
        capacity=_short(battery.capacity_kwh),
        low=_short(battery.min_soc_percent),
        high=_short(battery.max_soc_percent),
        power=_short(battery.max_charge_kw),
    )


def _water(settings: Settings) -> str:
    water = settings.water_heating
    if not water.power_kw:
        return _("none")
    return _(
        "{power} kW, {energy} kWh a day",
        power=_short(water.power_kw),
        energy=_short(water.min_kwh_per_day),
    )


def _sun(settings: Settings) -> str:
    arrays = settings.solar_arrays
    peak_kwp = sum(each.peak_power_kwp for each in arrays)
    if not peak_kwp:
        return _("none")
    roofs = ngettext("{number} roof", "{number} roofs", len(arrays))
    return f"{_short(peak_kwp)} kWp, {roofs}"


def _sensors(settings: Settings) -> str:
    if not settings.home_assistant.url:
        return _("not connected; Darkstar estimates")
    count = len(mapped(settings))
    sensors = ngettext("{number} sensor", "{number} sensors", count)
    return f"{settings.home_assistant.url}, {sensors}"


def _outcome(plan: ScheduleOut | None, status: StatusOut) -> OutcomeView:
    if plan is None or status.job.last_outcome not in _MADE:
        why = words.sentence(status.job.last_error) if status.job.last_error else ""
        return OutcomeView(
            is_good=False,
            title=_("No plan could be made."),
            lines=tuple(filter(None, (why, _("Mend it with the steps above, then try again.")))),
        )
    now, meta = views.now_card(plan, status), plan.meta
    until = words.when(meta.horizon_end, status.now, ZoneInfo(status.timezone))
    lines = [f"{now.action}, {now.until}. {now.why}" if now else "", _money(meta, until)]
    return OutcomeView(
        is_good=True, title=_("Your plan is in force."), lines=tuple(filter(None, lines))
    )


def _money(meta: PlanMeta, until: str) -> str:
    """Say what the plan costs, or earns, against doing nothing."""
    texts = {
        (False, False): _("Until {until} it costs {cost}; doing nothing would cost {idle}."),
        (True, False): _("Until {until} it earns {cost}; doing nothing would cost {idle}."),
        (True, True): _("Until {until} it earns {cost}; doing nothing would earn {idle}."),
        (False, True): _("Until {until} it costs {cost}; doing nothing would earn {idle}."),
    }
    said = texts[meta.cost < 0, meta.cost_do_nothing < 0].format(
        until=until,
        cost=f"{words.number(abs(meta.cost))} {meta.currency}",
        idle=f"{words.number(abs(meta.cost_do_nothing))} {meta.currency}",
    )
    saving = meta.cost_do_nothing - meta.cost
    gain = _("That is {saving} better.", saving=f"{words.number(saving)} {meta.currency}")
    return f"{said} {gain}" if saving > 0 else said


def _short(value: float) -> str:
    return words.number(value, 0 if float(value).is_integer() else 1)
