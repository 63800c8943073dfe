"""How the pages say names, times and money: no internal name, no ISO date, no raw exception."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NAMES = {
    "prices": "prices",
    "pv": "sun forecast",
    "load": "consumption",
    "soc": "battery level",
    "water_today": "hot water",
    "temperature": "temperature",
    "prices_after_the_horizon": "prices after the horizon",
}
QUALITIES = {
    "live": "live",
    "cached": "last known",
    "estimated": "estimated",
    "sample": "sample",
    "missing": "missing",
}
_CODE = re.compile(r"^[a-z]+(?:_[a-z]+)+: ")
_MANUAL = re.compile(r"^manual_(\w+?)_not_possible: ")
_ERRNO = re.compile(r"\[Errno \d+\] ")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EXCEPTION = re.compile(r" \(\w+(?:Error|Timeout)\)")
_NEGATIVE = re.compile(r"(?<![\w.\u2013-])-(?=\d)")
_INPUT = re.compile(rf"^({'|'.join(NAMES)}) is ")


def plain(text: str) -> str:
    """Return a message without codes, internal names and ISO dates."""
    text = _MANUAL.sub(r"your manual \1: ", text.replace("water_short: ", "hot water: "))
    text = _INPUT.sub(lambda found: f"{NAMES[found[1]]} is ", _CODE.sub("", text))
    text = _DATE.sub(lambda found: f"{date.fromisoformat(found[0]):%A}", text)
    return _NEGATIVE.sub("\u2212", _EXCEPTION.sub("", _ERRNO.sub("", text)))


def sentence(text: str) -> str:
    """Return a message as a sentence: capital first, full stop last."""
    text = plain(text).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def name(key: str) -> str:
    """Return what people call an input."""
    return NAMES.get(key, key.replace("_", " "))


def listed(words: list[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def number(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign, never a negative zero, thousands set apart."""
    text = f"{value:,.{digits}f}".replace(",", "\u202f")
    return text.replace("-", "\u2212") if float(f"{value:.{digits}f}") else text.lstrip("-")


def between(low: float, high: float, digits: int = 2) -> str:
    """Return a range, or one number where both ends read the same."""
    first, last = number(low, digits), number(high, digits)
    if first == last:
        return first
    # With a minus sign in front, a dash between two numbers reads as a third one.
    return f"{first} to {last}" if low < 0 else f"{first}\u2013{last}"


def hhmm(instant: datetime, zone: ZoneInfo) -> str:
    """Return the local time, with its zone's name in the hour that comes twice."""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the local time and, unless it is today, the day; the day's end is midnight."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if local.hour == local.minute == 0 and days > 0:
        day = local.date() - timedelta(days=1)
        return "midnight" if days == 1 else f"midnight on {day:%A}"
    if not days:
        return hhmm(instant, zone)
    return f"{hhmm(instant, zone)} {_DAYS.get(days, f'on {local:%A %-d %B}')}"


def coming(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say when something is due; a clock without seconds cannot say what is that near."""
    near = instant - now < timedelta(minutes=1)
    return "in a few seconds" if near else f"at {when(instant, now, zone)}"


_DAYS = {-1: "yesterday", 1: "tomorrow"}


def ago(age: timedelta) -> str:
    """Return an age in the unit that suits it."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"  # noqa: PLR2004
