"""The whole examination: answers in, report out; pure, so it runs in a thread."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from app.core.clock import local_day, local_midnight
from app.doctor.checks import battery_balance, daily, home_balance, scale, signs, standstill
from app.doctor.checks import entity_day as checks
from app.doctor.checks.entity import WINDOW, Answer, Entity
from app.doctor.checks.flows import Flows
from app.doctor.checks.report import Connection, EntityReport, Finding, Report, State, Verdict
from app.settings import Settings

_STATE_FIXES = {
    State.MISSING: "correct the name in {setting}; Home Assistant lists entities under "
    "Developer tools, States",
    State.UNAVAILABLE: "its device or integration is offline: see Settings, Devices in "
    "Home Assistant",
    State.UNKNOWN: "it has had no value since Home Assistant started: wake the device, or see "
    "whether its integration needs a reload",
    State.INVALID: "map an entity whose state is a number to {setting}",
    State.NO_HISTORY: "include it in Home Assistant's recorder (recorder: include or exclude)",
    State.NOT_ASKED: "run the doctor again; Home Assistant answered others",
}


def diagnose(settings: Settings, answers: Sequence[Answer], *, now: datetime) -> Report:
    """Examine what Home Assistant said about the 24 hours before ``now`` (UTC)."""
    start = now - WINDOW
    entities = [Entity(answer, start, now) for answer in answers]
    readable = {
        entity.role.key: entity
        for entity in entities
        if not entity.points.drop_nulls().is_empty() and checks.has_unit(entity)
    }
    flows = Flows.of(readable, settings)
    fixes = signs.fixes(flows, settings)
    directed = _directed(flows, settings, fixes)
    midnight = local_midnight(local_day(now, settings.zone), settings.zone)
    reports = tuple(
        _report(entity, [*_findings(entity, flows, settings, midnight), *directed.get(key, [])])
        if (key := entity.role.key) in readable
        else _report(entity, _unread(entity))
        for entity in entities
    )
    marked = any(report.verdict is Verdict.RED for report in reports) and not any(
        finding.check == "sign" and finding.verdict is Verdict.RED
        for report in reports
        for finding in report.findings
    )
    return Report(
        start,
        now,
        Connection.OK,
        "",
        reports,
        (
            home_balance.balance(flows, fixes, marked=marked),
            *battery_balance.balance(flows, settings.battery),
        ),
    )


def _directed(
    flows: Flows, settings: Settings, fixes: Mapping[str, str]
) -> dict[str, list[Finding]]:
    """Return the findings on direction, at the entity that holds it."""
    battery = signs.battery(flows, settings.battery, fixes["battery"])
    grid = signs.grid(flows, fixes["grid"])
    at = ((flows.used.get("charge_kwh"), battery), (flows.used.get("import_kwh"), grid))
    return {key: [finding] for key, finding in at if key and finding}


def _findings(
    entity: Entity, flows: Flows, settings: Settings, midnight: datetime
) -> Iterator[Finding]:
    """Run every check that one entity's own past allows."""
    yield from _state(entity)
    yield checks.unit(entity)
    yield from checks.statistics(entity)
    yield from checks.sign(entity)
    yield from scale.level(entity)
    yield from scale.power(entity)
    yield from checks.temperature(entity)
    yield from standstill.standstill(entity, flows, settings.battery)
    yield from standstill.silence(entity)
    yield from checks.history(entity)
    yield checks.gaps(entity)
    yield from checks.resets(entity)
    yield from daily.midnight_reset(entity, midnight=midnight)


def _state(entity: Entity) -> Iterator[Finding]:
    answer = entity.answer
    if answer.state is State.READ:
        return
    fix = _STATE_FIXES[answer.state].format(setting=entity.role.setting)
    yield Finding("state", Verdict.RED, answer.problem, fix=fix)


def _unread(entity: Entity) -> Iterator[Finding]:
    """Say why an entity cannot be examined: its state, its unit, or its empty past."""
    yield from _state(entity)
    if entity.answer.state in {State.MISSING, State.NOT_ASKED}:
        return
    yield checks.unit(entity)
    if entity.answer.state is State.READ and entity.points.drop_nulls().is_empty():
        yield checks.gaps(entity)


def _report(entity: Entity, findings: Iterable[Finding]) -> EntityReport:
    answer = entity.answer
    return EntityReport(
        name=entity.role.name,
        setting=entity.role.setting,
        entity_id=answer.mapped.entity_id,
        state=answer.state,
        reading=f"{answer.text} {answer.unit}".strip(),
        read_at=answer.at,
        findings=tuple(findings),
    )
