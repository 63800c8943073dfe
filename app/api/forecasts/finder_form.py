"""The form of the best-time finder as it is sent: read, and its errors put to their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.api.forecasts.finder_schemas import MAX_HOURS, BestTimeQuery
from app.core.clock import iso_utc
from app.settings import Appliance
from app.wording import i18n, words
from app.wording.i18n import _, marked

FIELDS: Final = ("kwh", "hours", "power_kw", "before", "name")
STARTS: Final = 3
_NUMBERS: Final = ("kwh", "hours", "power_kw")
_AHEAD_HOURS: Final = 36
# Typical runs: EU energy labels of middling appliances, and a car on a 16 A phase.
_PRESETS: Final = (
    (marked("Dishwasher"), {"kwh": "0.9", "hours": "3"}),
    (marked("Washing machine"), {"kwh": "0.8", "hours": "2"}),
    (marked("Tumble dryer"), {"kwh": "1.8", "hours": "2.5"}),
    (marked("Car, 10 kWh"), {"kwh": "10", "power_kw": "3.6"}),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A typical appliance: its name, what it takes, and the address that asks for it."""

    name: str
    text: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FormView:
    """The form: what stands in its fields, what is wrong by field, what can be chosen."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    presets: tuple[Preset, ...]
    latest: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]  # day, (instant, time)


class FinderFormError(Exception):
    """The form cannot be taken as it is: what is wrong, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep the sentences."""
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def is_asked(sent: Mapping[str, str]) -> bool:
    """Tell whether anything was asked, or the page merely opened."""
    return any(sent.get(name, "").strip() for name in ("kwh", "hours", "power_kw"))


def query_of(sent: Mapping[str, str]) -> BestTimeQuery:
    """Return the question; raises ``FinderFormError``. A decimal comma is as good as a point."""
    values: dict[str, Any] = {name: sent.get(name, "").strip() or None for name in FIELDS}
    for name in _NUMBERS:
        values[name] = None if values[name] is None else values[name].replace(",", ".")
    if values["name"] is None:
        values["name"] = ""
    if values["hours"] is None and values["power_kw"] is None:
        missing = {"hours": _("Say how many hours it runs, or how many kW it draws.")}
        raise FinderFormError(missing | ({} if values["kwh"] else _wrong("kwh")))
    if values["hours"] is not None and values["power_kw"] is not None:
        raise FinderFormError({"power_kw": _("Give the hours or the kW, not both.")})
    try:
        return BestTimeQuery.model_validate({**values, "count": STARTS})
    except ValidationError as error:
        found: dict[str, str] = {}
        for each in error.errors():
            found |= _wrong(str(each["loc"][0]) if each["loc"] else "power_kw")
        raise FinderFormError(found) from None


def _wrong(name: str) -> dict[str, str]:
    """Return what is asked for in a field, for one that holds something else."""
    sentences = {
        "kwh": _("How much it takes, in kWh: a number above 0, at most 1000."),
        "hours": _("How long it runs, in hours: a number from 0.05 to {most}.", most=MAX_HOURS),
        "power_kw": _(
            "What it draws, in kW: a number above 0 that brings the run to {most} hours at most.",
            most=MAX_HOURS,
        ),
        "before": _("Choose one of the times in the list."),
        "name": _("A name on one line, at most 60 characters."),
    }
    return {name: sentences[name]}


def calendar_address(query: BestTimeQuery) -> str:
    """Return where the calendar of the same question is."""
    asked = query.model_dump(exclude={"count", "after"}, exclude_none=True)
    if query.before is not None:
        asked["before"] = iso_utc(query.before)
    if not query.name:
        asked.pop("name")
    return f"/api/best_time.ics?{urlencode(asked)}"


def form_view(
    sent: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    own: Sequence[Appliance],
    now: datetime,
    zone: ZoneInfo,
) -> FormView:
    """Return the form as it was sent, or empty; ``own`` appliances stand in place of typical ones.

    What an appliance of one's own takes is left to be written where it is not known.
    """
    mine = [(each.name, _takes(each)) for each in own]
    typical = [(_(name), takes) for name, takes in _PRESETS]
    values = {name: sent.get(name, "").strip() for name in FIELDS}
    return FormView(
        values=values,
        errors=errors,
        presets=tuple(_preset(name, takes, values) for name, takes in mine or typical),
        latest=_times(now, zone),
    )


def _preset(name: str, takes: Mapping[str, str], values: Mapping[str, str]) -> Preset:
    if "power_kw" in takes:
        text = _("at {kw} kW", kw=_short(takes["power_kw"]))
    elif "kwh" in takes:
        kwh, hours = _short(takes["kwh"]), _short(takes["hours"])
        text = _("{kwh} kWh in {hours} h", kwh=kwh, hours=hours)
    else:
        text = _("{hours} h", hours=_short(takes["hours"]))
    query = urlencode({**takes, "name": name, "before": values["before"]})
    is_chosen = all(values[each] == takes.get(each, "") for each in _NUMBERS)
    return Preset(name, text, query, is_chosen)


def _takes(each: Appliance) -> dict[str, str]:
    given = {"kwh": each.kwh, "hours": each.hours}
    return {name: f"{value:g}" for name, value in given.items() if value is not None}


def _short(number: str) -> str:
    return words.number(float(number), 1 if "." in number else 0)


def _times(now: datetime, zone: ZoneInfo) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the full hours ahead, by local day."""
    days: dict[str, list[tuple[str, str]]] = {}
    first = now.replace(minute=0, second=0, microsecond=0)
    for ahead in range(1, _AHEAD_HOURS + 1):
        at = first + timedelta(hours=ahead)
        day = i18n.dated(at.astimezone(zone), "EEEE d MMMM")
        days.setdefault(day, []).append((iso_utc(at), words.hhmm(at, zone)))
    return tuple((day, tuple(times)) for day, times in days.items())
