"""The sensor doctor's report, formatted for people."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.doctor.checks.report import Connection, EntityReport, Finding, Report, Verdict
from app.wording import words
from app.wording.i18n import _, marked, ngettext
from app.wording.told import told

VERDICTS: Final = {
    Verdict.GREEN: marked("well"),
    Verdict.GREY: marked("not judged"),
    Verdict.AMBER: marked("look at it"),
    Verdict.RED: marked("mend it"),
}
_CHECKS: Final = {
    "state": marked("Value"),
    "unit": marked("Unit"),
    "scale": marked("Scale"),
    "sign": marked("Sign"),
    "frozen": marked("Standstill"),
    "silent": marked("Silence"),
    "gaps": marked("Gaps"),
    "history": marked("History"),
    "resets": marked("Resets"),
    "midnight": marked("Midnight"),
    "statistics": marked("Statistics"),
    "home_balance": marked("The home's books"),
    "battery_balance": marked("The battery's books"),
    "efficiency": marked("Efficiency"),
}
_TITLES: Final = {
    Connection.UNAUTHORIZED: marked("Home Assistant refuses the token"),
    Connection.FORBIDDEN: marked("Home Assistant keeps this machine out"),
    Connection.WRONG_ADDRESS: marked("No Home Assistant at this address"),
    Connection.UNREACHABLE: marked("Home Assistant does not answer"),
    Connection.NOT_CONFIGURED: marked("No Home Assistant yet"),
}


# A setting, perhaps with the value to write, an entity, a file.
_NAME: Final = re.compile(r"((?:[a-z]\w*\.)+[a-z]\w*(?:: [a-z0-9]+(?:\.[0-9]+)?)?)")
_UNIT: Final = re.compile(r"(\d) (%|kWh|kWp|kW|Wh|W|h|min|°C)(?!\w)")
"""A number stays beside its unit."""
Parts = tuple[tuple[str, bool], ...]
"""A text in pieces; True marks a name that has to be typed as it is."""


@dataclass(frozen=True, slots=True)
class FindingView:
    """One check."""

    name: str
    verdict: str
    proof: str
    fix: Parts


@dataclass(frozen=True, slots=True)
class EntityView:
    """One entity or balance: what is to be done stands first, what is well can be opened."""

    name: str
    entity_id: str
    reading: str
    verdict: str
    verdict_text: str
    faults: tuple[FindingView, ...]
    passed: str
    well: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class DoctorView:
    """Everything ``_doctor.html`` may use."""

    verdict: str
    title: str
    summary: str
    fix: Parts
    at: str
    entities: tuple[EntityView, ...]


def doctor_view(report: Report, now: datetime, zone: ZoneInfo) -> DoctorView:
    """Build the view; entities to mend come first, the rest keeps its order."""
    order = list(Verdict)
    entities = sorted(report.entities, key=lambda each: -order.index(each.verdict))
    balances = (_balance(each) for each in report.balances)
    return DoctorView(
        verdict=report.verdict.value,
        title=_title(report),
        summary=words.sentence(report.problem),
        fix=_parts(_capital(told(report.fix))),
        at=_("Examined at {time}: the 24 hours before.", time=words.when(report.end, now, zone)),
        entities=(*(_entity(each, now) for each in entities), *balances),
    )


def _title(report: Report) -> str:
    if title := _TITLES.get(report.connection):
        return _(title)
    if not report.entities:
        return _("No sensor is mapped yet")
    good = report.verdict in {Verdict.GREEN, Verdict.GREY}
    return _("All sensors are well") if good else words.sentence(report.summary).rstrip(".")


def _entity(each: EntityReport, now: datetime) -> EntityView:
    age = f", {words.ago(now - each.read_at)}" if each.read_at and each.reading else ""
    well = tuple(_finding(f) for f in each.findings if f.verdict is Verdict.GREEN)
    return EntityView(
        name=told(each.name),
        entity_id=each.entity_id,
        reading=f"{words.plain(each.reading)}{age}",
        verdict=each.verdict.value,
        verdict_text=_(VERDICTS[each.verdict]),
        faults=tuple(_finding(f) for f in each.findings if f.verdict is not Verdict.GREEN),
        passed=_passed(len(well)),
        well=well,
    )


def _passed(count: int) -> str:
    return ngettext("{number} check passed", "{number} checks passed", count) if count else ""


def _balance(finding: Finding) -> EntityView:
    shown = replace(_finding(finding), name="")
    return EntityView(
        name=_(_CHECKS[finding.check]),
        entity_id="",
        reading="",
        verdict=shown.verdict,
        verdict_text=_(VERDICTS[finding.verdict]),
        # One number is all there is: it is shown whatever it says.
        faults=(shown,),
        passed="",
        well=(),
    )


def _finding(finding: Finding) -> FindingView:
    name, grey = _(_CHECKS[finding.check]), finding.verdict is Verdict.GREY
    return FindingView(
        name=f"{name}, {_(VERDICTS[Verdict.GREY])}" if grey else name,
        verdict=finding.verdict.value,
        proof=_UNIT.sub("\\1\u00a0\\2", _capital(words.plain(finding.proof))),
        fix=_parts(_capital(told(finding.fix))),
    )


def _parts(text: str) -> Parts:
    """Set the names in a text apart."""
    pieces = _NAME.split(text)
    return tuple((piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece)


def _capital(text: str) -> str:
    """Return a sentence, unless it begins with a name that is written small."""
    head = text.split(" ", 1)[0]
    small = "_" in head or "." in head
    return f"{text if small else text[:1].upper() + text[1:]}." if text else ""
