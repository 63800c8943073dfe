"""The messages above the page: what is wrong, since when, and what happens meanwhile."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.alerts.conditions import Severity
from app.core.provenance import Quality
from app.service.safe_default import WHAT_IT_MEANS
from app.service.schemas.plan import ScheduleOut, StatusOut
from app.wording import i18n, words
from app.wording.i18n import _
from app.wording.told import told


@dataclass(frozen=True, slots=True)
class Banner:
    """A message above the page: its kind (sample, warn, error), title, sentence, perhaps a link."""

    kind: str
    title: str
    text: str
    href: str = ""
    link: str = ""


def banners(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> tuple[Banner, ...]:
    """Return every message that applies: errors, what is not real, what is limited."""
    found = [
        _safe(status, zone),
        _database(plan, status, zone),
        _planning(plan, status, zone),
        _sample(status),
        _demo_ended(status),
        _stale(plan, status, zone),
        _limits(status),
        *_alerts(status, zone),
        _open(status),
    ]
    return tuple(banner for banner in found if banner)


def _safe(status: StatusOut, zone: ZoneInfo) -> Banner | None:
    """Say that no plan is followed; before the first plan nothing is wrong yet."""
    if not status.safe_default or status.safe_default_reason == "no_plan":
        return None
    since = next(
        (each.since for each in status.alerts if each.code == status.safe_default_reason), None
    )
    title = _("Safe default in force")
    if since:
        title = _("Safe default in force since {time}", time=words.when(since, status.now, zone))
    why = words.sentence(status.safe_default_text)
    return Banner("error", title, f"{why} {_(WHAT_IT_MEANS)}")


def _alerts(status: StatusOut, zone: ZoneInfo) -> list[Banner]:
    """Return the alerts that no other message tells: the lasting, quiet ones."""
    return [
        Banner(
            "warn",
            _(
                "{title} since {time}",
                title=told(each.title),
                time=words.when(each.since, status.now, zone),
            ),
            words.sentence(each.message),
        )
        for each in status.alerts
        if each.severity == Severity.WARNING and each.code != status.safe_default_reason
    ]


def _meanwhile(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> str:
    if plan is None:
        return _("There is no plan yet, so nothing is steered.")
    if status.current is None:
        return _("The battery only serves the home meanwhile.")
    made = words.when(plan.meta.planned_at, status.now, zone)
    return _("The plan made at {time} stays in force.", time=made)


def _database(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    if status.database_ok:
        return None
    said = status.database_error.removeprefix("the database failed: ")
    fault = words.sentence(said)
    if i18n.language() != i18n.SOURCE and told(said) == said:
        # The words of a server, in the middle of a sentence in another language, help nobody.
        fault = _("It does not do as asked; the log has its words.")
    what = f"{status.database}: {fault}"
    if status.database_down_since:
        since = words.when(status.database_down_since, status.now, zone)
        what = _(
            "{database}, since {time}: {fault}", database=status.database, time=since, fault=fault
        )
    again = _("Darkstar tries again every few seconds.")
    text = f"{what} {_meanwhile(plan, status, zone)} {again}"
    return Banner("error", _("Database away"), text)


def _planning(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    job = status.job
    # A run that failed for the database is told with the database.
    if not job.last_error or not status.database_ok:
        return None
    title = _("Planning failed")
    if job.last_finished_at:
        at = words.when(job.last_finished_at, status.now, zone)
        title = _("Planning failed at {time}", time=at)
    sentences = [words.sentence(job.last_error), _meanwhile(plan, status, zone)]
    if job.next_run_at:
        due = words.coming(job.next_run_at, status.now, zone)
        sentences.append(_("Next try {due}.", due=due))
    return Banner("error", title, " ".join(sentences))


def _stale(plan: ScheduleOut | None, status: StatusOut, zone: ZoneInfo) -> Banner | None:
    if plan is None or status.state != "stale":
        return None
    age = words.ago(status.now - plan.meta.planned_at)
    again = _("No run is scheduled; press Run planner.")
    if status.job.next_run_at:
        due = words.coming(status.job.next_run_at, status.now, zone)
        again = _("The next run is due {due}.", due=due)
    return Banner("warn", _("The plan is old"), f"{_('It was made {ago}.', ago=age)} {again}")


def _limits(status: StatusOut) -> Banner | None:
    if not status.warnings:
        return None
    text = " ".join(words.sentence(warning) for warning in status.warnings)
    return Banner("warn", _("Plan with limits"), text)


def _open(status: StatusOut) -> Banner | None:
    if status.access != "off":
        return None
    text = _(
        "Anyone who reaches this page may change the plan. Set {setting} to token to end that.",
        setting="access.mode",
    )
    return Banner("warn", _("Access is off"), text)


def _demo_ended(status: StatusOut) -> Banner | None:
    if not status.demo_ended_by:
        return None
    text = _(
        "{setting} is a sensor of a real home, so no sample data stands in any more. What the "
        "settings still describe of the demo home (place, battery, panels, heater) must be yours; "
        "then set {demo} to false, and this message goes.",
        setting=status.demo_ended_by,
        demo="demo_home",
    )
    return Banner("warn", _("The demo home has ended"), text, "/setup", _("Describe your home"))


def _sample(status: StatusOut) -> Banner | None:
    sample = [words.name(each.name) for each in status.inputs if each.quality == Quality.SAMPLE]
    live = [words.name(each.name) for each in status.inputs if each.quality == Quality.LIVE]
    if not sample:
        return None
    stands_in = _("Recorded sample data stands in for {inputs}.", inputs=words.listed(sample))
    real = _("Nothing live could be reached.")
    if live:
        real = _("Live: {inputs}.", inputs=words.listed(live))
    text = f"{stands_in} {real}"
    return Banner("sample", _("Sample data"), text, "/setup", _("Connect your home"))
