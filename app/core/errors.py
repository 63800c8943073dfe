"""One error tree: everything Darkstar refuses on purpose is a ``DarkstarError``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self


class DarkstarError(Exception):
    """Base of every deliberate error; carries the HTTP status and a stable code."""

    status = 500
    code = "internal_error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting: where it stands, its value (secrets masked, None if not shown), why."""

    field: str
    value: str | None
    reason: str

    def __str__(self) -> str:
        """Return ``field = value: reason``, as people read it."""
        shown = "" if self.value is None else f" = {self.value}"
        return f"{self.field or 'settings'}{shown}: {self.reason}"


class SettingsError(DarkstarError):
    """The configuration is wrong; the message names the field, the value and the fix."""

    code = "settings_invalid"
    problems: tuple[Problem, ...] = ()

    @classmethod
    def listing(cls, problems: tuple[Problem, ...]) -> Self:
        """Return an error that says every problem on a line of its own."""
        error = cls("settings refused:\n  " + "\n  ".join(map(str, problems)))
        error.problems = problems
        return error


class FrameError(DarkstarError):
    """A frame breaks its declared columns; a bug, never the user's fault."""

    code = "frame_contract_broken"


class InputError(DarkstarError):
    """Planner input is unusable: a gap, a non-finite number, a conflicting duplicate."""

    status = 422
    code = "input_invalid"


class UpstreamError(DarkstarError):
    """An outside service did not answer, or answered something unusable."""

    status = 502
    code = "upstream_failed"


class NotPublishedYetError(UpstreamError):
    """The data is not out yet: a state to wait in, not a failure."""

    code = "not_published_yet"


class UpstreamAuthError(UpstreamError):
    """The outside service refused our credentials; retrying will not help."""

    code = "upstream_auth_failed"


class PlanInvalidError(DarkstarError):
    """The independent checker refused a plan; the last good plan stays in force."""

    code = "plan_invalid"


class PlanHeldError(DarkstarError):
    """No plan can be made from what is known now; the last good plan stays in force."""

    status = 503
    code = "plan_held"


class PlannerFailedError(DarkstarError):
    """The planner gave no answer: too slow, too large, crashed, or it was no answer at all."""

    status = 503
    code = "planner_failed"


class PlannerUnavailableError(PlannerFailedError):
    """The planner's process cannot be started: nothing is planned until it can."""

    code = "planner_unavailable"


class PlannerBusyError(DarkstarError):
    """The planner has more questions to answer than it can."""

    status = 503
    code = "planner_busy"


class NoPlanYetError(DarkstarError):
    """Nothing has been published yet."""

    status = 404
    code = "no_plan_yet"


class DatabaseUnavailableError(DarkstarError):
    """The database does not answer; the service keeps running and keeps trying."""

    status = 503
    code = "database_unavailable"


class TablesMissingError(DatabaseUnavailableError):
    """The database answers but its tables are gone: it was made anew behind us."""

    code = "tables_missing"


class AnswerTooSlowError(DarkstarError):
    """Something a reply needs takes longer than anyone should wait for a reply."""

    status = 504
    code = "answer_too_slow"


class RunInProgressError(DarkstarError):
    """Another planning run, here or in another process, holds the lock."""

    status = 409
    code = "run_in_progress"


class StandByError(RunInProgressError):
    """Another process keeps the plan fresh; this one looks again at ``until``."""

    code = "standing_by"

    def __init__(self, message: str, *, until: datetime) -> None:
        """Keep the instant at which the other's plan is overdue."""
        super().__init__(message)
        self.until = until
