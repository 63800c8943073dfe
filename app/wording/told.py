"""What other parts of the service said in English, in the language in force.

Planner, ingest and doctor know of no language, and what they say is stored, logged and served as it
is. A page finds the message that a sentence was made from, takes out its ``{names}`` and says it
anew. What no message fits, such as the words of a foreign server, stays as it is, and with it all
that was said in one breath: half a sentence in each language helps nobody.
"""

import re
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from app.wording import i18n, told_doctor, told_inputs, told_settings
from app.wording.i18n import _, marked

_NAMED: Final = re.compile(r"\{(\w+)\}")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")
_WORDED_DAY: Final = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}")
# What a name may stand for; what is not here is anything but another sentence.
_KINDS: Final = {
    "day": r"\d{4}-\d\d-\d\d|\d{1,2} [A-Z][a-z]+ \d{4}",
    "source": r"(?:(?!; |: |, ).)+?",
}
_ANYTHING: Final = r"(?:(?!; ).)+?"
# A setting or an entity: it is the same in every language.
_NAME: Final = re.compile(r"[a-z]\w*(?:\.\w+)+")
# A word that is English rather than a name, a number or a unit.
_PROSE: Final = re.compile(r"(?!(?:k?W|k?Wh|min|ms|h|s|d|m|km)$)[a-z][a-z'\u2019]*[a-z][:,.]?")
_JOINTS: Final = {", ": ", ", " and ": marked(" and "), " or ": marked(" or ")}


def told(text: str) -> str:
    """Return what was said, sentence by sentence, in the language in force."""
    if i18n.language() == i18n.SOURCE or not text:
        return text
    return _told(i18n.language(), text)


def is_told(text: str) -> bool:
    """Say whether ``told`` says all of a text in the language in force."""
    return i18n.language() == i18n.SOURCE or not text or _whole(text) is not None


@lru_cache(maxsize=1000)
def _told(_language: str, text: str) -> str:
    said = _whole(text)
    return text if said is None else said


def _whole(text: str) -> str | None:
    """Return all of a text in the language in force; None where a part of it stays English."""
    if (said := _part(text)) is not None:
        return said
    parts = [_part(part) or _neutral(part) for part in text.split("; ")]
    return None if None in parts else "; ".join(part for part in parts if part is not None)


def _neutral(text: str) -> str | None:
    """Return a text that is the same in every language: names, numbers, one word of somebody's."""
    words = text.split()
    prose = [word for word in words if _PROSE.fullmatch(word)]
    return None if prose and len(words) > 1 else text


def _part(text: str) -> str | None:
    """Return a message, a list of messages, a number, a day or a name; else None."""
    for say in (_list, _message, _number, _day):
        if (said := say(text)) is not None:
            return said
    return text if _NAME.fullmatch(text) else None


def _message(text: str) -> str | None:
    for message, pattern in _patterns():
        if found := pattern.fullmatch(text):
            given = {
                name: _part(part) or _neutral(part) for name, part in found.groupdict().items()
            }
            if None not in given.values():
                return _(message, **given)
    return None


def _list(text: str) -> str | None:
    for joint, between in _JOINTS.items():
        if joint in text:
            said = [_part(part) for part in text.split(joint)]
            if None not in said:
                return _(between).join(filter(None, said))
    return None


def _number(text: str) -> str | None:
    return text.replace(".", i18n.decimal_mark()) if _NUMBER.fullmatch(text) else None


def _day(text: str) -> str | None:
    if not _WORDED_DAY.fullmatch(text):
        return None
    day = datetime.strptime(text, "%d %B %Y")  # noqa: DTZ007 - a day has no zone
    return i18n.dated(day, "d MMMM yyyy")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the messages with what finds them, the most particular first."""
    texts = {*told_inputs.TEXTS, *told_doctor.TEXTS, *told_settings.TEXTS}
    ordered = sorted(texts, key=lambda text: (-len(_NAMED.sub("", text)), text))
    return tuple((text, _pattern(text)) for text in ordered)


def _pattern(message: str) -> re.Pattern[str]:
    """Return what matches a message with anything but another sentence for its names."""
    pieces = _NAMED.split(message)
    return re.compile(
        "".join(
            f"(?P<{piece}>{_KINDS.get(piece, _ANYTHING)})" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
    )
