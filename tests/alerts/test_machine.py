"""Alerts by the clock: pending, raised, reminded, recovered; and what quiet hours hold back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.alerts import machine
from app.alerts.conditions import Code, Seen
from app.alerts.machine import Event
from app.db.alerts import Alert
from app.settings.alerts import Alerts

ZONE = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(
    code: Code = Code.DEGRADED_INPUTS, *, active: bool | None = True, hold: timedelta = MINUTE
) -> Seen:
    return Seen(code, active, hold, "something is wrong")


def raised_row(severity: str = "warning", **columns: object) -> Alert:
    given = {"since": NOON, "raised_at": NOON, "deliveries": {}, "open_code": "idle_plan"}
    return Alert(code="idle_plan", message="m", severity=severity, **{**given, **columns})


def told(row: Alert, event: Event, *, at: datetime, error: str = "", final: bool = False) -> None:
    kept = machine.after(row, "ntfy", event, error=error, is_final=final, now=at)
    row.deliveries = {**row.deliveries, "ntfy": kept.as_data()}


def owed(row: Alert, at: datetime, settings: Alerts | None = None) -> Event | None:
    return machine.owed(row, "ntfy", settings or Alerts(), now=at)


def test_a_condition_is_raised_once_it_has_lasted_and_over_when_it_is_gone() -> None:
    first = machine.step([], [seen()], now=NOON)
    (row,) = first.stored
    assert (row.raised_at, first.news) == (None, [])
    assert machine.step([row], [seen()], now=NOON + MINUTE / 2).news == []
    assert machine.step([row], [seen()], now=NOON + MINUTE).news == [row]
    assert machine.raised([row]) == [row]
    assert machine.step([row], [seen()], now=NOON + 2 * MINUTE).stored == []
    over = machine.step([row], [seen(active=False)], now=NOON + 3 * MINUTE)
    assert over.news == [row]
    assert (row.recovered_at, row.open_code) == (NOON + 3 * MINUTE, None)
    assert machine.step([row], [seen(active=False)], now=NOON + 4 * MINUTE).news == []


def test_what_was_not_raised_is_forgotten() -> None:
    (row,) = machine.step([], [seen()], now=NOON).stored
    changes = machine.step([row], [seen(active=False)], now=NOON + MINUTE)
    assert (changes.dropped, changes.news) == ([row], [])


def test_what_cannot_be_judged_stays_as_it_is() -> None:
    (row,) = machine.step([], [seen()], now=NOON).stored
    changes = machine.step([row], [seen(active=None)], now=NOON + 9 * MINUTE)
    assert (changes.stored, changes.dropped) == ([], [])
    assert machine.step([], [seen(active=None)], now=NOON).stored == []


def test_one_cause_is_said_once() -> None:
    both = [seen(Code.PLAN_EXPIRED), seen(Code.PLANNER_FAILING, hold=2 * MINUTE)]
    rows = machine.step([], both, now=NOON).stored
    for minutes in range(1, 5):
        machine.step(rows, both, now=NOON + minutes * MINUTE)
    assert [row.code for row in machine.raised(rows)] == [Code.PLAN_EXPIRED]


def test_a_raised_alert_is_owed_once_then_a_reminder_a_day() -> None:
    row = raised_row()
    assert owed(row, NOON) == Event.RAISED
    told(row, Event.RAISED, at=NOON)
    assert owed(row, NOON + timedelta(hours=23, minutes=59)) is None
    later = NOON + timedelta(hours=24)
    assert owed(row, later) == Event.REMINDED
    told(row, Event.REMINDED, at=later)
    assert owed(row, later + timedelta(hours=23)) is None


def test_the_end_is_owed_once_and_only_to_who_heard_the_beginning() -> None:
    heard, unheard = raised_row(), raised_row()
    told(heard, Event.RAISED, at=NOON)
    for row in (heard, unheard):
        row.recovered_at = NOON + MINUTE
    assert owed(heard, NOON + MINUTE) == Event.RECOVERED
    told(heard, Event.RECOVERED, at=NOON + MINUTE)
    assert owed(heard, NOON + timedelta(days=3)) is None
    assert owed(unheard, NOON + MINUTE) is None
    failed = raised_row()
    told(failed, Event.RAISED, at=NOON, error="ntfy failed (HTTP 500)")
    failed.recovered_at = NOON + MINUTE
    assert owed(failed, NOON + timedelta(hours=1)) is None


def test_a_message_that_fails_is_tried_ever_more_rarely_and_then_given_up() -> None:
    row, at, waits = raised_row(), NOON, []
    for _ in range(machine.MAX_TRIES):
        assert owed(row, at) == Event.RAISED
        told(row, Event.RAISED, at=at, error="ntfy timed out")
        began = at
        while owed(row, at) is None and at - began < timedelta(hours=20):
            at += MINUTE
        waits.append((at - began) // MINUTE)
    assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert waits[7] == 20 * 60, "given up"
    refused = raised_row()
    told(refused, Event.RAISED, at=NOON, error="ntfy refused the message", final=True)
    assert owed(refused, NOON + timedelta(hours=20)) is None


def test_the_end_goes_out_even_where_the_last_reminder_failed() -> None:
    row = raised_row()
    told(row, Event.RAISED, at=NOON)
    told(row, Event.REMINDED, at=NOON + timedelta(days=1), error="ntfy timed out")
    row.recovered_at = NOON + timedelta(days=1, minutes=1)
    assert owed(row, row.recovered_at) == Event.RECOVERED


@pytest.mark.parametrize(
    ("start", "end", "local", "quiet"),
    [
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        (None, None, "03:00", False),
    ],
)
def test_quiet_hours_are_local(start: str | None, end: str | None, local: str, quiet: bool) -> None:  # noqa: FBT001
    settings = Alerts(
        quiet_from=start and time.fromisoformat(start), quiet_until=end and time.fromisoformat(end)
    )
    hour = time.fromisoformat(local)
    for day in (datetime(2026, 7, 1, tzinfo=ZONE), datetime(2026, 12, 1, tzinfo=ZONE)):
        now = day.replace(hour=hour.hour, minute=hour.minute).astimezone(UTC)
        assert machine.is_quiet(settings, ZONE, now=now) is quiet
        assert machine.may_pass(raised_row(), settings, ZONE, now=now) is not quiet
        assert machine.may_pass(raised_row("critical"), settings, ZONE, now=now)
