"""Which plan the chart shows: the one on the server, or the one in this service's own file.

Controllers follow the plan in the database. The local one is what this process wrote last to
``schedule.json``: it is older where another service plans for the home, and all there is to see
where the database lost its own.
"""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.plans import schedule_file as export
from app.service.schemas.plan import PlanStamp, ScheduleOut, StatusOut
from app.settings import Settings
from app.wording import words
from app.wording.i18n import _, marked


@dataclass(frozen=True, slots=True)
class Local:
    """The local plan, or in a sentence why there is none."""

    plan: ScheduleOut | None
    fault: str = ""


def local_plan(settings: Settings) -> Local:
    """Read the exported file; what it does not hold is said."""
    path = Path(settings.data_dir) / export.FILE_NAME
    if not settings.automation.write_schedule_json:
        off = _("There is no local plan: automation.write_schedule_json is off.")
        return Local(None, off)
    try:
        return Local(ScheduleOut.model_validate_json(path.read_bytes()))
    except FileNotFoundError:
        return Local(None, _("There is no local plan: this service has not made one yet."))
    except OSError as error:
        text = _("The local plan cannot be read: {reason}.", reason=str(error.strerror))
    except ValidationError:
        text = _("The local plan cannot be read: {file} is damaged.", file=str(path))
    return Local(None, text)


def server_shown(status: StatusOut) -> str:
    """Say which plan the page shows: the database's, or the one this process holds."""
    zone = ZoneInfo(status.timezone)
    for stamp, text in (
        (status.server_plan, marked("The server plan of {time} is shown, run {run}.")),
        (
            status.local_plan,
            marked("The database is away: the local plan of {time} is shown, run {run}."),
        ),
    ):
        if stamp:
            return _(text, **_names(stamp, status, zone))
    return _("There is no plan yet, neither on the server nor here.")


def local_shown(local: Local, status: StatusOut) -> str:
    """Say which local plan is shown and how it stands to the server's; or why there is none."""
    if local.plan is None:
        return local.fault
    zone, meta = ZoneInfo(status.timezone), local.plan.meta
    shown = _(
        "The local plan of {time} is shown, run {run}.",
        time=words.when(meta.planned_at, status.now, zone),
        run=meta.plan_run_id,
    )
    server = status.server_plan
    if server is None:
        return f"{shown} {_('There is no plan on the server.')}"
    if server.plan_run_id == meta.plan_run_id:
        return f"{shown} {_('The server has the same.')}"
    other = _("The server has that of {time}, run {run}.", **_names(server, status, zone))
    return f"{shown} {other}"


def _names(stamp: PlanStamp, status: StatusOut, zone: ZoneInfo) -> dict[str, object]:
    return {"time": words.when(stamp.planned_at, status.now, zone), "run": stamp.plan_run_id}
