"""The chart in words: for those who do not see it, and for browsers without scripts."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.core.provenance import Quality
from app.service.schemas.plan import ScheduleOut, SlotOut, StatusOut
from app.wording import words
from app.wording.i18n import _, marked

_DRAWN = {"prices", "pv", "load", "soc"}
_FEW = 2
_BADGES = {
    Quality.ESTIMATED: marked("estimated {data}"),
    Quality.SAMPLE: marked("sample {data}"),
    Quality.MISSING: marked("missing {data}"),
}


@dataclass(frozen=True, slots=True)
class ChartView:
    """The chart in words; ``run`` tells the browser which plan to draw, empty when there is none.

    ``badges`` are (quality, text) of what is drawn but was not measured or published.
    """

    run: str
    summary: str
    badges: tuple[tuple[str, str], ...]


def chart(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> ChartView:
    """Return the chart's words; without a slot ahead there is nothing to draw."""
    ahead = [s for s in plan.schedule if s.slot_end > status.now] if plan else []
    if plan is None or not ahead:
        return ChartView("", _("Nothing to draw: there is no plan yet."), ())
    return ChartView(
        run=f"{plan.meta.plan_run_id}",
        summary=_summary(ahead, status, zone),
        badges=_badges(plan),
    )


def _badges(plan: ScheduleOut) -> tuple[tuple[str, str], ...]:
    """Return one badge per quality below live; more than two names are just "data"."""
    names: dict[Quality, list[str]] = {}
    for each in plan.meta.inputs:
        if each.name in _DRAWN and each.quality not in {Quality.LIVE, Quality.CACHED}:
            names.setdefault(each.quality, []).append(words.name(each.name))
    return tuple(
        (
            quality.value,
            _(_BADGES[quality], data=words.listed(found) if len(found) <= _FEW else _("data")),
        )
        for quality, found in names.items()
    )


def _summary(ahead: list[SlotOut], status: StatusOut, zone: ZoneInfo) -> str:
    """Say in a few sentences what the chart shows from now on."""

    def at(instant: datetime) -> str:
        return words.when(instant, status.now, zone)

    low = min(ahead, key=lambda slot: slot.import_price_per_kwh)
    high = max(ahead, key=lambda slot: slot.import_price_per_kwh)
    empty = min(ahead, key=lambda slot: slot.soc_projected)
    full = max(ahead, key=lambda slot: slot.soc_projected)
    unit = f"{status.currency}/kWh"
    prices = _(
        "Until {end}: the price is lowest at {low_at} ({low} {unit}) and highest at {high_at} "
        "({high}).",
        end=at(ahead[-1].slot_end),
        low_at=at(low.slot_start),
        low=words.number(low.import_price_per_kwh),
        unit=unit,
        high_at=at(high.slot_start),
        high=words.number(high.import_price_per_kwh),
    )
    fullest, emptiest = (round(each.soc_projected) for each in (full, empty))
    if fullest == emptiest:
        battery = _("The battery stays at {percent} %.", percent=fullest)
    else:
        battery = _(
            "The battery is fullest at {full_at} ({full} %), emptiest at {empty_at} ({empty} %).",
            full_at=at(full.slot_end),
            full=fullest,
            empty_at=at(empty.slot_end),
            empty=emptiest,
        )
    return f"{prices} {battery}"
