"""The language of the pages: which one a request gets, its words, its numbers and dates.

Messages are English in the source, marked with ``_``; ``locales/LANGUAGE.po`` has the others. What
the REST interface and the logs say stays English: programs read it.
"""

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from string import Formatter
from typing import Any, Final, NamedTuple

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol

from app.core.shipped import SHIPPED

SOURCE: Final = "en"
LANGUAGES: Final = {SOURCE: "English", "sv": "Svenska"}
# What a browser that asks for none of ours gets.
_FALLBACK: Final = SOURCE
_language: ContextVar[str] = ContextVar("language", default=SOURCE)


def language() -> str:
    """Return the language in force, a key of ``LANGUAGES``."""
    return _language.get()


def choose(chosen: str, accept_language: str = "") -> None:
    """Set the language for what follows in this task.

    ``chosen`` is a key of ``LANGUAGES`` or ``auto``: then the browser's first of ours counts.
    """
    _language.set(chosen if chosen in LANGUAGES else _negotiated(accept_language))


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Use a language inside the block only."""
    token = _language.set(chosen)
    try:
        yield
    finally:
        _language.reset(token)


def _negotiated(accept_language: str) -> str:
    """Return the language with the highest weight (RFC 9110, 12.5.4) among ours."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    best = sorted(wanted, key=lambda each: -each[0])
    return next((tag for weight, tag in best if tag in LANGUAGES and weight > 0), _FALLBACK)


def _(message: str, **params: object) -> str:
    """Return a message in the language in force, its ``{names}`` filled in."""
    text = catalogue(language()).gettext(message) if message else ""
    return _FORMATTER.vformat(text, (), params) if params else text


def ngettext(one: str, many: str, number: int, **params: object) -> str:
    """Return the form of a message that goes with a number; ``{number}`` is the number itself."""
    text = catalogue(language()).ngettext(one, many, number)
    return _FORMATTER.vformat(text, (), {"number": number, **params})


def marked(message: str) -> str:
    """Mark a message for the translators where it is defined; ``_`` translates it later."""
    return message


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Return the messages of a language; English ones are those of the source."""
    if code == SOURCE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with (SHIPPED / "locales" / f"{code}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _locale(code: str) -> Locale:
    # British rather than American: days come before months, and clocks have 24 hours.
    return Locale.parse("en_GB" if code == SOURCE else code)


def decimal_mark() -> str:
    """Return what stands between whole and fraction in the language in force."""
    return get_decimal_symbol(_locale(language()))


def dated(day: date | datetime, pattern: str) -> str:
    """Return a date by a CLDR pattern, such as ``EEEE d MMMM`` or ``EEE d MMM``."""
    return format_date(day, pattern, locale=_locale(language()))


class Span(NamedTuple):
    """A number that runs from one to another: told once where both read alike."""

    low: float
    high: float


class _Localised(Formatter):
    """``str.format`` with the language's decimal mark, true minus signs and weekday names."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Span):
            first, last = (self.format_field(each, format_spec) for each in value)
            if first == last:
                return first
            # With a minus sign in front, a dash between two numbers reads as a third one.
            low = value.low < 0
            return _("{low} to {high}", low=first, high=last) if low else f"{first}\u2013{last}"
        if isinstance(value, date) and format_spec == "%A":
            return dated(value, "EEEE")
        text: str = super().format_field(value, format_spec)
        if isinstance(value, float):
            return text.replace(".", decimal_mark()).replace("-", "\u2212")
        return text


_FORMATTER: Final = _Localised()


def filled(text: str, params: dict[str, Any]) -> str:
    """Fill in ``{names}`` with numbers and days as the language in force writes them."""
    return _FORMATTER.vformat(text, (), params)
