"""How the pages say names, times and money: no internal name, no ISO date, no raw exception."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core import clock
from app.wording import i18n, reason_texts
from app.wording.i18n import _, marked
from app.wording.told import is_told, told

NAMES = {
    "prices": marked("prices"),
    "pv": marked("sun forecast"),
    "load": marked("consumption"),
    "soc": marked("battery level"),
    "water_today": marked("hot water"),
    "temperature": marked("temperature"),
    "prices_after_the_horizon": marked("prices after the horizon"),
    "tariff": marked("tariff"),
}
QUALITIES = {
    "live": marked("live"),
    "cached": marked("last known"),
    "estimated": marked("estimated"),
    "sample": marked("sample"),
    "missing": marked("missing"),
}
_CODE = re.compile(r"^[a-z]+(?:_[a-z]+)+: ")
_MANUAL = re.compile(r"^manual_(\w+?)_not_possible: ")
_ERRNO = re.compile(r"\[Errno \d+\] ")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_EXCEPTION = re.compile(r" \(\w+(?:Error|Timeout)\)")
hhmm = clock.hhmm
_NEGATIVE = re.compile(r"(?<![\w.\u2013-])-(?=\d)")
_INPUT = re.compile(rf"^({'|'.join(NAMES)}) is ")


def plain(text: str) -> str:
    """Return a message without codes, internal names and ISO dates."""
    text = _MANUAL.sub(r"your manual \1: ", text.replace("water_short: ", "hot water: "))
    text = _INPUT.sub(lambda found: f"{NAMES[found[1]]} is ", _CODE.sub("", text))
    text = _EXCEPTION.sub("", _ERRNO.sub("", text))
    # A sentence that stays English has English days in it.
    with i18n.speaking(i18n.language() if is_told(text) else i18n.SOURCE):
        text = told(text)
        text = _DATE.sub(lambda found: i18n.dated(date.fromisoformat(found[0]), "EEEE"), text)
    return _NEGATIVE.sub("\u2212", text)


def sentence(text: str) -> str:
    """Return a message as a sentence: capital first, full stop last."""
    text = plain(text.rstrip(".")).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def timed_sentence(text: str, now: datetime, zone: ZoneInfo) -> str:
    """Return a message as a sentence, its UTC instants as people of the home say them."""
    local = _with_local_times(text, now, zone)
    if is_told(local.rstrip(".")):
        return sentence(local)
    with i18n.speaking(i18n.SOURCE):
        return sentence(_with_local_times(text, now, zone))


def _with_local_times(text: str, now: datetime, zone: ZoneInfo) -> str:
    return _INSTANT.sub(lambda found: when(datetime.fromisoformat(found[0]), now, zone), text)


def name(key: str) -> str:
    """Return what people call an input."""
    return _(NAMES[key]) if key in NAMES else key.replace("_", " ")


def listed(words: list[str]) -> str:
    """Return ``a, b and c``."""
    return f" {_('and')} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def number(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign, never a negative zero, thousands set apart."""
    text = f"{value:,.{digits}f}".replace(",", "\u202f").replace(".", i18n.decimal_mark())
    return text.replace("-", "\u2212") if round(value, digits) else text.lstrip("-")


def amount(value: float, unit: str, digits: int = 0) -> str:
    """Return a number with its unit."""
    return f"{number(value, digits)} {unit}"


def between(low: float, high: float, digits: int = 2) -> str:
    """Return a range, or one number where both ends read the same."""
    first, last = number(low, digits), number(high, digits)
    if first == last:
        return first
    # With a minus sign in front, a dash between two numbers reads as a third one.
    return _("{low} to {high}", low=first, high=last) if low < 0 else f"{first}\u2013{last}"


def when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the local time and, unless it is today, the day; the day's end is midnight."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if local.hour == local.minute == 0 and days > 0:
        day = local.date() - timedelta(days=1)
        if days == 1:
            return _("midnight")
        return _("midnight on {day}", day=i18n.dated(day, "EEEE"))
    if not days:
        return hhmm(instant, zone)
    at = hhmm(instant, zone)
    if days in _DAYS:
        return f"{at} {_(_DAYS[days])}"
    return _("{at} on {day}", at=at, day=i18n.dated(local, "EEEE d MMMM"))


def coming(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say in a sentence when something is due."""
    due = when(instant, now, zone)
    return _("in a few seconds") if _is_near(instant, now) else _("at {time}", time=due)


def due(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say in a table when something is due."""
    return _("in a few seconds") if _is_near(instant, now) else when(instant, now, zone)


def _is_near(instant: datetime, now: datetime) -> bool:
    """Tell what a clock without seconds cannot say."""
    return instant - now < timedelta(minutes=1)


_DAYS = {-1: marked("yesterday"), 1: marked("tomorrow")}


def ago(age: timedelta) -> str:
    """Return an age in the unit that suits it."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 120:  # noqa: PLR2004
        return _("{number} min ago", number=minutes)
    return _("{number} h ago", number=minutes // 60)


def reason(code: str, params: dict[str, Any], text: str, *, heats_water: bool) -> str:
    """Return why a slot does what it does, in the language in force; ``text`` is the stored one.

    A code that this version does not know, from an older or newer plan, is told as it was stored.
    """
    try:
        said = _reason(code, params)
        return f"{said} {_reason('water', params)}" if heats_water else said
    except (KeyError, ValueError, TypeError):
        return plain(text)


def reason_of_run(code: str, told: Sequence[dict[str, Any]], *, heats_water: bool) -> str:
    """Return why slots of one ``reason_shape`` do what they do, their figures as spans."""
    figures = _merged(told)
    said = _reason(code, told[0], figures)
    return f"{said} {_reason('water', told[0], figures)}" if heats_water else said


def reason_shape(code: str, params: dict[str, Any], *, heats_water: bool) -> tuple[str, ...]:
    """Return what two slots must share to be told in one sentence; one never told shares nothing.

    Codes and parameters of another version are told as they were stored, each by itself.
    """
    try:
        _reason(code, params)
        water = reason_texts.shape("water", params) if heats_water else ()
        return (code, *reason_texts.shape(code, params), *water)
    except (KeyError, ValueError, TypeError):
        return ()


def _merged(told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return numbers as spans and times as ranges; what is no number is the same in all."""
    figures = dict(told[0])
    for key, value in told[0].items():
        in_all = all(key in params for params in told)
        if in_all and isinstance(value, float | int) and not isinstance(value, bool):
            numbers = [float(params[key]) for params in told]
            figures[key] = i18n.Span(min(numbers), max(numbers))
    sales = [-params.get("export_price", 0.0) for params in told]
    figures["sale_cost"] = i18n.Span(min(sales), max(sales))
    for kept in ("use", "rebuy"):
        times = {params.get(f"{kept}_start", ""): params.get(f"{kept}_at") for params in told}
        if len(set(times.values())) > 1:
            figures[f"{kept}_at"] = f"{times[min(times)]}\u2013{times[max(times)]}"
    return figures


def _reason(code: str, params: dict[str, Any], figures: dict[str, Any] | None = None) -> str:
    return reason_texts.sentence(
        code, params, say=lambda text, given: i18n.filled(_(text), given), figures=figures
    )
